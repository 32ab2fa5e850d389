package jobs

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/schemas"
	"tidemark/transform"
)

// TestFactsOfTheBarsThatAreRead holds that reading the bars of a universe alone
// gives what reading everybody's gives, to the last finding.
func TestFactsOfTheBarsThatAreRead(t *testing.T) {
	h := newHouse(t, schemas.NewDate(2024, time.January, 1))
	h.mustRun(t, Request{})
	universes := map[string]transform.Universe{}
	for _, u := range h.Catalog.Config.Universes {
		universes[u.ID] = u.inputs()
		if u.Against != "" {
			pair, _ := h.Catalog.Config.pair(u)
			universes[pair.ID] = pair
		}
	}
	state, err := LoadState(t.Context(), h.Warehouse)
	if err != nil {
		t.Fatal(err)
	}
	compared := map[string]int{}
	for _, j := range h.Catalog.Jobs {
		for _, w := range j.Windows(schemas.NewDate(2025, time.December, 6)) {
			if j.Fetched() || !slices.ContainsFunc(j.Needs(w), isBars) {
				continue
			}
			read := func() *transform.Inputs {
				in := &transform.Inputs{Universe: universes[j.Part], Window: w, Calendar: h.Catalog.Calendar}
				d := Decide(j, w, state, h.Now(), Request{})
				task := &Task{Decision: d, Warehouse: h.Warehouse, Snapshots: h.Snapshots, Log: slog.New(slog.DiscardHandler), readings: new(readings)}
				if err := readInputs(t.Context(), task, j.Needs(w), in); err != nil {
					t.Fatal(err)
				}
				return in
			}
			some, all := read(), read()
			all.Listed, all.Bars = nil, nil
			for _, n := range j.Needs(w) {
				if isBars(n) {
					rows, err := readSpan(t.Context(), h.Warehouse, schemas.Bars, n.Part, n.From, n.To)
					if err != nil {
						t.Fatal(err)
					}
					all.Bars = schemas.AppendBars(all.Bars, rows)
				}
			}
			// Wanted has left its half of the panel in all as well, which was
			// made from the listings; a copy of the fields starts afresh.
			afresh := &transform.Inputs{
				Universe: all.Universe, Window: all.Window, Calendar: all.Calendar, Bars: all.Bars, Actions: all.Actions, Spells: all.Spells,
				Changes: all.Changes, Constituents: all.Constituents, Renames: all.Renames, Files: all.Files, Shares: all.Shares, Earnings: all.Earnings,
			}
			table := j.Dataset.String()
			got, gotFindings := transform.Compute(table, some)
			want, wantFindings := transform.Compute(table, afresh)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s: facts (-of all bars +of those read):\n%s", j.Name, w, diff)
			}
			if diff := cmp.Diff(wantFindings, gotFindings); diff != "" {
				t.Errorf("%s %s: findings (-of all bars +of those read):\n%s", j.Name, w, diff)
			}
			if read, all := count(some.Bars), count(afresh.Bars); read >= all {
				t.Errorf("%s %s: read %d bars of %d", j.Name, w, read, all)
			}
			compared[table] += len(got)
		}
	}
	for _, table := range []schemas.Dataset{schemas.Concentration.Dataset, schemas.Breadth.Dataset, schemas.SizeMembers.Dataset, schemas.ContributionSummary.Dataset, schemas.Dispersion.Dataset, schemas.Valuation.Dataset} {
		if compared[table.String()] == 0 {
			t.Errorf("nothing of %s was compared", table)
		}
	}
}

func count(series []schemas.BarSeries) int {
	n := 0
	for i := range series {
		n += series[i].Len()
	}
	return n
}

func isBars(n Need) bool { return n.Dataset.String() == schemas.Bars.String() }
