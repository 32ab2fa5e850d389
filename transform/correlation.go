package transform

import (
	"math"

	"tidemark/schemas"
)

// constantSD is the standard deviation of daily returns below which a security
// is taken for one whose price did not move.
const constantSD = 1e-12

// comovement gathers the daily returns of the members of a basket over a window,
// and tells how much they moved together. Each member is taken in once, in a
// fixed order, so that a day costs the members times the sessions and not the
// pairs of members.
type comovement struct {
	standard []float64   // by session: the sum of the members' returns in their own standard deviations
	basket   []float64   // by session: the sum of weights times returns
	waiting  [4]comoving // members that are not in the sums yet
	waits    int         // how many of them
	members  int
	linear   float64 // sum w s
	squares  float64 // sum w^2 s^2
}

// comoving is a member with what its returns are multiplied by.
type comoving struct {
	returns       []float64
	scale, weight float64
}

func (c *comovement) reset(sessions int) {
	if cap(c.standard) < sessions {
		c.standard, c.basket = make([]float64, sessions), make([]float64, sessions)
	}
	c.standard, c.basket = c.standard[:sessions], c.basket[:sessions]
	clear(c.standard)
	clear(c.basket)
	c.waits, c.members, c.linear, c.squares = 0, 0, 0, 0
}

// add takes in a member: its weight, its returns and their sample standard
// deviation, which is not 0. The returns must stay as they are until the sums are
// asked for.
func (c *comovement) add(weight float64, returns []float64, sd float64) {
	c.waiting[c.waits] = comoving{returns, 1 / sd, weight}
	c.waits++
	c.members++
	c.linear += weight * sd
	c.squares += weight * sd * weight * sd
	if c.waits == len(c.waiting) {
		c.addFour()
		c.waits = 0
	}
}

// addFour adds the returns of four members in one go: most of the time is spent
// on reading and writing the sums.
func (c *comovement) addFour() {
	w, n := &c.waiting, len(c.standard)
	standard, basket := c.standard[:n], c.basket[:n]
	r0, r1, r2, r3 := w[0].returns[:n], w[1].returns[:n], w[2].returns[:n], w[3].returns[:n]
	s0, s1, s2, s3 := w[0].scale, w[1].scale, w[2].scale, w[3].scale
	w0, w1, w2, w3 := w[0].weight, w[1].weight, w[2].weight, w[3].weight
	for k := range standard {
		a, b, c, d := r0[k], r1[k], r2[k], r3[k]
		standard[k] += (a*s0 + b*s1) + (c*s2 + d*s3)
		basket[k] += (a*w0 + b*w1) + (c*w2 + d*w3)
	}
}

// finish adds the returns of the last members.
func (c *comovement) finish() {
	for _, m := range c.waiting[:c.waits] {
		for k, r := range m.returns {
			c.standard[k] += r * m.scale
			c.basket[k] += r * m.weight
		}
	}
	c.waits = 0
}

// pairMean is the mean of the correlations of all pairs of members, by the
// identity (Var(sum z)/m - 1)/(m - 1) for returns z in standard deviations.
func (c *comovement) pairMean() float64 {
	_, sd := meanSD(c.standard)
	m := float64(c.members)
	return (sd*sd/m - 1) / (m - 1)
}

// implied is the correlation that all pairs would have if they had the same one,
// (s_I^2 - sum w^2 s^2)/((sum w s)^2 - sum w^2 s^2) for a basket of variance
// s_I^2. It is the mean of the pairs' correlations weighted by w_i s_i w_j s_j,
// for the basket's return is made of the same weights throughout.
func (c *comovement) implied() schemas.Opt[float64] {
	_, sd := meanSD(c.basket)
	return divide(sd*sd-c.squares, c.linear*c.linear-c.squares)
}

// varianceRatio is s_I^2/(sum w s)^2, which bounds the implied correlation from
// above where that is positive.
func (c *comovement) varianceRatio() schemas.Opt[float64] {
	_, sd := meanSD(c.basket)
	return divide(sd*sd, c.linear*c.linear)
}

