package jobs

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract/archive"
	"tidemark/load/clickhouse"
	"tidemark/load/engine/enginetest"
	"tidemark/schemas"
)

// TestPipeline holds the one idea: a first pass builds everything, a second
// finds nothing to do, a revision rebuilds exactly what depends on it, and the
// archive alone gives the same tables again.
func TestPipeline(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2024, time.January, 1))
	first := h.mustRun(t, Request{})
	for _, table := range schemas.FactTables {
		if n := rows(t, h.Runner, table.Dataset); n == 0 {
			t.Errorf("%s is empty after the first pass", table)
		}
	}
	if held := first.Count(Held); held > 0 {
		t.Errorf("%d windows were held in a complete first pass", held)
	}

	t.Run("a second pass finds nothing to do", func(t *testing.T) {
		if second := h.mustRun(t, Request{}); len(second.Results) != 0 {
			t.Errorf("touched %d windows, want none: %+v", len(second.Results), second.Results)
		}
	})

	t.Run("asking again changes nothing", func(t *testing.T) {
		before := hashes(t, h.Runner)
		book, err := h.Book(t.Context(), BookAsk{Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		h.clock.at = h.clock.at.Add(time.Minute)
		defer func() {
			later, err := h.Book(t.Context(), BookAsk{Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range []*schemas.Book{&book, &later} {
				for i := range b.Checks { // the workbook shows neither
					b.Checks[i].RunID, b.Checks[i].At = "", time.Time{}
				}
			}
			if diff := cmp.Diff(book, later); diff != "" {
				t.Errorf("the same facts give another book later (-before +after):\n%s", diff)
			}
		}()
		again := h.mustRun(t, Request{Refresh: true})
		if got := touched(again); len(got) != 0 {
			t.Errorf("rebuilt %q from the same answers, want nothing", got)
		}
		same(t, before, hashes(t, h.Runner))
	})

	then := h.clock.at
	stood, err := h.Book(t.Context(), BookAsk{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	reserves := func(at time.Time) float64 {
		t.Helper()
		tr, err := h.Trace(t.Context(), "reserves", "FED", schemas.NewDate(2025, time.November, 26), at)
		if err != nil {
			t.Fatal(err)
		}
		return tr.Fact.Value.V
	}

	t.Run("a revised figure of the Fed", func(t *testing.T) {
		h.clock.at = h.clock.at.Add(time.Minute)
		if err := h.box.ReviseReserves(schemas.NewDate(2025, time.November, 26), 2_900_123); err != nil {
			t.Fatal(err)
		}
		got := touched(h.mustRun(t, Request{Refresh: true}))
		want := []string{"h41 all", "liquidity:FED all"}
		if !slices.Equal(got, want) {
			t.Errorf("rebuilt %q, want %q", got, want)
		}
	})

	t.Run("a split that comes to light late", func(t *testing.T) {
		h.clock.at = h.clock.at.Add(time.Minute)
		symbol := memberOf(t, h, "SPX_MEMBERS")
		if err := h.box.ReviseSplit(symbol, schemas.NewDate(2025, time.December, 3), 2); err != nil {
			t.Fatal(err)
		}
		got := touched(h.mustRun(t, Request{Refresh: true}))
		// Prices, actions and the holdings of the day changed, and so what is
		// built from them; money did not.
		for _, want := range []string{"files:vendor 2025", "files:actions 2025"} {
			if !slices.Contains(got, want) {
				t.Errorf("%s was not rebuilt: %q", want, got)
			}
		}
		for _, job := range got {
			if strings.HasPrefix(job, "liquidity") || strings.HasPrefix(job, "h41") || job == "files:vendor 2024" {
				t.Errorf("%s was rebuilt for a split of 2025", job)
			}
		}
	})

	t.Run("as it was known before", func(t *testing.T) {
		if was, is := reserves(then), reserves(time.Time{}); math.Abs(is-was-2_900.123) > 1e-6 { // millions more, shown in billions
			t.Errorf("reserves are %g, and were %g", is, was)
		}
		versions, err := h.Warehouse.Versions(t.Context(), "reserves", "FED", schemas.NewDate(2025, time.November, 26))
		if err != nil || len(versions) != 2 || versions[0].Value.V != reserves(then) || versions[0].To != versions[1].From || !versions[1].To.IsZero() {
			t.Errorf("versions %+v, error %v", versions, err)
		}
		old, err := h.Book(t.Context(), BookAsk{KnownAt: then, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if len(old.Sources) == 0 || old.SeenAt != then {
			t.Errorf("%d sources at %s", len(old.Sources), old.SeenAt)
		}
		stood.Sources, old.Sources, old.SeenAt = nil, nil, time.Time{} // those of windows, and not of stretches of days
		if diff := cmp.Diff(stood, old); diff != "" {
			t.Errorf("the book of then (-written then +written now):\n%.3000s", diff)
		}
		if _, err := h.Book(t.Context(), BookAsk{KnownAt: then.AddDate(-1, 0, 0)}); err == nil || !strings.Contains(err.Error(), "had no facts") {
			t.Errorf("a year before the first pass: got %v", err)
		}
	})

	t.Run("a book tells what was revised", func(t *testing.T) {
		book, err := h.Book(t.Context(), BookAsk{Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(book.Revised, func(r schemas.Revision) bool {
			return r.Metric == "reserves" && r.Session == schemas.NewDate(2025, time.November, 26)
		})
		if i < 0 || book.Revised[i].Was != reserves(then) || book.Revised[i].Is != schemas.Some(reserves(time.Time{})) {
			t.Errorf("%d revised figures, reserves at %d", len(book.Revised), i)
		}
		for _, r := range book.Revised {
			if r.Is.OK && r.Is.V == r.Was {
				t.Errorf("%+v is no revision", r)
			}
		}
		if len(stood.Revised) > 0 {
			t.Errorf("before, %d figures were revised", len(stood.Revised))
		}
	})

	t.Run("replay from the archive", func(t *testing.T) {
		want := hashes(t, h.Runner)
		offline := h.open(t, enginetest.Start(t), true)
		report, err := offline.Run(t.Context(), Request{})
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Err(); err != nil {
			t.Fatal(err)
		}
		same(t, want, hashes(t, offline))
	})

	t.Run("from a figure to its bytes", func(t *testing.T) {
		tr, err := h.Trace(t.Context(), "conc_top10_sec", "SPX_MEMBERS", schemas.NewDate(2025, time.December, 5), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		store, err := archive.Open(h.archive)
		if err != nil {
			t.Fatal(err)
		}
		payloads := 0
		var walk func(l *clickhouse.Lineage)
		walk = func(l *clickhouse.Lineage) {
			for _, p := range l.Payloads {
				body, err := store.OpenPayload(p.Hash)
				if err != nil {
					t.Errorf("payload %s is not in the archive: %v", p.Hash, err)
					continue
				}
				if err := body.Close(); err != nil {
					t.Error(err)
				}
				payloads++
			}
			for _, from := range l.Windows {
				walk(from)
			}
		}
		walk(tr.From)
		if payloads == 0 {
			t.Error("the trace ends without an answer of a publisher")
		}
		if _, err := h.Trace(t.Context(), "conc_top10_sec", "SPX_MEMBERS", schemas.NewDate(2025, time.December, 6), time.Time{}); err == nil || !strings.Contains(err.Error(), "2025-12-05") {
			t.Errorf("a Saturday: got %v, want an error that names Friday", err)
		}
		if _, err := h.Trace(t.Context(), "top10", "", 0, time.Time{}); err == nil || !strings.Contains(err.Error(), "conc_top10_sec") {
			t.Errorf("a misspelt metric: got %v, want a suggestion", err)
		}
	})

	t.Run("who is who", func(t *testing.T) {
		rows, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Securities, clickhouse.Query{Where: "universe = 'SPX_MEMBERS'", Order: "security, source, symbol, first_day"})
		if err != nil {
			t.Fatal(err)
		}
		sources, cash := map[string]int{}, 0
		for _, s := range rows {
			kind, _, _ := strings.Cut(s.Source, " ")
			sources[kind]++
			if s.Security == "" {
				cash++
			}
		}
		if sources["prices"] == 0 || sources["holdings"] == 0 || sources["members"] == 0 || cash == 0 {
			t.Errorf("%d rows: of sources %v, %d that are no shares", len(rows), sources, cash)
		}
	})

	t.Run("gaps at equal sectors", func(t *testing.T) {
		facts, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.SizeMembers, clickhouse.Query{Order: "metric, session"})
		if err != nil {
			t.Fatal(err)
		}
		last, count := map[string]schemas.Fact{}, map[string]int{}
		for _, f := range facts {
			last[f.Metric] = f
			if f.Status == schemas.StaleInput || f.Status == schemas.BadInput {
				t.Fatalf("%+v", f)
			}
			if f.Status != schemas.InsufficientHistory {
				count[f.Metric]++ // a value, or too few of the small market's sectors on both sides
			}
		}
		// The first file is that of January 2024: calendar periods have a base from
		// April 2024 and January 2025 on, the year from its first anniversary on.
		for _, span := range []struct {
			id   string
			want int
		}{{"ytd", 233}, {"qtd", 424}, {"1y", 214}} {
			metric := "gap_sector_neutral_" + span.id + "_pr"
			f := last[metric]
			t.Logf("%s: a base on %d sessions, the newest %+v", metric, count[metric], f)
			if f.Universe != "SP600_MEMBERS~SPX_MEMBERS" || f.Session != schemas.NewDate(2025, time.December, 5) || !f.Value.OK || f.Value.V < -1 || f.Value.V > 1 || f.Members < 20 {
				t.Errorf("%s: the newest is %+v", metric, f)
			}
			if count[metric] != span.want {
				t.Errorf("%s has a base on %d sessions, want %d", metric, count[metric], span.want)
			}
		}
	})

	t.Run("the book of the workbook", func(t *testing.T) {
		book, err := h.Book(t.Context(), BookAsk{Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if book.AsOf != schemas.NewDate(2025, time.December, 5) || len(book.Facts) == 0 || len(book.Sources) == 0 || len(book.Fresh) == 0 {
			t.Errorf("got a book of %s with %d facts, %d sources, %d parts", book.AsOf, len(book.Facts), len(book.Sources), len(book.Fresh))
		}
		for _, f := range book.Facts {
			if f.Value.OK != f.Status.HasValue() {
				t.Fatalf("%s of %s on %s: value %v with status %s", f.Metric, f.Universe, f.Session, f.Value, f.Status)
			}
			if f.KnownAt.Before(f.Session.Time()) {
				t.Fatalf("%s of %s on %s was known at %s, before the day", f.Metric, f.Universe, f.Session, f.KnownAt)
			}
		}
		for _, f := range book.Fresh {
			if f.Behind > 0 {
				t.Errorf("%s %s is %d sessions behind: newest %s, expected %s", f.Dataset, f.Part, f.Behind, f.Newest, f.Expected)
			}
		}
	})
}

func same(t *testing.T, want, got map[string]string) {
	t.Helper()
	for table, hash := range want {
		if got[table] != hash {
			t.Errorf("%s: content %s, want %s", table, got[table], hash)
		}
	}
}

func rows(t *testing.T, r *Runner, d schemas.Dataset) int64 {
	t.Helper()
	n, _, err := r.Warehouse.TableHash(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// memberOf returns a member in the vendor's spelling that trades on every day
// of the last week and has no action then.
func memberOf(t *testing.T, h *house, _ string) string {
	t.Helper()
	bars, err := clickhouse.Read(t.Context(), h.Warehouse, schemas.Bars, clickhouse.Query{
		Where: "session >= {from:Date}", Args: []any{clickhouse.Named("from", schemas.NewDate(2025, time.December, 1))}, Order: "symbol, session",
	})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, b := range bars {
		if count[b.Symbol]++; count[b.Symbol] == 5 && !strings.ContainsAny(b.Symbol, ".-/") {
			return b.Symbol
		}
	}
	t.Fatal("no security trades on all days of the week")
	return ""
}

// TestStoppedRunIsFinishedLater holds that a cancelled pass leaves whole
// windows, and that the next pass does the rest.
func TestStoppedRunIsFinishedLater(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.January, 1))
	ctx, cancel := context.WithCancel(t.Context())
	done := 0
	h.Progress = func(Result) {
		if done++; done == 5 {
			cancel()
		}
	}
	if _, err := h.Run(ctx, Request{}); err == nil {
		t.Fatal("a cancelled pass reported success")
	}
	h.Progress = nil
	rest := h.mustRun(t, Request{})
	if rest.UpToDate == 0 {
		t.Error("the second pass built again what the first had finished")
	}
	fresh := newHouse(t, schemas.NewDate(2025, time.January, 1))
	fresh.mustRun(t, Request{})
	same(t, hashes(t, fresh.Runner), hashes(t, h.Runner))
}

// TestStoppedPassLeavesNoRunOpen stops passes at any moment, also between the
// line that begins a run and the look for others: a run that stays open in the
// log of a living process would be waited for for ever.
func TestStoppedPassLeavesNoRunOpen(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2025, time.October, 1))
	for i := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(5*i)*time.Millisecond)
		_, err := h.Run(ctx, Request{Force: true})
		cancel()
		if err == nil {
			t.Fatalf("a pass was done within %d ms", 5*i)
		}
		open, err := h.Warehouse.OpenRuns(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(open) > 0 {
			t.Fatalf("a pass stopped after %d ms left %d runs open, the first of %s", 5*i, len(open), open[0].Job)
		}
	}
}
