package transform

import "tidemark/schemas"

// beating counts the members whose return is above that of their index.
type beating struct {
	ahead, of int
	members   int // those of them without a return included
}

// live compares those that are members on session t and have a return on each
// session of the window (b, t].
func (r *memberReturns) live(b, t int) beating {
	var out beating
	index := untied(r.ret(b, t))
	for i := range r.Securities {
		lo, _ := r.column(i)
		if r.lines[lo+t] == notIn {
			continue
		}
		out.members++
		if r.sessions(i, b, t) == t-b {
			out.compare(untied(r.over(i, b, t)), index)
		}
	}
	return out
}

// asOfBase compares those that were members when the window (b, t] began. One
// that has ceased to trade keeps the value that it had last.
func (r *memberReturns) asOfBase(b, t int) beating {
	var out beating
	index := untied(r.ret(b, t))
	for i := range r.Securities {
		lo, _ := r.column(i)
		if r.lines[lo+b+1] == notIn {
			continue
		}
		out.members++
		if traded := r.sessions(i, b, t); traded > 0 && r.sessions(i, b, b+traded) == traded {
			out.compare(untied(r.over(i, b, t)), index)
		}
	}
	return out
}

func (b *beating) compare(own, index float64) {
	b.of++
	if own > index {
		b.ahead++
	}
}

// addBeating gives the shares of members that did better than the index over the
// window (b, t]: of those that are in today, and of those that were at its
// beginning.
func (r *memberReturns) addBeating(f *factDay, ids []string, b, t int) {
	if !r.window(f, ids, b, t) {
		return
	}
	worst := f.coverage.V
	for k, count := range []beating{r.live(b, t), r.asOfBase(b, t)} {
		f.members, f.excluded = count.of, count.members-count.of
		f.coverage = schemas.Some(min(worst, float64(count.of)/float64(max(count.members, 1))))
		f.status = statusOf(f.coverage.V)
		switch {
		case count.members == 0:
			f.none(ids[k], schemas.NoMembers)
		case !f.status.HasValue():
			f.none(ids[k], f.status)
		default:
			f.opt(ids[k], ratioOf(count.ahead, count.of))
		}
	}
}
