package clickhouse

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

// TestDivergenceEpisodes asks for the list of episodes, with the rights that BI
// tools have: one has ended, of the other one does not know yet.
func TestDivergenceEpisodes(t *testing.T) {
	w := stocked(t)
	const pair = "SP600_MEMBERS~SPX_MEMBERS"
	var facts []schemas.Fact
	add := func(metric string, session int, value schemas.Opt[float64], detail string) {
		status := schemas.StatusOK
		if !value.OK {
			status = schemas.NotElapsed
		}
		d := schemas.NewDate(2025, time.March, session)
		facts = append(facts, schemas.Fact{
			Metric: metric, Universe: pair, Session: d, Value: value, Status: status, Members: 2, Basis: "index_pr", Detail: detail, Method: 1,
			KnownAt: d.Time().Add(20 * time.Hour), Run: "run-d",
		})
	}
	for i, detail := range []string{
		"open=2025-03-03..2025-03-03 flags=1", "open=2025-03-03..2025-03-04 flags=2", "open=2025-03-03..2025-03-04 flags=2", "ended=2025-03-03..2025-03-04 flags=2",
		"", "open=2025-03-08..2025-03-08 flags=1",
	} {
		value := 1.0
		if i == 3 || i == 4 {
			value = 0
		}
		add("div_episode_pr", 3+i, schemas.Some(value), detail)
		for _, w := range schemas.ForwardWindows {
			for k, leg := range []string{"large", "small", "gap"} {
				v := schemas.Some(float64(i+1) / 100 * float64(k+1))
				if w != "21" || i == 5 {
					v = schemas.None[float64]()
				}
				add("fwd_ret_"+w+"_"+leg+"_pr", 3+i, v, "")
			}
		}
	}
	replace(t, w, schemas.Size, facts)
	a := sharedEngine(t).BI()
	bi, err := Open(t.Context(), Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer bi.Close()
	got := lines(t, bi, "SELECT first_flag, last_flag, flags, ended_known_at, large_21, small_21, gap_21, gap_63, any_gap_21, independent_21, any_gap_63, independent_63 "+
		"FROM mart.divergence_episode WHERE universe = '"+pair+"' AND basis = 'pr' ORDER BY first_flag")
	want := []string{
		"2025-03-03|2025-03-04|2|2025-03-06 20:00:00.000|0.01|0.02|0.03|NULL|0.09|0|NULL|0",
		"2025-03-08|2025-03-08|1|NULL|NULL|NULL|NULL|NULL|0.09|0|NULL|0",
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("episodes (-want +got):\n%s", diff)
	}
	// As it was known on the evening of the first flagged session, and on that on
	// which the first episode was known to be over.
	for _, test := range []struct {
		last string
		want []string
	}{
		{"2025-03-02", nil},
		{"2025-03-03", []string{"2025-03-03..2025-03-03 1 over 0001-01-01"}},
		{"2025-03-06", []string{"2025-03-03..2025-03-04 2 over 2025-03-06"}},
		{"2025-03-08", []string{"2025-03-08..2025-03-08 1 over 0001-01-01", "2025-03-03..2025-03-04 2 over 2025-03-06"}},
	} {
		last, err := schemas.ParseDate(test.last)
		if err != nil {
			t.Fatal(err)
		}
		episodes, err := w.Episodes(t.Context(), last, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range episodes {
			if e.Universe == pair && e.Basis == "pr" {
				got = append(got, fmt.Sprintf("%s..%s %d over %s", e.First, e.Last, e.Flags, e.EndKnown.Format(time.DateOnly)))
			}
		}
		if diff := gocmp.Diff(test.want, got); diff != "" {
			t.Errorf("episodes known on %s (-want +got):\n%s", test.last, diff)
		}
	}
}
