package transform

import (
	"math"

	"tidemark/schemas"
)

// minAbsReturn is the return of the index below which a share of it says
// nothing.
const minAbsReturn = 0.005

// groupReturn is what a group of lines added to the return of an index over a
// window, and what the rest of the index did.
type groupReturn struct {
	ret          float64 // R of the index
	contribution float64 // C of the group, bought and held
	rest         schemas.Opt[float64]
}

// groupDay is one session of a group.
type groupDay struct{ ret, contribution, weight float64 }

// linkGroup links a group over the days of a window, oldest first: C = sum_t c_t
// prod_{s<t}(1 + R_s), and the return of the rest as a basket of its own, prod_t
// (1 + (R_t - c_t)/(1 - w_t)) - 1, which there is none of on a day on which the
// group is the whole index.
func linkGroup(days []groupDay) groupReturn {
	g := groupReturn{rest: schemas.Some(1.0)}
	value := 1.0
	for _, d := range days {
		g.contribution += d.contribution * value
		value *= 1 + d.ret
		if rest := 1 - d.weight; rest > 1e-12 {
			g.rest.V *= 1 + (d.ret-d.contribution)/rest
		} else {
			g.rest = schemas.None[float64]()
		}
	}
	g.ret = value - 1
	if g.rest.OK {
		g.rest.V--
	}
	return g
}

// share is C/R; it has no meaning where the index has hardly moved.
func (g groupReturn) share() (float64, schemas.Status) {
	if math.Abs(g.ret) < minAbsReturn {
		return 0, schemas.BelowMinAbsReturn
	}
	return g.contribution / g.ret, schemas.StatusOK
}

// exPoints is R - C, the points of the index's return that the group did not
// earn. Figures that the press calls without the seven are often these.
func (g groupReturn) exPoints() float64 { return g.ret - g.contribution }

// mag7On returns the lines of the Magnificent Seven on a day that the panel
// has, in order of the tickers, and of each the company's main ticker.
func (p *Panel) mag7On(day schemas.Date) (securities []int, companies []string) {
	for _, m := range mag7 {
		if day < m.from || (m.to != schemas.NoDate && day >= m.to) {
			continue
		}
		if security, ok := p.security(p.identity.look(m.ticker, day)); ok {
			company := m.ticker
			if company == "GOOG" {
				company = "GOOGL"
			}
			securities, companies = append(securities, security), append(companies, company)
		}
	}
	return securities, companies
}

// largestAtOpen returns the n securities of the largest weights at the open of
// session s, those of equal size by permanent id.
func (a *attribution) largestAtOpen(s, n int) []int {
	sessions := len(a.Sessions)
	out := make([]int, 0, n+1)
	for i := range a.Securities {
		if a.lines[i*sessions+s] != lineIn {
			continue
		}
		w := a.weight[i*sessions+s]
		at := len(out)
		for at > 0 && a.weight[out[at-1]*sessions+s] < w {
			at--
		}
		if at == n {
			continue
		}
		out = append(out, 0)
		copy(out[at+1:], out[at:])
		out[at] = i
		out = out[:min(len(out), n)]
	}
	return out
}

// groupOn is what securities added to the return of session s.
func (a *attribution) groupOn(group []int, s int) groupDay {
	d := groupDay{ret: a.returns[s]}
	n := len(a.Sessions)
	for _, i := range group {
		if at := i*n + s; a.used(at, s) {
			d.contribution += a.contribution(at, s)
			d.weight += a.weight[at]
		}
	}
	return d
}
