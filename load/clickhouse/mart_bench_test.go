package clickhouse

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// BenchmarkMart has eight readers at once ask, as the read-only user, for ten years
// of one universe, while the newest year is replaced again and again: one figure as
// a line of a chart does, and all figures of a family as an export does. Each of
// three universes has every figure on every day. What is reported is how long an
// answer took, in milliseconds.
func BenchmarkMart(b *testing.B) {
	w := fresh(b)
	if err := w.Views(b.Context()); err != nil {
		b.Fatal(err)
	}
	const table, years = "facts.concentration", 10
	var metrics []schemas.Metric
	for _, m := range schemas.Register() {
		if m.Dataset == table {
			metrics = append(metrics, m)
		}
	}
	year := func(universe string, year int, add float64) []schemas.Fact {
		var out []schemas.Fact
		for _, m := range metrics {
			for i := range 252 {
				day := schemas.NewDate(year, time.January, 1).AddDays(i * 365 / 252)
				out = append(out, schemas.Fact{
					Metric: m.ID, Universe: universe, Session: day, Value: schemas.Some(0.2 + add + math.Sin(float64(i)/50)/10), Status: schemas.StatusOK,
					Members: 500, Coverage: schemas.Some(1.0), Method: 1, KnownAt: day.Time().Add(22 * time.Hour), Run: "run",
				})
			}
		}
		return out
	}
	universes := []string{"SPX_MEMBERS", "SP600_MEMBERS", "R2000_MEMBERS"}
	for _, u := range universes {
		for y := range years {
			replace(b, w, schemas.Concentration, year(u, 2016+y, 0))
		}
	}
	a := sharedEngine(b).BI()
	bi, err := Open(b.Context(), Options{Addr: []string{a.Addr}, User: a.User, Password: a.Password, MaxConns: 16})
	if err != nil {
		b.Fatal(err)
	}
	defer bi.Close()
	for _, q := range []struct{ name, columns string }{{"figure", "session, conc_top10_sec"}, {"family", "*"}} {
		b.Run(q.name, func(b *testing.B) {
			ctx, stop := context.WithCancel(b.Context())
			var writer sync.WaitGroup
			writer.Go(func() {
				for i := 1; ctx.Err() == nil; i++ {
					facts := year(universes[i%3], 2016+years-1, float64(i)/1e6)
					if _, err := Replace(ctx, w, schemas.Concentration, build(schemas.Concentration.WindowOf(&facts[0])), facts); err != nil && ctx.Err() == nil {
						b.Error(err)
						return
					}
				}
			})
			const readers, each = 8, 25
			var mu sync.Mutex
			var took []time.Duration
			for b.Loop() {
				var group sync.WaitGroup
				for r := range readers {
					group.Go(func() {
						for i := range each {
							began := time.Now()
							rows := 0
							err := bi.each(ctx, "SELECT "+q.columns+" FROM mart.concentration WHERE universe = {universe:String} ORDER BY session",
								[]any{Named("universe", universes[(r+i)%3])}, func() { rows = 0 }, func(driver.Rows) error { rows++; return nil })
							if err != nil || rows != 252*years {
								b.Errorf("%d rows, %v", rows, err)
								return
							}
							mu.Lock()
							took = append(took, time.Since(began))
							mu.Unlock()
						}
					})
				}
				group.Wait()
			}
			stop()
			writer.Wait()
			slices.Sort(took)
			for _, p := range []int{50, 95} {
				b.ReportMetric(float64(took[len(took)*p/100].Microseconds())/1e3, map[int]string{50: "ms/median", 95: "ms/p95"}[p])
			}
			alone := time.Now()
			const times = 10
			for range times {
				if err := bi.each(b.Context(), "SELECT "+q.columns+" FROM mart.concentration WHERE universe = 'SPX_MEMBERS' ORDER BY session", nil, func() {}, func(driver.Rows) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(time.Since(alone).Seconds()*1e3/times, "ms/alone")
		})
	}
}
