package jobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/extract/sandbox"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// outcomes lists results as "table window check passed message", sorted.
func outcomes(results []schemas.CheckResult) []string {
	var out []string
	for _, r := range results {
		out = append(out, fmt.Sprintln(r.Dataset, r.Window, r.Check, r.Passed, r.Message))
	}
	slices.Sort(out)
	return out
}

// TestChecksOfWhatIsStored holds that the checks of the simulated market find
// no error, that checking again what is stored finds what was found when it was
// built and records nothing, and that every result is of a check of its job.
func TestChecksOfWhatIsStored(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2024, time.January, 1))
	h.mustRun(t, Request{})
	recorded, err := h.latestChecks(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	jobs := map[string]*Job{}
	for _, j := range h.Catalog.Jobs {
		jobs[j.Dataset.String()+" "+j.Part] = j
	}
	answers := 0
	for _, r := range recorded {
		j := jobs[r.Dataset+" "+r.Window.Part]
		if !slices.ContainsFunc(j.Checks, func(k CheckInfo) bool { return k.Name == r.Check }) {
			t.Errorf("%s is not a check of %s", r.Check, j.Name)
		}
		if !r.Passed && r.Severity == schemas.SeverityError {
			t.Errorf("%s %s: %s", j.Name, r.Check, r.Message)
		}
		if r.Check == contract.Name {
			answers++
		}
	}
	if answers < 20 {
		t.Errorf("%d windows say that their answers kept the contract, want all that were fetched", answers)
	}

	again, err := h.Check(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := outcomes(slices.DeleteFunc(slices.Clone(recorded), func(r schemas.CheckResult) bool { return r.Check == contract.Name }))
	if got := outcomes(again); !slices.Equal(got, want) {
		t.Errorf("checking again found\n%s\nwhere building found\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
	after, err := h.latestChecks(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(after, recorded) {
		t.Error("checking changed what is recorded")
	}
	one, err := h.Check(t.Context(), []string{"ishares:IVV"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range one {
		if r.Dataset != schemas.Holdings.String() || r.Window.Part != "IVV" || r.RunID == "" {
			t.Errorf("asked for ishares:IVV, got %+v", r)
		}
	}
	if len(one) == 0 {
		t.Error("ishares:IVV has no results")
	}
	if _, err := h.Check(t.Context(), []string{"ishares:VIV"}); err == nil || !strings.Contains(err.Error(), "ishares:VIV") {
		t.Errorf("an unknown job: got %v", err)
	}

	t.Run("an answer that breaks its contract", func(t *testing.T) {
		contractOf := func() schemas.CheckResult {
			latest, err := h.latestChecks(t.Context(), time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(latest, func(r schemas.CheckResult) bool {
				return r.Check == contract.Name && r.Dataset == schemas.Spells.String()
			})
			if i < 0 {
				t.Fatal("nothing is recorded of the contract")
			}
			return latest[i]
		}
		h.box.Inject(sandbox.Fault{Publisher: "sp500", Match: "start_end", Kind: sandbox.RenamedColumn})
		broken := *h.Runner
		broken.Client = h.client(t, t.TempDir(), false)
		h.clock.at = h.clock.at.Add(time.Minute)
		if _, err := broken.Run(t.Context(), Request{Jobs: []string{"sp500:spells"}, Force: true}); err != nil {
			t.Fatal(err)
		}
		if got := contractOf(); got.Passed || got.Severity != schemas.SeverityError || !strings.Contains(got.Message, "column") {
			t.Errorf("got %+v, want the column that is missing", got)
		}
		if n := rows(t, h.Runner, schemas.Spells.Dataset); n == 0 {
			t.Error("the old window is gone")
		}
		h.box.Clear()
		h.clock.at = h.clock.at.Add(time.Minute)
		if _, err := broken.Run(t.Context(), Request{Jobs: []string{"sp500:spells"}, Force: true}); err != nil {
			t.Fatal(err)
		}
		if got := contractOf(); !got.Passed {
			t.Errorf("got %+v after a good answer", got)
		}
	})
}

// told is a source of bars that gives what it is told.
type told struct{ bars []schemas.Bar }

func (s *told) Fetch(_ context.Context, w schemas.Window) iter.Seq2[[]schemas.Bar, error] {
	return func(yield func([]schemas.Bar, error) bool) {
		out := slices.Clone(s.bars)
		for i := range out {
			out[i].Publisher, out[i].Adjustment = w.Part, schemas.AdjustedNone
		}
		yield(out, nil)
	}
}

// TestStaleCopyKeepsTheOldWindow holds that yesterday's file under today's date
// is refused by a check of severity error, that the configuration can make it
// a warning, and that the run says why.
func TestStaleCopyKeepsTheOldWindow(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	day := schemas.NewDate(2025, time.December, 3)
	source := &told{bars(session(day, 50, 1), session(day+1, 50, 1.01))}
	build := func(severities map[string]schemas.Severity) error {
		t.Helper()
		c := &Catalog{Config: Config{History: h.config.History, Checks: severities}, Calendar: h.Catalog.Calendar}
		if err := addFetched(c, "told", "told", nil, fetched[schemas.Bar]{
			table: schemas.Bars, schedule: slotsPrices, method: "1", checks: []check[arrival[schemas.Bar]]{distance(closed, c.Calendar.IsSession)},
			source: func(context.Context, *extract.Client) (extract.Source[schemas.Bar], error) { return source, nil },
		}); err != nil {
			t.Fatal(err)
		}
		c.Jobs = c.fetchJobs
		c.link()
		r := *h.Runner
		r.Catalog = c
		h.clock.at = h.clock.at.Add(time.Minute)
		report, err := r.Run(t.Context(), Request{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		return report.Err()
	}
	if err := build(nil); err != nil {
		t.Fatal(err)
	}
	source.bars = append(source.bars, session(day+2, 50, 1.01)...)
	err := build(nil)
	if e, ok := errors.AsType[*CheckError](err); !ok || len(e.Failed) != 1 || e.Failed[0].Check != "previous_day" || !strings.Contains(err.Error(), "the old window stays") {
		t.Fatalf("got %v, want the failed check", err)
	}
	count := func() int {
		got, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Bars, clickhouse.Query{Where: "publisher = 'told'"})
		if err != nil {
			t.Fatal(err)
		}
		return len(got)
	}
	if n := count(); n != 100 {
		t.Errorf("%d rows, want the 100 of the old window", n)
	}
	if err := build(map[string]schemas.Severity{"previous_day": schemas.SeverityWarning}); err != nil {
		t.Errorf("as a warning: %v", err)
	}
	if n := count(); n != 150 {
		t.Errorf("%d rows, want 150 once the check is a warning", n)
	}
}
