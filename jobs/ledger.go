package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tidemark/jobs/schedule"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// ledger reads what became of every slot: the newest line of each, by job,
// newest slot first.
func (r *Runner) ledger(ctx context.Context) (map[string][]schemas.Slot, error) {
	lines, err := r.Warehouse.Slots(ctx, "", 0)
	if err != nil {
		return nil, fmt.Errorf("read the ledger of slots: %w", err)
	}
	out := map[string][]schemas.Slot{}
	for _, l := range lines {
		out[l.Job] = append(out[l.Job], l)
	}
	return out, nil
}

// remembered is the part of a job's ledger that the accounts go on from.
func remembered(lines []schemas.Slot) schedule.Ledger {
	var l schedule.Ledger
	for _, line := range lines {
		switch line.State {
		case schemas.SlotVoid:
		case schemas.SlotBegan:
			l.Since = line.At
		default:
			l.Spans = append(l.Spans, schedule.Span{First: line.First, Last: line.At, Count: int(line.Count)})
		}
	}
	return l
}

// noteSlots writes lines of the ledger. Each is newer than every line before,
// also when the clock was set back meanwhile.
func (s *Scheduler) noteSlots(ctx context.Context, lines ...schemas.Slot) error {
	s.mu.Lock()
	at := s.Now().UTC().Truncate(time.Millisecond)
	if !at.After(s.noted) {
		at = s.noted.Add(time.Millisecond)
	}
	s.noted = at
	s.mu.Unlock()
	for i := range lines {
		lines[i].Noted, lines[i].Owner = at, s.Warehouse.Owner()
	}
	if err := clickhouse.Append(ctx, s.Warehouse, schemas.Slots, lines); err != nil {
		return fmt.Errorf("write the ledger of slots: %w", err)
	}
	for _, l := range lines {
		if s.SlotEnded != nil && l.State != schemas.SlotBegan && l.State != schemas.SlotStarted {
			s.SlotEnded(l)
		}
	}
	return nil
}

func slotLine(job string, at time.Time, state schemas.SlotState, reason string) schemas.Slot {
	return schemas.Slot{Job: job, At: at, First: at, Count: 1, State: state, Reason: reason}
}

func spanLine(job string, s schedule.Span, state schemas.SlotState, reason string) schemas.Slot {
	return schemas.Slot{Job: job, At: s.Last, First: s.First, Count: int64(s.Count), State: state, Reason: reason}
}

// divided returns lines for spans that are what is left of a longer one, whose
// own line is void now.
func divided(job string, kept []schedule.Span, all []schemas.Slot) (lines []schemas.Slot) {
	for _, span := range kept {
		if slices.ContainsFunc(all, func(l schemas.Slot) bool { return l.At.Equal(span.Last) }) {
			continue
		}
		for _, l := range all {
			if !span.First.Before(l.First) && !span.Last.After(l.At) {
				lines = append(lines, spanLine(job, span, l.State, l.Reason))
				break
			}
		}
	}
	return lines
}
