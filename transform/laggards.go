package transform

import (
	"slices"
	"strings"
)

// issuerReturn is what a company's lines did over a window, and what they
// weighed when it began.
type issuerReturn struct {
	company string
	weight  float64 // 0 where no line of it was in throughout
	grown   float64 // weight times return, of the lines that were
}

// laggards is which companies of a group did worse than the index.
type laggards struct {
	behind   []string // sorted
	compared int
	excluded int // companies without a line that was in throughout
}

// lagging compares companies with the return of the index. Who did exactly as
// well does not lag.
func lagging(companies []issuerReturn, index float64) laggards {
	var out laggards
	for _, c := range companies {
		if c.weight <= 0 {
			out.excluded++
			continue
		}
		out.compared++
		if untied(c.grown/c.weight) < untied(index) {
			out.behind = append(out.behind, c.company)
		}
	}
	slices.Sort(out.behind)
	return out
}

// mag7Returns returns what each of the Magnificent Seven did over the window
// (b, t]: of two lines of one company both, by their weights at the beginning.
func (a *attribution) mag7Returns(b, t int) []issuerReturn {
	securities, companies := a.mag7On(a.Sessions[t])
	var out []issuerReturn
	n := len(a.Sessions)
	for k, i := range securities {
		at := slices.IndexFunc(out, func(r issuerReturn) bool { return r.company == companies[k] })
		if at < 0 {
			at = len(out)
			out = append(out, issuerReturn{company: companies[k]})
		}
		if ret := a.returnOver(i, b, t); ret.OK {
			w := a.weight[i*n+b+1]
			out[at].weight += w
			out[at].grown += w * ret.V
		}
	}
	return out
}

func (l laggards) names() string {
	if len(l.behind) == 0 {
		return "none"
	}
	return strings.Join(l.behind, " ")
}
