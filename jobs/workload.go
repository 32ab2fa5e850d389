package jobs

import "slices"

// workload is what windows take that several workers build. Those of years and
// months are many: together they take their sum, divided by how many are at work
// at once. Those made of all history are few, long, and wait for what they are
// made of: they come after the others and are laid out one by one.
type workload struct {
	sum, longest float64   // of years and months, in seconds
	last         []float64 // of all history, in the order of the plan
}

func (l *workload) add(w Planned, seconds float64) {
	if w.ofAllHistory() {
		l.last = append(l.last, seconds)
		return
	}
	l.sum, l.longest = l.sum+seconds, max(l.longest, seconds)
}

// takes returns the seconds until the last window has ended, where parallel of
// the workers are at work on average while there is enough to do.
func (l *workload) takes(parallel float64, workers int) float64 {
	free := make([]float64, max(1, workers))
	for _, seconds := range l.last {
		free[slices.Index(free, slices.Min(free))] += seconds
	}
	return max(l.sum/parallel, l.longest) + slices.Max(free)
}
