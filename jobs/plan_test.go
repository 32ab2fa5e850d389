package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

var (
	monday = time.Date(2025, time.September, 8, 14, 0, 0, 0, time.UTC)
	year   = schemas.CutYear.Window("IVV", schemas.NewDate(2025, time.March, 3))
)

func fetchJob() *Job {
	return &Job{
		Name: "ishares:IVV", Dataset: schemas.Holdings.Dataset, Part: "IVV", Method: "1",
		Schedule: mustSchedule("30 7 * * 1-5"), Lag: 240 * time.Hour,
	}
}

func factsJob() *Job {
	return &Job{
		Name: "concentration:SPX", Dataset: schemas.Concentration.Dataset, Part: "SPX", Method: "m1",
		Needs: func(w schemas.Window) []Need {
			return []Need{
				{Dataset: schemas.Holdings.Dataset, Part: "IVV", From: w.From.AddDays(-31), To: w.To, Required: true},
				{Dataset: schemas.Renames.Dataset, Part: "names", From: schemas.MinDate, To: schemas.MaxDate},
			}
		},
	}
}

func stateWith(builds ...schemas.Built) State {
	s := NewState()
	for _, b := range builds {
		s.SetBuilt(b)
	}
	return s
}

func TestDecideFetchedWindow(t *testing.T) {
	built := func(at time.Time, method string) State {
		return stateWith(schemas.Built{Dataset: schemas.Holdings.String(), Window: year, Rows: 5, Method: method, BuiltAt: at})
	}
	lastYear := schemas.CutYear.Window("IVV", schemas.NewDate(2024, time.March, 3))
	closed := stateWith(schemas.Built{Dataset: schemas.Holdings.String(), Window: lastYear, Rows: 5, Method: "1", BuiltAt: monday.AddDate(0, -6, 0)})
	tests := []struct {
		name    string
		window  schemas.Window
		state   State
		refresh bool
		stale   bool
		reason  string
	}{
		{"never built", year, stateWith(), false, true, "never built"},
		{"built after this morning's slot", year, built(monday.Add(-time.Hour), "1"), false, false, "up to date"},
		{"a slot has passed since", year, built(monday.Add(-72*time.Hour), "1"), false, true, "was due at 2025-09-08 07:30 EDT"},
		{"the same, but asked to refresh", year, built(monday.Add(-time.Hour), "1"), true, true, "asked to refresh"},
		{"method raised", year, built(monday.Add(-time.Hour), "0"), false, true, "method changed from 0 to 1"},
		{"closed window, however old", lastYear, closed, false, false, "up to date"},
		{"closed window is not refreshed either", lastYear, closed, true, false, "up to date"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Decide(fetchJob(), tt.window, tt.state, monday, Request{Refresh: tt.refresh})
			if (d.Verdict == Build) != tt.stale || !strings.Contains(d.Reason, tt.reason) {
				t.Errorf("got %s (%s), want stale %v (%s)", d.Verdict, d.Reason, tt.stale, tt.reason)
			}
		})
	}
}

func TestDecideBuiltWindow(t *testing.T) {
	j := factsJob()
	w := schemas.CutYear.Window("SPX", schemas.NewDate(2025, time.March, 3))
	held := Decide(j, w, stateWith(), monday, Request{})
	if held.Missing != "raw.holding IVV" || held.Verdict != HeldBack {
		t.Fatalf("without holdings: got %+v, want it held for raw.holding IVV", held)
	}

	input := schemas.Built{Dataset: schemas.Holdings.String(), Window: year, Rows: 5, Content: "aa"}
	first := Decide(j, w, stateWith(input), monday, Request{})
	if first.Verdict != Build || len(first.Uses) != 1 {
		t.Fatalf("first time: got %+v, want it stale with one input", first)
	}
	out := schemas.Built{Dataset: schemas.Concentration.String(), Window: w, Rows: 3, Inputs: first.Inputs, Method: "m1"}
	if d := Decide(j, w, stateWith(input, out), monday.AddDate(1, 0, 0), Request{Refresh: true}); d.Verdict != UpToDate {
		t.Errorf("same inputs: stale because %q, want up to date however late it is", d.Reason)
	}
	input.Content = "bb"
	if d := Decide(j, w, stateWith(input, out), monday, Request{}); d.Verdict != Build || d.Reason != "an input changed" {
		t.Errorf("changed input: got %s (%s), want stale", d.Verdict, d.Reason)
	}
	input.Content = "aa"
	input.BuiltAt = monday // found up to date again, same content
	if d := Decide(j, w, stateWith(input, out), monday, Request{}); d.Verdict != UpToDate {
		t.Errorf("input rebuilt with the same content: stale because %q, want the chain cut off", d.Reason)
	}
	optional := schemas.Built{Dataset: schemas.Renames.String(), Window: schemas.CutWhole.Window("names", 0), Rows: 1, Content: "cc"}
	if d := Decide(j, w, stateWith(input, out, optional), monday, Request{}); d.Verdict != Build {
		t.Error("an optional input that appeared must make the window stale")
	}
	other := schemas.Built{Dataset: schemas.Holdings.String(), Window: schemas.CutYear.Window("SPY", w.From), Rows: 1, Content: "dd"}
	if d := Decide(j, w, stateWith(input, out, other), monday, Request{}); d.Verdict != UpToDate {
		t.Errorf("a window that is not needed appeared: stale because %q", d.Reason)
	}
}

