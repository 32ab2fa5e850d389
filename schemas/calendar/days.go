package calendar

import "tidemark/schemas"

// days is a set of weekdays from First to Last that is quick to walk and to
// count.
type days struct {
	list []schemas.Date // ascending
	rank []int32        // members before each day from First to Last + 1
}

func newDays(open func(schemas.Date) bool) days {
	s := days{rank: make([]int32, 1, int(Last-First)+2)}
	for d := First; d <= Last; d++ {
		if isWeekday(d) && open(d) {
			s.list = append(s.list, d)
		}
		s.rank = append(s.rank, int32(len(s.list)))
	}
	return s
}

// index returns how many members lie before d.
func (s *days) index(d schemas.Date) int {
	return int(s.rank[min(max(d, First), Last+1)-First])
}

func (s *days) has(d schemas.Date) bool {
	return d >= First && d <= Last && s.index(d) < s.index(d+1)
}

func (s *days) between(from, to schemas.Date) []schemas.Date {
	if from >= to {
		return nil
	}
	return s.list[s.index(from):s.index(to):s.index(to)]
}

func (s *days) after(d schemas.Date) schemas.Date {
	if d >= Last {
		return schemas.NoDate
	}
	if i := s.index(d + 1); i < len(s.list) {
		return s.list[i]
	}
	return schemas.NoDate
}

func (s *days) before(d schemas.Date) schemas.Date {
	if i := s.index(d); i > 0 {
		return s.list[i-1]
	}
	return schemas.NoDate
}
