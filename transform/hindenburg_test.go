package transform

import (
	"testing"

	"pgregory.net/rapid"

	"tidemark/schemas"
)

// Each condition alone keeps the omen away, and a value on a threshold is not
// above it.
func TestHindenburgConditions(t *testing.T) {
	t.Parallel()
	omen := hindenburgDay{traded: 3000, highs: 90, lows: 85, oscillator: -10, rising: true}
	for _, x := range []struct {
		what     string
		change   func(*hindenburgDay)
		k22, k28 bool
	}{
		{"all of them", func(*hindenburgDay) {}, true, true},
		{"highs on 2.8 %", func(d *hindenburgDay) { d.highs = 84 }, true, false},
		{"highs on 2.2 %", func(d *hindenburgDay) { d.highs = 66 }, false, false},
		{"one more high", func(d *hindenburgDay) { d.highs = 67 }, true, false},
		{"lows on 2.2 %", func(d *hindenburgDay) { d.lows = 66 }, false, false},
		{"highs twice the lows", func(d *hindenburgDay) { d.highs = 170 }, true, true},
		{"highs more than twice the lows", func(d *hindenburgDay) { d.highs = 171 }, false, false},
		{"the oscillator at 0", func(d *hindenburgDay) { d.oscillator = 0 }, false, false},
		{"a falling index", func(d *hindenburgDay) { d.rising = false }, false, false},
	} {
		d := omen
		x.change(&d)
		if k22, k28 := d.omen(hindenburgShares[0]), d.omen(hindenburgShares[1]); k22 != x.k22 || k28 != x.k28 {
			t.Errorf("%s: %v and %v, want %v and %v", x.what, k22, k28, x.k22, x.k28)
		}
	}
}

// An average of 50 sessions rises exactly where the level is above that of 50
// sessions before.
func TestHindenburgTrendIsThatOfTheAverage(t *testing.T) {
	t.Parallel()
	sessions := newDailyFacts(t, 60).sessions
	rapid.Check(t, func(t *rapid.T) {
		l := level{days: sessions}
		for range sessions {
			l.value = append(l.value, float64(rapid.IntRange(1, 20).Draw(t, "level")))
		}
		for n := hindenburgTrend + 1; n <= len(sessions); n++ {
			now, before := 0.0, 0.0 // whole numbers: exact
			for k := range hindenburgTrend {
				now, before = now+l.value[n-1-k], before+l.value[n-2-k]
			}
			if up, ok := rising(&l, sessions[:n]); !ok || up != (now > before) {
				t.Fatalf("session %d: %v %v, the averages are %v and %v", n, up, ok, now/50, before/50)
			}
		}
	})
}

func TestHindenburgFacts(t *testing.T) {
	t.Parallel()
	d := newDailyFacts(t, 200)
	d.in.Universe.Level = "index:NYA"
	for i := range d.sessions {
		adv, dec := 1600.0, 1400.0
		if i >= 150 {
			adv, dec = 1400, 1600
		}
		d.counts(i, adv, dec, 100)
		d.set("new_high_close", i, 100)
		d.set("new_low_close", i, 75)
		if i != 195 {
			d.in.Levels = append(d.in.Levels, schemas.Observation{Source: "index:NYA", Date: d.sessions[i], Value: schemas.Some(1000 + float64(i))})
		}
	}
	got := d.facts()
	got.wantNone("hindenburg_k22", d.sessions[49], schemas.InsufficientHistory)
	if f := got.fact("hindenburg_k22", d.sessions[60]); f.Status != schemas.StatusWarmup {
		t.Errorf("while the oscillator warms up: %+v", f)
	}
	got.want("hindenburg_k22", d.sessions[149], 0, 0)
	first := -1
	for i := 150; i < 195 && first < 0; i++ {
		if got.fact("hindenburg_k22", d.sessions[i]).Value.V == 1 {
			first = i
		}
	}
	if first < 0 {
		t.Fatal("no omen")
	}
	if f := got.fact("hindenburg_k22", d.sessions[first]); f.Detail != "" {
		t.Errorf("the first omen: %+v", f)
	}
	if f := got.fact("hindenburg_k22", d.sessions[first+1]); f.Value.V != 1 || f.Detail != "confirms="+d.sessions[first].String() {
		t.Errorf("the second omen: %+v", f)
	}
	got.want("hindenburg_k28", d.sessions[first], 0, 0) // 75 of 3100 is 2.4 %
	got.wantNone("hindenburg_k22", d.sessions[195], schemas.NotPublished)
	got.want("hindenburg_k22", d.sessions[196], 1, 0)
}
