package schemas

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWindowNames(t *testing.T) {
	tests := map[string]Window{
		"IVV 2025":                   CutYear.Window("IVV", NewDate(2025, time.July, 4)),
		"IVV 2025-12":                CutMonth.Window("IVV", NewDate(2025, time.December, 31)),
		"IVV all":                    CutWhole.Window("IVV", NewDate(2025, time.July, 4)),
		"IVV 2025-03-03..2025-03-07": {"IVV", NewDate(2025, time.March, 3), NewDate(2025, time.March, 8)},
	}
	for want, w := range tests {
		if got := w.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestCutTilesTime holds that the windows of a cut meet without a gap or an
// overlap, and that each day's window is the one that contains it.
func TestCutTilesTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.SampledFrom([]Cut{CutWhole, CutYear, CutMonth}).Draw(t, "cut")
		from := Date(rapid.IntRange(int(MinDate), int(MaxDate)-4000).Draw(t, "from"))
		to := from + Date(rapid.IntRange(1, 4000).Draw(t, "days"))
		windows := cut.Windows("p", from, to)
		if len(windows) == 0 || !windows[0].Contains(from) || !windows[len(windows)-1].Contains(to-1) {
			t.Fatalf("%v does not cover %s to %s", windows, from, to)
		}
		for i, w := range windows {
			if i > 0 && w.From != windows[i-1].To {
				t.Fatalf("%s does not follow %s", w, windows[i-1])
			}
			if got := cut.Window("p", w.Last()); got != w {
				t.Fatalf("the window of %s is %s, want %s", w.Last(), got, w)
			}
		}
	})
}

func TestTablesDescribeThemselves(t *testing.T) {
	for _, d := range Datasets() {
		if d.Comment == "" {
			t.Errorf("%s says nothing of itself", d)
		}
		for _, c := range d.Columns {
			if c.Comment == "" {
				t.Errorf("%s.%s says nothing of itself", d, c.Name)
			}
			if (c.Kind == KindFloat || c.Kind == KindOptFloat) && c.Unit == "" && c.Name != "multiplier" {
				t.Errorf("%s.%s is a figure without a unit", d, c.Name)
			}
		}
	}
}

func TestWindowOfRow(t *testing.T) {
	b := Bar{Publisher: "vendor", Session: NewDate(2024, time.May, 10)}
	if got := Bars.WindowOf(&b).String(); got != "vendor 2024" {
		t.Errorf("got %s", got)
	}
}
