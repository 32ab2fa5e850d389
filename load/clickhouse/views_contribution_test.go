package clickhouse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tidemark/schemas"
)

// contributions has the six lines of WE-1.5 on one session and the year so far
// as their one window, and one that has left.
func contributions(universe string, session schemas.Date) []schemas.Contribution {
	var out []schemas.Contribution
	for i, w := range []float64{.40, .25, .15, .10, .06, .04, 0} {
		ret := []float64{.05, .08, -.02, .20, .30, .25, 0}[i]
		row := schemas.Contribution{
			Universe: universe, Session: session, Security: string(rune('a' + i)), Weight: schemas.Some(w), Return: schemas.Some(ret), Daily: schemas.Some(w * ret),
			Status: schemas.StatusOK, Basis: "tr", Method: 1, KnownAt: session.Time().Add(22 * time.Hour), Run: "run-c",
		}
		held := schemas.Some(w * ret)
		row.Windows[0] = schemas.Linked{BuyHold: held, Carino: held, Menchero: held, Return: schemas.Some(ret)}
		if w == 0 {
			row.Windows[0].BuyHold.V, row.Windows[0].Return, row.Return = 0.5, schemas.None[float64](), schemas.None[float64]()
		}
		out = append(out, row)
	}
	return out
}

// TestWhoMovedTheIndex asks the two questions that the views are for, with the
// rights that BI tools have.
func TestWhoMovedTheIndex(t *testing.T) {
	w := stocked(t)
	replace(t, w, schemas.Contributions, contributions("SPX_MEMBERS", day2025))
	replace(t, w, schemas.Contributions, contributions("SP600_MEMBERS", day2025))
	a := sharedEngine(t).BI()
	bi, err := Open(t.Context(), Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer bi.Close()

	const latest = "universe = 'SPX_MEMBERS' AND time_window = 'ytd' AND session = (SELECT max(session) FROM mart.index_mover WHERE universe = 'SPX_MEMBERS')"
	got := lines(t, bi, "SELECT security, round(contribution, 9), security_return FROM mart.index_mover WHERE "+latest+" ORDER BY contribution DESC LIMIT 1")
	if diff := gocmp.Diff([]string{"g|0.5|NULL"}, got); diff != "" { // it has left, and moved the index all the same
		t.Errorf("who moved the index (-want +got):\n%s", diff)
	}
	got = lines(t, bi, "SELECT place, performer, contributor, performer_contributes FROM mart.performer_contributor WHERE universe = 'SPX_MEMBERS' AND time_window = 'ytd' ORDER BY place")
	want := []string{"1|e|a|true", "2|f|b|true", "3|d|d|true", "4|b|e|true", "5|a|f|true", "6|c|c|true"}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("performers and contributors (-want +got):\n%s", diff)
	}
	got = lines(t, bi, "SELECT sum(contrib_i), sum(weight), count() FROM mart.contribution WHERE universe = 'SPX_MEMBERS'")
	if diff := gocmp.Diff([]string{"0.085|1|7"}, got); diff != "" {
		t.Errorf("contributions (-want +got):\n%s", diff)
	}
	if n := lines(t, bi, "SELECT count() FROM mart.index_mover WHERE time_window != 'ytd'"); n[0] != "0" {
		t.Errorf("%s rows of windows that are not complete", n[0])
	}
}

// TestContributionViewsReadOnlyWhatIsAsked shows that a condition on the views
// reaches the partitions of the table.
func TestContributionViewsReadOnlyWhatIsAsked(t *testing.T) {
	w := stocked(t)
	for _, u := range []string{"SPX_MEMBERS", "SP600_MEMBERS"} {
		for y := range 3 {
			replace(t, w, schemas.Contributions, contributions(u, day2025.AddYears(-y)))
		}
	}
	for _, view := range []string{"contribution", "index_mover", "performer_contributor"} {
		parts := func(where string) string {
			t.Helper()
			found := lines(t, w, fmt.Sprintf("SELECT * FROM (EXPLAIN ESTIMATE SELECT * FROM mart.%s WHERE %s) WHERE table = 'contribution'", view, where))
			if len(found) != 1 {
				t.Fatalf("%s: %q", view, found)
			}
			return strings.Split(found[0], "|")[2]
		}
		where := fmt.Sprintf("universe = 'SPX_MEMBERS' AND session >= '%s'", day2025)
		if all, one := parts("1"), parts(where); !slices.Equal([]string{all, one}, []string{"6", "1"}) {
			t.Errorf("mart.%s: a query of one universe and year reads %s of %s parts, want 1 of 6", view, one, all)
		}
	}
}
