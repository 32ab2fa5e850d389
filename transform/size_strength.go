package transform

import (
	"math"

	"tidemark/schemas"
)

// strengthWindow and strengthLeast are how many sessions the log ratio is held
// against, and how many of them there must be: ten years and five.
const (
	strengthWindow = 2520
	strengthLeast  = 1260
)

// logRatios returns ln of small/large rebased to 1 on the first day.
func logRatios(small, large *level) []float64 {
	out := make([]float64, len(small.days))
	for i := range out {
		out[i] = math.Log(small.value[i] / small.value[0] / (large.value[i] / large.value[0]))
	}
	return out
}

// trailing returns the last n values up to the i-th.
func trailing(x []float64, i, n int) []float64 { return x[max(0, i+1-n) : i+1] }

// strengthFacts gives the relative strength of two levels with the same days.
func (s *levelFacts) strengthFacts(small, large *level) {
	if len(small.days) == 0 {
		return
	}
	logs := logRatios(small, large)
	since := "since=" + small.days[0].String()
	s.each("rs_ratio_"+small.suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		return small.value[i] / small.value[0] / (large.value[i] / large.value[0]), schemas.StatusOK, since
	})
	s.each("rs_log_"+small.suffix, small, 2, func(i int) (float64, schemas.Status, string) { return logs[i], schemas.StatusOK, since })
	s.each("rs_z_"+small.suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		w := trailing(logs, i, strengthWindow)
		if len(w) < strengthLeast {
			return 0, schemas.InsufficientHistory, ""
		}
		v, status := zScore(w)
		return v, status, ""
	})
	s.each("rs_pctl_"+small.suffix, small, 2, func(i int) (float64, schemas.Status, string) {
		w := trailing(logs, i, strengthWindow)
		if len(w) < strengthLeast {
			return 0, schemas.InsufficientHistory, ""
		}
		return percentileRank(w), schemas.StatusOK, ""
	})
}
