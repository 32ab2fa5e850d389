package jobs

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// builtTwice counts the runs that built a window which another run had built
// already, and all runs that built one.
func builtTwice(t *testing.T, w *clickhouse.Warehouse) (twice, all int) {
	t.Helper()
	runs, err := w.FindRuns(t.Context(), clickhouse.RunFilter{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, run := range runs {
		if o := Outcome(run.Outcome); o != OK && o != Unchanged {
			continue
		}
		all++
		window := run.Dataset + " " + run.Window.String()
		if seen[window] {
			twice++
		}
		seen[window] = true
	}
	return twice, all
}

// TestTwoAtOnce holds that two processes that do the same at the same time
// share the work, do it right, and hardly anything twice.
func TestTwoAtOnce(t *testing.T) {
	from := schemas.NewDate(2025, time.January, 1)
	alone := newHouse(t, from)
	alone.mustRun(t, Request{})
	want := hashes(t, alone.Runner)

	h := newHouse(t, from)
	other := h.open(t, h.engine, false)
	var wg sync.WaitGroup
	for _, r := range []*Runner{h.Runner, other} {
		wg.Go(func() {
			report, err := r.Run(t.Context(), Request{})
			if err == nil {
				err = report.Err()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	same(t, want, hashes(t, h.Runner))
	twice, all := builtTwice(t, h.Warehouse)
	t.Logf("%d of %d windows were built twice", twice, all)
	if twice > all/10 {
		t.Errorf("%d of %d windows were built twice", twice, all)
	}
}

// TestBackfill walks a backfill through its life: planned, started, paused,
// resumed by another process, done; and what was asked for and cannot be.
func TestBackfill(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2024, time.January, 1))
	ctx := t.Context()
	spec := BackfillSpec{Jobs: []string{"files:vendor", "files:actions", "files:renames", "sp500:spells", "sp500:changes", "sp500:constituents"}, From: schemas.NewDate(2025, time.January, 1), Follow: true}

	plan, err := h.PlanBackfill(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[Verdict]int{}
	for _, w := range plan.Windows {
		verdicts[w.Verdict]++
		if w.Reason == "" || w.Dataset == schemas.Bars.String() && w.Window.From < schemas.NewDate(2025, time.January, 1) {
			t.Errorf("the plan has %+v", w)
		}
	}
	if verdicts[Build] != 6 || verdicts[Follows] == 0 {
		t.Errorf("the plan has %v, want 6 windows to build and some that follow: %+v", verdicts, plan.Windows)
	}
	if n := rows(t, h.Runner, schemas.Bars.Dataset); n != 0 {
		t.Errorf("the plan has loaded %d rows", n)
	}

	for what, bad := range map[string]BackfillSpec{
		"no first day":           {},
		"the last before it":     {From: schemas.NewDate(2025, time.May, 2), To: schemas.NewDate(2025, time.May, 1)},
		"a mode that is none":    {From: spec.From, Mode: "some"},
		"before what is kept":    {From: schemas.NewDate(2001, time.January, 1)},
		"a job that is none":     {From: spec.From, Jobs: []string{"files:vendors"}},
		"more workers than ever": {From: spec.From, Workers: 1000},
		"still to come":          {From: schemas.NewDate(2026, time.January, 1)},
	} {
		if _, err := h.StartBackfill(ctx, bad, "test", false); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}

	id, err := h.StartBackfill(ctx, spec, "test", true)
	if err != nil {
		t.Fatal(err)
	}
	var done atomic.Int32
	h.Progress = func(Result) {
		if done.Add(1) == 2 {
			if err := h.ControlBackfill(ctx, id, Pause, "test"); err != nil {
				t.Error(err)
			}
		}
	}
	// The gate holds the rest back until the pause was seen.
	gate := func(ctx context.Context) error {
		if done.Load() < 2 {
			return nil
		}
		return pause(ctx, 2*statePoll)
	}
	if _, err := h.WorkBackfill(ctx, id, gate); err != nil {
		t.Fatal(err)
	}
	h.Progress = nil
	st, err := h.BackfillStatus(ctx, id)
	if err != nil || st.State != schemas.BackfillPaused || st.Left == 0 || st.Done < 2 {
		t.Fatalf("after the pause: %+v, %v", st, err)
	}

	s := h.scheduler(t) // leaves it alone while it is paused
	if err := s.backfills(ctx); err != nil {
		t.Fatal(err)
	}
	s.wg.Wait()
	if again, err := h.BackfillStatus(ctx, id); err != nil || again.Done != st.Done {
		t.Errorf("a paused backfill went on: %+v, %v", again, err)
	}
	if err := h.ControlBackfill(ctx, id[:13], Resume, "somebody else"); err != nil {
		t.Fatal(err)
	}
	if err := s.backfills(ctx); err != nil {
		t.Fatal(err)
	}
	s.wg.Wait()
	st, err = h.BackfillStatus(ctx, id)
	if err != nil || st.State != schemas.BackfillDone || st.Failed > 0 {
		t.Fatalf("at the end: %+v, %v", st, err)
	}
	if rows(t, h.Runner, schemas.Breadth.Dataset) == 0 {
		t.Error("what follows was not built")
	}
	for _, b := range h.windowsOf(t, schemas.Breadth.String()) {
		if b.From < spec.From {
			t.Errorf("breadth of %s was built, which was not asked for", b)
		}
	}
	if err := h.ControlBackfill(ctx, id, Cancel, "test"); err == nil {
		t.Error("a backfill that is done was cancelled")
	}
	if twice, all := builtTwice(t, h.Warehouse); twice > 0 {
		t.Errorf("%d of %d windows were built twice", twice, all)
	}

	t.Run("all, resumed", func(t *testing.T) {
		spec := BackfillSpec{Jobs: []string{"files:vendor"}, From: schemas.NewDate(2024, time.January, 1), Mode: ModeAll, Order: OldestFirst}
		id, err := h.StartBackfill(ctx, spec, "test", true)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.note(ctx, schemas.Run{
			ID: "before", Job: "files:vendor", Dataset: schemas.Bars.String(), Window: schemas.CutYear.Window("vendor", spec.From),
			StartedAt: h.clock.at, FinishedAt: h.clock.at, Outcome: string(OK), Cause: causeOf(id),
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.WorkBackfill(ctx, id, nil); err != nil {
			t.Fatal(err)
		}
		runs, err := h.Warehouse.FindRuns(ctx, clickhouse.RunFilter{Cause: causeOf(id)})
		if err != nil {
			t.Fatal(err)
		}
		var built []string
		for _, run := range runs {
			built = append(built, run.Window.Span()+" "+run.Outcome)
		}
		slices.Sort(built)
		if got := strings.Join(built, ", "); got != "2024 ok, 2025 unchanged" {
			t.Errorf("built %s; want 2025 alone, since 2024 was done before", got)
		}
	})
}

func (h *house) windowsOf(t *testing.T, dataset string) []schemas.Window {
	t.Helper()
	builds, err := h.Warehouse.Builds(t.Context(), dataset)
	if err != nil {
		t.Fatal(err)
	}
	var out []schemas.Window
	for w := range builds {
		out = append(out, w)
	}
	return out
}

// TestPlanAfterRevisions holds that after a revised figure of the Fed and a
// late split the plan lists exactly the windows that they affect, and that a
// pass then builds exactly these.
func TestPlanAfterRevisions(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2024, time.January, 1))
	h.mustRun(t, Request{})
	h.clock.at = h.clock.at.Add(time.Minute)
	if err := h.box.ReviseReserves(schemas.NewDate(2025, time.November, 26), 1_500_321); err != nil {
		t.Fatal(err)
	}
	if err := h.box.ReviseSplit(memberOf(t, h, "SPX_MEMBERS"), schemas.NewDate(2025, time.December, 3), 2); err != nil {
		t.Fatal(err)
	}
	fetch := []string{"h41", "files:vendor", "files:actions"}
	if got, want := touched(h.mustRun(t, Request{Jobs: fetch, Refresh: true})), []string{"files:actions 2025", "files:vendor 2025", "h41 all"}; !slices.Equal(got, want) {
		t.Fatalf("fetched %q, want %q", got, want)
	}
	plan, err := h.Plan(t.Context(), Request{})
	if err != nil {
		t.Fatal(err)
	}
	var build, follow []string
	for _, w := range plan.Windows {
		text := w.Job + " " + w.Window.Span()
		switch w.Verdict {
		case Build:
			build = append(build, text)
		case Follows:
			follow = append(follow, text)
		default:
			t.Errorf("the plan has %+v", w)
		}
	}
	slices.Sort(build)
	slices.Sort(follow)
	t.Logf("to build: %q\nto follow: %q", build, follow)
	// The split stands in the actions of 2025, as the bars that changed do, and
	// the reserves have changed too. What is cut by year stays as it is before.
	want := []string{
		"breadth:SP600_MEMBERS 2025", "breadth:SPX_MEMBERS 2025", "concentration:SP600_MEMBERS 2025", "concentration:SPX_MEMBERS 2025",
		"contribution:SP600_MEMBERS 2025", "contribution:SPX_MEMBERS 2025", "contribution_summary:SP600_MEMBERS 2025", "contribution_summary:SPX_MEMBERS 2025",
		"dispersion:SP600_MEMBERS 2025", "dispersion:SPX_MEMBERS 2025",
		"liquidity:FED all", "security:SP600_MEMBERS 2025", "security:SPX_MEMBERS 2025", "size:SP600_MEMBERS all", "size:SP600_MEMBERS~SPX_MEMBERS all", "size:SPX_MEMBERS all",
		"size_members:SP600_MEMBERS~SPX_MEMBERS 2025", "valuation:SP600_MEMBERS 2025", "valuation:SPX_MEMBERS 2025",
	}
	if !slices.Equal(build, want) {
		t.Errorf("the plan builds %q\nwant %q", build, want)
	}
	var got []string
	report := h.mustRun(t, Request{})
	for _, res := range report.Results {
		got = append(got, res.Job+" "+res.Window.Span())
	}
	slices.Sort(got)
	for _, text := range got {
		if !slices.Contains(build, text) && !slices.Contains(follow, text) {
			t.Errorf("%s was built and stood in no plan", text)
		}
	}
	for _, text := range build {
		if !slices.Contains(got, text) {
			t.Errorf("%s stood in the plan and was not built", text)
		}
	}
}

// TestPlannedInputs holds the windows that a plan says facts will be built from
// against those that the run log says they were built from, and the mean of
// those against what the estimates start with: from nothing, and with a
// year more to come.
func TestPlannedInputs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, schemas.NewDate(2024, time.January, 1))
	built := map[string]float64{} // inputs of a job's runs so far
	runs := map[string]float64{}
	for _, req := range []Request{{From: schemas.NewDate(2025, time.January, 1)}, {}} {
		plan, err := h.Plan(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		planned := map[string]int{}
		for _, w := range plan.Windows {
			planned[w.Job+" "+w.Window.String()] = w.Inputs
		}
		for _, res := range h.mustRun(t, req).Results {
			inputs, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Inputs, clickhouse.Query{
				Where: "run_id = {run:String} AND kind = 'window'", Args: []any{clickhouse.Named("run", res.RunID)},
			})
			if err != nil {
				t.Fatal(err)
			}
			if want, ok := planned[res.Job+" "+res.Window.String()]; !ok || want != len(inputs) {
				t.Errorf("%s %s was built from %d windows, the plan said %d", res.Job, res.Window, len(inputs), want)
			}
			if res.Rows > 0 {
				built[res.Job], runs[res.Job] = built[res.Job]+float64(len(inputs)), runs[res.Job]+1
			}
		}
	}
	costs, err := h.Warehouse.RunCosts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range costs {
		if want := built[c.Job] / runs[c.Job]; math.Abs(c.Inputs-want) > 1e-9 {
			t.Errorf("%s was built from %g windows on average, the estimates start with %g", c.Job, want, c.Inputs)
		}
	}
}
