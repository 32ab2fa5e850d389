package transform

import (
	"strconv"

	"tidemark/schemas"
)

const (
	divergenceWindow = 252  // sessions over which two levels are compared
	divergenceRank   = 0.90 // rank of the gap in its history, which a flag must be above
	nearHigh         = -0.02
	divergenceMaxGap = 21 // sessions without a flag that two flags of an episode have between them at most
)

// diverged tells whether large has left small behind more than nearly ever, by
// the rank of its lead, while it is near its high.
func diverged(rank, distance float64) bool {
	return rank > divergenceRank && untied(distance) >= untied(nearHigh)
}

// episode is a stretch of flags, none of which is far from the next, by session.
type episode struct{ first, last, flags int }

// episodes follows flags from session to session: what is known of a session
// has been known on it.
type episodes struct {
	maxGap int
	open   episode // flags is 0 where there is none
}

// step takes in session i. It returns the episode that is open, and the one that
// is known to have ended now, which is maxGap+1 sessions after its last flag;
// flags is 0 where there is none.
func (e *episodes) step(i int, flag bool) (open, ended episode) {
	if e.open.flags > 0 && !flag && i-e.open.last > e.maxGap {
		ended, e.open = e.open, episode{}
	}
	if flag {
		if e.open.flags == 0 {
			e.open.first = i
		}
		e.open.last, e.open.flags = i, e.open.flags+1
	}
	return e.open, ended
}

// divergence is what two levels with the same days say of one another.
type divergence struct {
	gap      []float64 // of the returns over the window, large less small; from divergenceWindow on
	distance []float64 // of large from its highest close so far
	rank     []schemas.Opt[float64]
	flag     []schemas.Opt[bool]
}

func divergenceOf(small, large *level) divergence {
	n := len(small.days)
	d := divergence{gap: make([]float64, n), distance: underwaterOf(large).depth, rank: make([]schemas.Opt[float64], n), flag: make([]schemas.Opt[bool], n)}
	for i := divergenceWindow; i < n; i++ {
		d.gap[i] = large.value[i]/large.value[i-divergenceWindow] - small.value[i]/small.value[i-divergenceWindow]
		if w := trailing(d.gap[divergenceWindow:], i-divergenceWindow, strengthWindow); len(w) >= strengthLeast {
			d.rank[i] = schemas.Some(percentileRank(w))
			d.flag[i] = schemas.Some(diverged(d.rank[i].V, d.distance[i]))
		}
	}
	return d
}

// divergenceFacts gives when a large index at a high has left the small one
// behind, the episodes of that, and what followed each session.
func (s *levelFacts) divergenceFacts(small, large *level) {
	if len(small.days) == 0 {
		return
	}
	suffix := small.suffix
	d := divergenceOf(small, large)
	s.each("div_gap_"+suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		if i < divergenceWindow {
			return 0, schemas.InsufficientHistory, ""
		}
		return d.gap[i], schemas.StatusOK, "base=" + small.days[i-divergenceWindow].String()
	})
	s.each("div_pctl_"+suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		if !d.rank[i].OK {
			return 0, schemas.InsufficientHistory, ""
		}
		return d.rank[i].V, schemas.StatusOK, ""
	})
	s.each("div_flag_"+suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		if !d.flag[i].OK {
			return 0, schemas.InsufficientHistory, ""
		}
		return flagValue(d.flag[i].V), schemas.StatusOK, ""
	})
	e := episodes{maxGap: divergenceMaxGap}
	of := func(x episode) string {
		return small.days[x.first].String() + ".." + small.days[x.last].String() + " flags=" + strconv.Itoa(x.flags)
	}
	open, ended := make([]episode, len(small.days)), make([]episode, len(small.days))
	for i := range small.days {
		open[i], ended[i] = e.step(i, d.flag[i].V)
	}
	s.each("div_episode_"+suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		switch {
		case !d.flag[i].OK:
			return 0, schemas.InsufficientHistory, ""
		case open[i].flags > 0:
			return 1, schemas.StatusOK, "open=" + of(open[i])
		case ended[i].flags > 0:
			return 0, schemas.StatusOK, "ended=" + of(ended[i])
		}
		return 0, schemas.StatusOK, ""
	})
	for _, w := range schemas.ForwardWindows {
		sessions, _ := strconv.Atoi(w)
		for _, leg := range forwardLegs {
			s.ahead("fwd_ret_"+w+"_"+leg.name+"_"+suffix, small, 2, sessions, func(i int) (float64, schemas.Status, string) {
				return leg.of(small, large, i, i+sessions), schemas.StatusOK, "until=" + small.days[i+sessions].String()
			})
		}
	}
}

var forwardLegs = []struct {
	name string
	of   func(small, large *level, b, t int) float64
}{
	{"large", func(_, large *level, b, t int) float64 { return large.value[t]/large.value[b] - 1 }},
	{"small", func(small, _ *level, b, t int) float64 { return small.value[t]/small.value[b] - 1 }},
	{"gap", func(small, large *level, b, t int) float64 {
		return small.value[t]/small.value[b] - large.value[t]/large.value[b]
	}},
}

func divergenceIDs() []string {
	var out []string
	for _, suffix := range suffixes {
		for _, name := range []string{"div_gap_", "div_pctl_", "div_flag_", "div_episode_"} {
			out = append(out, name+suffix)
		}
		for _, w := range schemas.ForwardWindows {
			for _, leg := range forwardLegs {
				out = append(out, "fwd_ret_"+w+"_"+leg.name+"_"+suffix)
			}
		}
	}
	return out
}
