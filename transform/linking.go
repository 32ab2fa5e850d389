package transform

import (
	"math"

	"tidemark/schemas"
)

// chain is the daily returns of an index, from which the return over any
// window, and what was contributed to it, is read in a few steps: running
// figures forward from the beginning of each calendar year and backward from
// its end. They begin where the calendar says and not where the rows at hand
// do, so that a window's figures are the same, bit for bit, whatever it was
// computed with.
type chain struct {
	returns []float64 // R_t by session; 0 where there is none
	broken  []int     // by session: the newest one up to it without a return, or -1
	year    []int     // of each session, counted from the first one's
	first   []int     // session of each year
	last    []int     // session of each year

	ahead, behind []float64 // growth since the year's beginning, and until its end
	carino        []float64 // k_t
	squares, sums [2][]float64
}

// newChain makes the chain of the returns of the given days; status says of
// each why it has none.
func newChain(days []schemas.Date, returns []float64, known func(s int) bool) *chain {
	n := len(days)
	c := &chain{returns: returns, broken: make([]int, n), year: make([]int, n)}
	newest := -1
	for s, d := range days {
		if s == 0 || d.Year() != days[s-1].Year() {
			c.first, c.last = append(c.first, s), append(c.last, s)
		}
		c.year[s] = len(c.first) - 1
		c.last[c.year[s]] = s
		if !known(s) || returns[s] <= -1 {
			newest = s
			c.returns[s] = 0
		}
		c.broken[s] = newest
	}
	c.ahead, c.behind = make([]float64, n), make([]float64, n)
	c.compound(c.returns, c.ahead, c.behind)
	c.carino = make([]float64, n)
	squared := make([]float64, n)
	for s, r := range c.returns {
		c.carino[s] = carinoFactor(r)
		squared[s] = r * r
	}
	for _, f := range []struct {
		terms []float64
		to    *[2][]float64
	}{{c.returns, &c.sums}, {squared, &c.squares}} {
		f.to[0], f.to[1] = make([]float64, n), make([]float64, n)
		c.add(f.terms, f.to[0], f.to[1])
	}
	return c
}

// base returns the session at whose close a window that ends with session s
// begins: the last one of the year before for 0, or that many sessions before.
// It is -1 where there is none.
func (c *chain) base(s, sessions int) int {
	if sessions == 0 {
		return c.first[c.year[s]] - 1
	}
	return max(s-sessions, -1)
}

// whole reports whether every session of the window (b, t] has a return.
func (c *chain) whole(b, t int) bool { return b >= 0 && c.broken[t] <= b }

// compound fills the growth of a dollar since the year's beginning and until
// its end.
func (c *chain) compound(returns, ahead, behind []float64) {
	for y, lo := range c.first {
		value := 1.0
		for s := lo; s <= c.last[y]; s++ {
			value *= 1 + returns[s]
			ahead[s] = value
		}
		value = 1
		for s := c.last[y]; s >= lo; s-- {
			behind[s] = value
			value *= 1 + returns[s]
		}
	}
}

// growth is what a dollar becomes over the window (b, t].
func (c *chain) growth(ahead, behind []float64, b, t int) float64 {
	if c.year[b] == c.year[t] {
		return ahead[t] / ahead[b]
	}
	value := behind[b]
	for y := c.year[b] + 1; y < c.year[t]; y++ {
		value *= ahead[c.last[y]]
	}
	return value * ahead[t]
}

// ret is the return R of the index over the window (b, t].
func (c *chain) ret(b, t int) float64 { return c.growth(c.ahead, c.behind, b, t) - 1 }

// add fills the sum of terms since the year's beginning and of those after a
// session until its end.
func (c *chain) add(terms, ahead, behind []float64) {
	for y, lo := range c.first {
		total := 0.0
		for s := lo; s <= c.last[y]; s++ {
			total += terms[s]
			ahead[s] = total
		}
		total = 0
		for s := c.last[y]; s >= lo; s-- {
			behind[s] = total
			total += terms[s]
		}
	}
}

// sum is the sum of terms over the window (b, t].
func (c *chain) sum(ahead, behind []float64, b, t int) float64 {
	if c.year[b] == c.year[t] {
		return ahead[t] - ahead[b]
	}
	total := behind[b]
	for y := c.year[b] + 1; y < c.year[t]; y++ {
		total += ahead[c.last[y]]
	}
	return total + ahead[t]
}

// hold fills what contributions have come to, each carried on with the return
// of the index: since the year's beginning in parts of the index then, and of
// those after a session until the year's end in parts of the index at the
// session's close.
func (c *chain) hold(contributions, ahead, behind []float64) {
	for y, lo := range c.first {
		total, value := 0.0, 1.0
		for s := lo; s <= c.last[y]; s++ {
			total += contributions[s] * value
			value = c.ahead[s]
			ahead[s] = total
		}
		total = 0
		for s := c.last[y]; s >= lo; s-- {
			behind[s] = total
			total = contributions[s] + (1+c.returns[s])*total
		}
	}
}

// held is the linked contribution of buying and holding over the window
// (b, t]: C = sum_t c_t prod_{s<t}(1 + R_s), the GRAP of 1997.
func (c *chain) held(ahead, behind []float64, b, t int) float64 {
	if c.year[b] == c.year[t] {
		return (ahead[t] - ahead[b]) / c.ahead[b]
	}
	total, value := behind[b], c.behind[b]
	for y := c.year[b] + 1; y < c.year[t]; y++ {
		total += value * ahead[c.last[y]]
		value *= c.ahead[c.last[y]]
	}
	return total + value*ahead[t]
}

// carinoFactor is Carino's k = ln(1 + R)/R, 1 in the limit.
func carinoFactor(r float64) float64 {
	if r == 0 {
		return 1
	}
	return math.Log1p(r) / r
}

// mencheroFactors are Menchero's A = (R/T)/((1 + R)^(1/T) - 1), 1 in the limit
// of R = 0, and a = (R - A sum R_t)/sum R_t^2, 0 where no R_t is.
func mencheroFactors(r, sum, squares float64, sessions int) (scale, slope float64) {
	scale = 1
	if r != 0 {
		n := float64(sessions)
		scale = r / n / math.Expm1(math.Log1p(r)/n)
	}
	if squares != 0 {
		slope = (r - scale*sum) / squares
	}
	return scale, slope
}

// menchero returns the factors of the window (b, t].
func (c *chain) menchero(b, t int) (scale, slope float64) {
	return mencheroFactors(c.ret(b, t), c.sum(c.sums[0], c.sums[1], b, t), c.sum(c.squares[0], c.squares[1], b, t), t-b)
}
