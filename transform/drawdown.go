package transform

import (
	"slices"

	"tidemark/schemas"
)

// underwater follows a level from its start: how far it is below its highest
// value so far, how far it has ever been, and since when.
type underwater struct {
	depth []float64      // V / max - 1, at most 0
	worst []float64      // lowest depth so far
	peak  []schemas.Date // day of the highest value so far; the last one where it was reached again
}

func underwaterOf(l *level) underwater {
	var u underwater
	var top, worst float64
	var peak schemas.Date
	for i, v := range l.value {
		if v >= top {
			top, peak = v, l.days[i]
		}
		depth := v/top - 1
		worst = min(worst, depth)
		u.depth, u.worst, u.peak = append(u.depth, depth), append(u.worst, worst), append(u.peak, peak)
	}
	return u
}

// highWindow is how many sessions make the 52 weeks of a high.
const highWindow = 252

// computeLevel gives returns, drawdowns and distances from highs of a single
// universe's levels. For a pair of universes there is nothing to give.
func computeLevel(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	u := in.Universe
	if u.Against != "" {
		return nil, nil
	}
	s := &levelFacts{in: in}
	price, findings := levelOf(in, u.Level, "pr", u.LevelBasis)
	totalReturn, found := levelOf(in, u.LevelTR, "tr", u.LevelTRBasis)
	for _, l := range []*level{&price, &totalReturn} {
		s.returnFacts(l)
		s.drawdownFacts(l)
	}
	s.highFacts(&price)
	return s.facts, append(findings, found...)
}

func (s *levelFacts) returnFacts(l *level) {
	for _, sp := range spans {
		s.each("ret_"+sp.name+"_"+l.suffix, l, 1, func(i int) (float64, schemas.Status, string) {
			v, status := s.spanReturn(l, i, sp)
			return v, status, ""
		})
	}
}

func (s *levelFacts) drawdownFacts(l *level) {
	if len(l.days) == 0 {
		return
	}
	u := underwaterOf(l)
	since := "since=" + l.days[0].String()
	s.each("drawdown_"+l.suffix, l, 1, func(i int) (float64, schemas.Status, string) {
		return u.depth[i], schemas.StatusOK, "peak=" + u.peak[i].String()
	})
	s.each("mdd_"+l.suffix, l, 1, func(i int) (float64, schemas.Status, string) { return u.worst[i], schemas.StatusOK, since })
	s.each("days_under_"+l.suffix, l, 1, func(i int) (float64, schemas.Status, string) {
		return float64(l.days[i] - u.peak[i]), schemas.StatusOK, "peak=" + u.peak[i].String()
	})
}

// highFacts gives the distances from highs that the press quotes, which is why
// they are taken from the price level only.
func (s *levelFacts) highFacts(l *level) {
	if len(l.days) == 0 {
		return
	}
	u := underwaterOf(l)
	s.each("dist_ath", l, 1, func(i int) (float64, schemas.Status, string) {
		return u.depth[i], schemas.StatusOK, "ath_since=" + l.days[0].String()
	})
	s.each("dist_52w", l, 1, func(i int) (float64, schemas.Status, string) {
		w := trailing(l.value, i, highWindow)
		if len(w) < highWindow {
			return 0, schemas.InsufficientHistory, ""
		}
		return l.value[i]/slices.Max(w) - 1, schemas.StatusOK, ""
	})
}

func levelMetrics() []string {
	out := []string{"dist_ath", "dist_52w"}
	for _, suffix := range suffixes {
		for _, sp := range spans {
			out = append(out, "ret_"+sp.name+"_"+suffix)
		}
		out = append(out, "drawdown_"+suffix, "mdd_"+suffix, "days_under_"+suffix)
	}
	return out
}
