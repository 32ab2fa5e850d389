package sandbox

import "tidemark/schemas"

// quotedRow is one session of a symbol.
type quotedRow struct {
	bar
	adjusted        float64 // of the close, for all that came later
	dividend, split float64
}

// quotedRows returns the sessions of a symbol of today that are out, oldest first;
// nil where there is none of that name.
func (w *world) quotedRows(ticker string) []quotedRow {
	last := w.lastSession(vendorKnown)
	if _, funds := w.levels(); len(funds[ticker].price) > 0 {
		return fundRows(funds[ticker], last)
	}
	m := w.market
	for _, s := range m.lines {
		if end := min(s.gone, len(m.days)) - 1; s.listed > last || dashed(s.symbolAt(min(end, last))) != ticker {
			continue
		}
		return w.lineRows(s, last)
	}
	return nil
}

// fundRows makes the rows of a fund of its levels: what the total gains over the
// price was paid out.
func fundRows(l levels, last int) []quotedRow {
	rows := make([]quotedRow, last+1)
	for t := range rows {
		p := l.price[t]
		r := quotedRow{bar: bar{t: t, open: p, high: p, low: p, close: p, volume: 1e6}, split: 1, adjusted: l.total[t] * l.price[last] / l.total[last]}
		if t > 0 {
			if paid := l.price[t-1]*l.total[t]/l.total[t-1] - p; paid > 1e-6*p {
				r.dividend = paid
			}
		}
		rows[t] = r
	}
	return rows
}

// lineRows makes the rows of a line of its bars and events.
func (w *world) lineRows(s *security, last int) []quotedRow {
	m := w.market
	rows := []quotedRow{}
	for y := range m.years {
		m.bars(s, y, func(x bar) {
			if x.t <= last {
				rows = append(rows, quotedRow{bar: x, split: 1})
			}
		})
	}
	next := 0
	for i := range rows {
		for ; next < len(s.events) && s.events[next].at <= rows[i].t; next++ {
			switch e := &s.events[next]; {
			case !w.listed(e) || e.kind == schemas.ActionSpinOff:
			case e.kind == schemas.ActionSplit:
				rows[i].split *= e.ratio
			default:
				rows[i].dividend += s.amount(e)
			}
		}
	}
	k := 1.0
	for i := len(rows) - 1; i >= 0; i-- {
		r := &rows[i]
		r.adjusted = r.close * k
		if i > 0 {
			k *= (1 - r.dividend*r.split/rows[i-1].close) / r.split // the cash is on the new shares
		}
	}
	return rows
}
