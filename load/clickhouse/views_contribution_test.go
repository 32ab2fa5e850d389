package clickhouse

import (
	"fmt"
	"math/rand/v2"
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

// yearOfContributions makes a year of contributions of 3,000 lines.
func yearOfContributions() []schemas.Contribution {
	rows := make([]schemas.Contribution, 0, 3000*252)
	r := rand.New(rand.NewPCG(1, 2))
	for s := range 252 {
		for i := range 3000 {
			c := schemas.Contribution{
				Universe: "R2000_MEMBERS", Session: day2025.AddDays(s), Security: symbol(i), Weight: schemas.Some(r.Float64()), Return: schemas.Some(r.NormFloat64()),
				Daily: schemas.Some(r.NormFloat64()), Status: schemas.StatusOK, Basis: "tr", Method: 1, KnownAt: day2025.AddDays(s).Time(), Run: "run-c",
			}
			for k := range c.Windows {
				c.Windows[k] = schemas.Linked{BuyHold: schemas.Some(r.NormFloat64()), Carino: schemas.Some(r.NormFloat64()), Menchero: schemas.Some(r.NormFloat64()), Return: schemas.Some(r.NormFloat64())}
			}
			rows = append(rows, c)
		}
	}
	return rows
}

// BenchmarkContributions replaces a year of them, asks the two questions of the
// views, and tells what a row takes on the disk.
func BenchmarkContributions(b *testing.B) {
	w := fresh(b)
	if err := w.Views(b.Context()); err != nil {
		b.Fatal(err)
	}
	rows := yearOfContributions()
	b.Run("replace", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rows[0].Weight.V++
			if _, err := Replace(b.Context(), w, schemas.Contributions, build(schemas.CutYear.Window("R2000_MEMBERS", day2025)), rows); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(rows)*b.N)/b.Elapsed().Seconds(), "rows/s")
		var bytes uint64
		if err := w.row(b.Context(), "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'facts' AND table = 'contribution' AND active", nil, &bytes); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(bytes)/float64(len(rows)), "B/row")
	})
	last := day2025.AddDays(251)
	for name, sql := range map[string]string{
		"movers":     fmt.Sprintf("SELECT security, contribution FROM mart.index_mover WHERE universe = 'R2000_MEMBERS' AND time_window = 'ytd' AND session = '%s' ORDER BY contribution DESC LIMIT 10", last),
		"performers": fmt.Sprintf("SELECT place, performer, contributor FROM mart.performer_contributor WHERE universe = 'R2000_MEMBERS' AND time_window = 'ytd' AND session = '%s' ORDER BY place", last),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if n := len(lines(b, w, sql)); n != 10 {
					b.Fatal(n)
				}
			}
		})
	}
}