// correlations is how much the lines of an index have moved together, over each
// of schemas.CorrelationWindows. It is worked out for a few sessions in a row at
// a time: their windows are nearly the same returns, which are then fetched from
// memory once, and that takes longer than to add them up.
type correlations struct {
	*memberReturns
	from int                          // first of the sessions that are worked out
	of   [sessionsTogether][]together // of the sessions since, by window
	c    [sessionsTogether]comovement
}

// sessionsTogether is how many sessions are worked out at a time: with more, the
// sums themselves would not stay near the processor.
const sessionsTogether = 4

// together is how much lines have moved together over one window.
type together struct {
	members        int
	covered        float64 // weight of the lines with a return on each session
	pairMean       float64 // meaningless for fewer than two members
	implied, ratio schemas.Opt[float64]
}

func newCorrelations(r *memberReturns) *correlations {
	x := &correlations{memberReturns: r, from: -sessionsTogether}
	for k := range x.of {
		x.of[k] = make([]together, len(schemas.CorrelationWindows))
	}
	return x
}

// on returns what is told of session t, by window; of a window that has no facts
// it says nothing.
func (x *correlations) on(t int) []together {
	if t < x.from || t >= x.from+sessionsTogether {
		x.from = t
		for w, name := range schemas.CorrelationWindows {
			x.workOut(w, windowSessions(name))
		}
	}
	return x.of[t-x.from]
}

// workOut takes the lines of each of the sessions into its sums, by their weights
// at its open. A line without a return on one of the window's sessions is left
// out, and so is one whose price did not move.
func (x *correlations) workOut(w, sessions int) {
	var base [sessionsTogether]int // -1 where there are no facts
	for k := range base {
		x.of[k][w] = together{}
		t := x.from + k
		if base[k] = -1; t >= len(x.Sessions) {
			continue
		}
		b := x.base(t, sessions)
		if status, _ := x.standing(b, t); status.HasValue() {
			base[k] = b
			x.c[k].reset(t - b)
		}
	}
	for i := range x.Securities {
		lo, _ := x.column(i)
		for k, b := range base {
			t := x.from + k
			if b < 0 || x.lines[lo+t] != lineIn || x.sessions(i, b, t) != t-b {
				continue
			}
			x.of[k][w].covered += x.weight[lo+t]
			if sd := x.deviation(i, b, t); sd >= constantSD {
				x.c[k].add(x.weight[lo+t], x.total[lo+b+1:lo+t+1], sd)
			}
		}
	}
	for k, b := range base {
		if c := &x.c[k]; b >= 0 && c.members > 0 {
			c.finish()
			m := &x.of[k][w]
			m.members, m.implied, m.ratio = c.members, c.implied(), c.varianceRatio()
			if c.members > 1 {
				m.pairMean = c.pairMean()
			}
		}
	}
}

// addCorrelation gives how much the lines of session t have moved together over
// the window (b, t].
func (r *memberReturns) addCorrelation(f *factDay, ids []string, b, t int, m *together) {
	if !r.window(f, ids, b, t) || !r.enough(f, ids, m.members, 2, t) {
		return
	}
	f.coverage = schemas.Some(min(f.coverage.V, m.covered))
	if f.status = statusOf(f.coverage.V); !f.status.HasValue() {
		f.noneOf(ids, f.status)
		return
	}
	f.add(ids[0], m.pairMean)
	f.opt(ids[1], m.implied)
	f.opt(ids[2], m.ratio)
}

// deviation is the sample standard deviation of a security's daily returns over
// the window (b, t].
func (r *memberReturns) deviation(security, b, t int) float64 {
	lo, hi := r.column(security)
	n := float64(t - b)
	sum := r.sum(r.plain[0][lo:hi], r.plain[1][lo:hi], b, t)
	squares := r.sum(r.squared[0][lo:hi], r.squared[1][lo:hi], b, t)
	variance := (squares - sum*sum/n) / (n - 1)
	// What is left of nearly equal numbers is taken from the returns themselves.
	if variance < 1e-7 || variance < 1e-3*squares/n {
		_, sd := meanSD(r.total[lo+b+1 : lo+t+1])
		return sd
	}
	return math.Sqrt(variance)
}