// A year of filings that has ended is read once a week, the current one at each
// slot.
func TestDecideCalmWindow(t *testing.T) {
	j := fetchJob()
	j.Lag, j.Calm = lagActions, calmFilings
	lastYear := schemas.CutYear.Window("IVV", schemas.NewDate(2024, time.March, 3))
	for _, tt := range []struct {
		name   string
		window schemas.Window
		ago    time.Duration
		stale  bool
	}{
		{"this year, built on Friday", year, 72 * time.Hour, true},
		{"last year, built on Friday", lastYear, 72 * time.Hour, false},
		{"last year, built on Tuesday", lastYear, 6 * 24 * time.Hour, false},
		{"last year, built a week ago", lastYear, 7 * 24 * time.Hour, true},
		{"last year, built before it had ended", lastYear, 300 * 24 * time.Hour, true},
	} {
		state := stateWith(schemas.Built{Dataset: schemas.Holdings.String(), Window: tt.window, Rows: 5, Method: "1", BuiltAt: monday.Add(-tt.ago)})
		if d := Decide(j, tt.window, state, monday, Request{}); (d.Verdict == Build) != tt.stale {
			t.Errorf("%s: got %s (%s), want stale %v", tt.name, d.Verdict, d.Reason, tt.stale)
		}
	}
	state := stateWith(schemas.Built{Dataset: schemas.Holdings.String(), Window: lastYear, Rows: 5, Method: "1", BuiltAt: monday.Add(-time.Hour)})
	if d := Decide(j, lastYear, state, monday, Request{Refresh: true}); d.Verdict != Build {
		t.Errorf("asked to refresh: got %s (%s)", d.Verdict, d.Reason)
	}
}

// Filings begin before the history, and whoever asks for the history asks for them.
func TestFilingsReachBack(t *testing.T) {
	from := schemas.NewDate(2023, time.January, 1)
	c, err := NewCatalog(testConfig(from), calendar.US())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.scope(Request{From: from})
	if err != nil {
		t.Fatal(err)
	}
	today := schemas.NewDate(2025, time.September, 8)
	first := map[string]int{}
	for _, j := range s.jobs {
		if windows := s.windows(j, today); j.Dataset.Cut == schemas.CutYear && len(windows) > 0 {
			first[j.Name] = windows[0].From.Year()
			if all := j.Windows(today); len(windows) != len(all) {
				t.Errorf("%s: %d of %d windows", j.Name, len(windows), len(all))
			}
		}
	}
	for name, want := range map[string]int{"files:earnings": 2021, "files:shares": 2021, "files:vendor": 2023, "files:actions": 2023, "valuation:SPX_MEMBERS": 2023} {
		if first[name] != want {
			t.Errorf("%s begins in %d, want %d", name, first[name], want)
		}
	}
}

func TestOutcomeOf(t *testing.T) {
	tests := []struct {
		err  error
		want Outcome
	}{
		{nil, OK},
		{fmt.Errorf("ishares: %w", extract.ErrNoData), NoData},
		{fmt.Errorf("h41: %w", &extract.NotYetError{Publisher: "h41"}), NotYet},
		{fmt.Errorf("read: %w", context.Canceled), Stopped},
		{context.DeadlineExceeded, Failed},
		{&extract.ContractError{Publisher: "fred"}, Failed},
		{errors.New("anything"), Failed},
	}
	for _, tt := range tests {
		if got := OutcomeOf(tt.err); got != tt.want {
			t.Errorf("OutcomeOf(%v) = %s, want %s", tt.err, got, tt.want)
		}
	}
}

// What the universes of a pair share is asked for once, and required where one
// of them requires it.
func TestDistinctNeeds(t *testing.T) {
	bars := func(part string, required bool) Need {
		return Need{Dataset: schemas.Bars.Dataset, Part: part, From: 1, To: 9, Required: required}
	}
	other := bars("b", false)
	other.To = 8
	got := distinct([]Need{bars("a", false), bars("b", false)}, []Need{other, bars("a", true), whole(schemas.Actions.Dataset, "a", false)})
	var names []string
	for _, n := range got {
		names = append(names, fmt.Sprint(n.Dataset, n.Part, n.From, n.To, n.Required))
	}
	want := []string{}
	for _, n := range []Need{bars("a", true), bars("b", false), other, whole(schemas.Actions.Dataset, "a", false)} {
		want = append(want, fmt.Sprint(n.Dataset, n.Part, n.From, n.To, n.Required))
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}
