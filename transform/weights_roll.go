package transform

import (
	"fmt"
	"time"

	"tidemark/schemas"
)

// weighting is the weights of a universe at the close of one session.
type weighting struct {
	status   schemas.Status // why there are none, or ok
	detail   string
	basis    string // file or rolled
	fund     string
	asOf     schemas.Date // of the file
	lines    []int32      // securities of the panel, sorted
	weights  []float64    // of the lines, adding up to 1
	coverage float64      // share of the file's weight that has prices, 1 on the file's own day
	excluded int          // lines that left the index since the file, members that joined it
	residual float64
	knownAt  time.Time
}

// weightsOn returns the weights at the close of session s. On a file's own day
// they are the file's. On the sessions after it, for at most 35 calendar days,
// each line moves with its price; lines without a price move with the rest.
func (p *Panel) weightsOn(in *Inputs, s int) weighting {
	day := p.Sessions[s]
	file := p.book.at(in.Universe.Funds, day)
	if file == nil {
		return weighting{status: schemas.StaleInput, basis: "file", detail: fmt.Sprintf("no holdings of the %d days before", maxFileAge), knownAt: in.Calendar.Close(day)}
	}
	w := weighting{
		status: schemas.StatusOK, basis: "file", fund: file.fund, asOf: file.asOf, lines: file.index, weights: file.weights,
		coverage: 1, residual: file.residual, knownAt: in.Calendar.Close(day),
	}
	if known := in.Calendar.HoldingsKnown(file.asOf); known.After(w.knownAt) {
		w.knownAt = known
	}
	w.detail = fmt.Sprintf("fund=%s file=%s", file.fund, file.asOf)
	if file.asOf == day || len(p.close) == 0 || (p.priced == 0 && file.session == day) {
		return w
	}
	w.basis = "rolled"
	if s >= p.priced {
		w.status, w.detail = schemas.StaleInput, w.detail+"; no prices since"
		return w
	}
	p.roll(&w, s)
	return w
}

// roll carries the weights of a file to the close of session s.
func (p *Panel) roll(w *weighting, s int) {
	base := p.from(w.asOf+1) - 1 // last session on or before the file's day
	if base < 0 {
		w.coverage = 0
		return
	}
	n := len(p.Sessions)
	lines, weights := make([]int32, 0, len(w.lines)), make([]float64, 0, len(w.lines))
	relative := make([]float64, 0, len(w.lines)) // price now over price then, 0 where unknown
	before, after, staying := 0.0, 0.0, 0.0
	for k, line := range w.lines {
		then, now := int(line)*n+base, int(line)*n+s
		if p.left(int(line), base, s) {
			w.excluded++
			continue
		}
		staying += w.weights[k]
		rel := 0.0
		if p.cells[then]&cellPriced != 0 && p.cells[now]&cellPriced != 0 {
			rel = p.priceGrowth(int(line), base, s)
			before += w.weights[k]
			after += w.weights[k] * rel
		}
		lines, weights, relative = append(lines, line), append(weights, w.weights[k]), append(relative, rel)
	}
	if before <= 0 || staying <= 0 {
		w.coverage = 0
		return
	}
	w.coverage = before / staying
	rest := after / before
	for k, rel := range relative {
		if rel == 0 {
			rel = rest
		}
		weights[k] *= rel
	}
	normalise(weights)
	w.excluded += p.joined(w.lines, base, s)
	w.lines, w.weights = lines, weights
}

// left says whether a line was a member on the file's session or the one after
// it and is no longer one on session s. Lines that no list knows stay.
func (p *Panel) left(security, base, s int) bool {
	at := security * len(p.Sessions)
	return (p.cells[at+base]|p.cells[at+base+1])&cellMember != 0 && p.cells[at+s]&cellMember == 0
}

// joined counts the members on session s that were none on the file's session
// and have no line in the file: their weight is unknown.
func (p *Panel) joined(lines []int32, base, s int) int {
	n, count := len(p.Sessions), 0
	next := 0
	for i := range p.Securities {
		for next < len(lines) && int(lines[next]) < i {
			next++
		}
		if next < len(lines) && int(lines[next]) == i {
			continue
		}
		if p.cells[i*n+s]&cellMember != 0 && p.cells[i*n+base]&cellMember == 0 {
			count++
		}
	}
	return count
}
