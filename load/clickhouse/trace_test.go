package clickhouse

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

// TestTrace follows a fact over two stages of windows to the payloads, also
// after later runs have found the windows unchanged.
func TestTrace(t *testing.T) {
	if _, ok := schemas.LookupMetric("adv"); !ok {
		t.Fatal("the register has no metric adv to trace")
	}
	w := fresh(t)
	spx := schemas.CutYear.Window("SPX_MEMBERS", day2025)
	var lines []schemas.Input
	input := func(run, kind, dataset string, win schemas.Window, content string) {
		lines = append(lines, schemas.Input{RunID: run, Kind: kind, Dataset: dataset, Window: win, Content: content})
	}
	put := func(fund, run, payload string) Result {
		t.Helper()
		win := schemas.CutYear.Window(fund, day2025)
		rows := holdings(fund, day2025, 3, 1)
		for i := range rows {
			rows[i].Payload = payload
		}
		res, err := Replace(t.Context(), w, schemas.Holdings, Build{Window: win, RunID: run}, rows)
		if err != nil {
			t.Fatal(err)
		}
		input(run, schemas.InputPayload, "ishares", win, payload)
		return res
	}
	ivv := put("IVV", "run-ivv", "hash-ivv")
	spy := put("SPY", "run-spy", "hash-spy")
	if res := put("SPY", "run-spy-again", "hash-spy-resent"); res.Changed {
		t.Fatal("the same figures in another file were swapped")
	}
	input("run-fact", schemas.InputWindow, "raw.holding", schemas.CutYear.Window("IVV", day2025), ivv.Content)
	input("run-fact", schemas.InputWindow, "raw.holding", schemas.CutYear.Window("SPY", day2025), spy.Content)
	input("run-fact", schemas.InputWindow, "raw.holding", schemas.CutYear.Window("IJR", day2025), "never recorded")
	fact := facts("adv", "SPX_MEMBERS", day2025, 300, 200)
	for i := range fact {
		fact[i].Run = "run-fact"
	}
	if _, err := Replace(t.Context(), w, schemas.Breadth, Build{Window: spx, RunID: "run-fact", Method: "1"}, fact); err != nil {
		t.Fatal(err)
	}
	if err := Append(t.Context(), w, schemas.Inputs, lines); err != nil {
		t.Fatal(err)
	}
	var payloads []schemas.Payload
	for i, hash := range []string{"hash-ivv", "hash-spy", "hash-spy-resent", "hash-spy"} {
		payloads = append(payloads, schemas.Payload{Hash: hash, Publisher: "ishares", Request: "GET " + hash, Status: 200, FetchedAt: day2025.AddDays(i).Time()})
	}
	if err := Append(t.Context(), w, schemas.Payloads, payloads); err != nil {
		t.Fatal(err)
	}

	got, err := w.Trace(t.Context(), "adv", "", day2025, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Fact.Value.V != 300 || got[0].Table != "facts.breadth" {
		t.Fatalf("traced %+v", got)
	}
	from := got[0].From
	if from.Built.RunID != "run-fact" || from.Built.Window != spx || len(from.Payloads) != 0 || len(from.Windows) != 3 {
		t.Fatalf("the fact's build: %+v", from)
	}
	type end struct {
		part, run string
		hashes    []string
	}
	var ends []end
	for _, l := range from.Windows {
		e := end{part: l.Built.Window.Part, run: l.Built.RunID}
		for _, p := range l.Payloads {
			e.hashes = append(e.hashes, p.Hash+" "+schemas.DateOf(p.FetchedAt).String())
		}
		ends = append(ends, e)
	}
	slices.SortFunc(ends, func(a, b end) int { return slices.Compare([]string{a.part}, []string{b.part}) })
	want := []end{
		{"IJR", "", nil},
		{"IVV", "run-ivv", []string{"hash-ivv 2025-03-03"}},
		{"SPY", "run-spy", []string{"hash-spy 2025-03-06"}}, // fetched twice, the later time
	}
	if diff := gocmp.Diff(want, ends, gocmp.AllowUnexported(end{})); diff != "" {
		t.Errorf("what the fact was made from (-want +got):\n%s", diff)
	}
	if none, err := w.Trace(t.Context(), "adv", "NOBODY", day2025, time.Time{}); err != nil || len(none) != 0 {
		t.Errorf("a universe without facts: %v, %v", none, err)
	}
	if _, err := w.Trace(t.Context(), "no_such_metric", "", day2025, time.Time{}); err == nil {
		t.Error("an unknown metric is traced")
	}
}

func TestSources(t *testing.T) {
	w := stocked(t)
	got, err := w.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []schemas.SourceLine{{
		Dataset: "raw.holding", Part: "IVV", Publisher: "ishares", Request: "GET https://example.invalid/IVV",
		From: day2025, To: day2025, FetchedAt: day2025.In(time.UTC, 0, 0), Hash: "p",
	}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}
