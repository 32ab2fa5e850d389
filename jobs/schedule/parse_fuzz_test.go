package schedule

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/schemas/calendar"
)

// FuzzParse holds that no text brings the parser down, that a refusal quotes
// the text, and that what is accepted comes, and prints as a line with the
// same slots.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"30 7 * * 1-5", "TZ=Asia/Tokyo */15 9-17/2 1,15 jan-mar MON on sessions", "CRON_TZ=UTC @weekly", "0 0 30 2 *",
		"@every 1h", "@reboot", "0 0 29 2 * on h41_days", "TZ=", "? ? ? ? ?", "*-5 * * * *", "0 7 * * 0 on sessions", "59 23 31 12 6 on half_days",
	} {
		f.Add(text)
	}
	after := at(f, "2025-03-01")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(calendar.US(), calendar.NewYork(), text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "schedule \"") {
				t.Errorf("the error does not quote the line: %v", err)
			}
			return
		}
		again, err := Parse(calendar.US(), calendar.NewYork(), s.String())
		if err != nil {
			t.Fatalf("%q prints as what is refused: %v", text, err)
		}
		if again.String() != s.String() {
			t.Errorf("%q prints as %q, and that as %q", text, s, again)
		}
		got, want := firstSlots(again, after), firstSlots(s, after)
		if len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%q has the slots %v, printed and parsed %v", text, want, got)
		}
		if !slices.IsSortedFunc(want, time.Time.Compare) || len(slices.Compact(want)) != len(got) {
			t.Errorf("%q has slots out of order: %v", text, want)
		}
	})
}

func firstSlots(s Schedule, after time.Time) []time.Time {
	var out []time.Time
	for slot := range s.Between(after, after.AddDate(reach, 0, 0)) {
		if out = append(out, slot); len(out) == 20 {
			break
		}
	}
	return out
}
