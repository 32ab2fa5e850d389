package transform

import "tidemark/schemas"

// Contributions returns what every security added to the return of the inputs'
// universe on each session of the window and over the windows that end with
// it, sorted by session and security. What is to be told of the inputs, the
// facts of the summary tell.
func Contributions(in *Inputs) []schemas.Contribution {
	p := in.settledPanel(false)
	if len(p.Sessions) == 0 {
		return nil
	}
	return in.attribution(p).rows(in)
}

// rows lists the lines of each session, and those that have left while one of
// the windows still remembers them.
func (a *attribution) rows(in *Inputs) []schemas.Contribution {
	from, to := a.factsFrom, min(a.windowTo, a.priced)
	if from >= to {
		return nil
	}
	positions, n := a.positions(from, to)
	out := make([]schemas.Contribution, n)
	scales := a.scales(from, to)
	inBlocks(len(a.Securities), func(_, lo, hi int) {
		w := newRowWriter(a, from, to, scales)
		for i := lo; i < hi; i++ {
			w.write(in, i, positions[i*(to-from):(i+1)*(to-from)], out)
		}
	})
	return out
}

// positions says of each security and session of [from, to) where its row is,
// or -1, and how many rows there are.
func (a *attribution) positions(from, to int) (at []int32, rows int) {
	sessions := to - from
	at = make([]int32, len(a.Securities)*sessions)
	counts := make([]int32, sessions+1)
	reach := make([]int, sessions) // the oldest base that a window has
	for k := range reach {
		reach[k] = a.base(from+k, 0)
		for _, n := range contributionWindows {
			reach[k] = min(reach[k], a.base(from+k, n))
		}
	}
	for i := range a.Securities {
		lo, _ := a.column(i)
		newest := -1
		for s := range from {
			if a.lines[lo+s] != notIn {
				newest = s
			}
		}
		for k := range sessions {
			if a.lines[lo+from+k] != notIn {
				newest = from + k
			}
			at[i*sessions+k] = -1
			if newest > reach[k] && newest >= 0 && a.days[from+k].status.HasValue() {
				at[i*sessions+k] = counts[k+1]
				counts[k+1]++
			}
		}
	}
	for k := range sessions {
		counts[k+1] += counts[k]
	}
	for i := range at {
		if at[i] >= 0 {
			at[i] += counts[i%sessions]
		}
	}
	return at, int(counts[sessions])
}

// windowScale is what turns running sums into linked contributions.
type windowScale struct {
	ok            bool
	base          int
	carino, scale float64 // Carino's 1/k, Menchero's A
	slope         float64 // Menchero's a
}

type windowScales [len(contributionWindows)]windowScale

// scales works them out for each session of [from, to).
func (a *attribution) scales(from, to int) []windowScales {
	out := make([]windowScales, to-from)
	for k := range out {
		t := from + k
		for i, n := range contributionWindows {
			w := &out[k][i]
			w.base = a.base(t, n)
			status, _ := a.standing(w.base, t)
			if w.ok = status.HasValue(); w.ok {
				w.carino = 1 / carinoFactor(a.ret(w.base, t))
				w.scale, w.slope = a.menchero(w.base, t)
			}
		}
	}
	return out
}

// rowWriter writes the rows of one security after another.
type rowWriter struct {
	a        *attribution
	from, to int
	scales   []windowScales

	terms      []float64
	plain      [2][]float64 // running sums of c
	carinoSums [2][]float64 // of c k
	product    [2][]float64 // of c R
}

func newRowWriter(a *attribution, from, to int, scales []windowScales) *rowWriter {
	n := len(a.Sessions)
	w := &rowWriter{a: a, from: from, to: to, scales: scales, terms: make([]float64, n)}
	for _, sums := range []*[2][]float64{&w.plain, &w.carinoSums, &w.product} {
		sums[0], sums[1] = make([]float64, n), make([]float64, n)
	}
	return w
}

// sum fills the running sums of the security's contributions times factors; nil
// is 1.
func (w *rowWriter) sum(lo int, factors []float64, to *[2][]float64) {
	for s := range w.terms {
		w.terms[s] = w.a.contribution(lo+s, s)
		if factors != nil {
			w.terms[s] *= factors[s]
		}
	}
	w.a.add(w.terms, to[0], to[1])
}

func (w *rowWriter) write(in *Inputs, security int, positions []int32, out []schemas.Contribution) {
	a := w.a
	lo, _ := a.column(security)
	summed := false
	for k, at := range positions {
		if at < 0 {
			continue
		}
		if !summed {
			w.sum(lo, nil, &w.plain)
			w.sum(lo, a.carino, &w.carinoSums)
			w.sum(lo, a.returns, &w.product)
			summed = true
		}
		t := w.from + k
		row := &out[at]
		row.Universe, row.Session, row.Security = in.Universe.ID, a.Sessions[t], a.Securities[security]
		row.Basis, row.Method, row.KnownAt, row.Status = a.basis, schemas.ContributionMethod, a.days[t].knownAt, schemas.StatusOK
		switch a.lines[lo+t] {
		case lineIn:
			row.Weight, row.Return = schemas.Some(a.weight[lo+t]), schemas.Some(a.total[lo+t])
			row.Daily = schemas.Some(a.contribution(lo+t, t))
		case lineUnknown:
			row.Status = schemas.InsufficientHistory
		default:
			row.Weight, row.Daily = schemas.Some(0.0), schemas.Some(0.0)
		}
		for i := range w.scales[k] {
			if scale := &w.scales[k][i]; scale.ok {
				row.Windows[i] = w.linked(security, scale, t)
			}
		}
	}
}

func (w *rowWriter) linked(security int, scale *windowScale, t int) schemas.Linked {
	a, b := w.a, scale.base
	return schemas.Linked{
		BuyHold:  schemas.Some(a.heldOver(security, b, t)),
		Carino:   schemas.Some(a.sum(w.carinoSums[0], w.carinoSums[1], b, t) * scale.carino),
		Menchero: schemas.Some(scale.scale*a.sum(w.plain[0], w.plain[1], b, t) + scale.slope*a.sum(w.product[0], w.product[1], b, t)),
		Return:   a.returnOver(security, b, t),
	}
}
