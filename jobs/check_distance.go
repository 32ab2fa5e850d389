package jobs

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"tidemark/schemas"
)

// How far one day's figures may be from those of the day before.
const (
	// leastNames is from how many figures on a day can be judged by its shares.
	leastNames = 20
	// mostVanished is the largest share of names that may be gone. The yearly
	// reconstitution of the Russell 2000 replaces about an eighth of it.
	mostVanished = 0.2
	vanishedDays = 40 // and within how many days: files of month ends are up to 35 apart
	// stillShare is the share of figures that are exactly those of the day before
	// from which on a day is a copy. On a real session one or two closes in a
	// hundred stand still; of the H.4.1's items a third may.
	stillShare = 0.98
	// mostMoved is the largest median move: that of 19 October 1987 was a fifth.
	mostMoved = 0.3
	movedDays = 10 // and within how many days
	// lookBack is how many days before a window its first day is compared with.
	lookBack = 10
)

// distance holds the newest day of a window against the day before it, and so
// a file that must not replace the window: yesterday's under today's date, or
// half of today's. Days that came together with the newest, after a pause, are
// held too; what is found on them is a warning, because an error there would
// keep out every day that follows. counts says on which days figures are
// expected; nil means on all.
func distance[T any](figure func(*T) (dated, float64), counts func(schemas.Date) bool) check[arrival[T]] {
	return check[arrival[T]]{
		CheckInfo: CheckInfo{
			Name: "previous_day", Severity: schemas.SeverityError,
			Says: "The newest day is not a copy of the day before, has at least four fifths of its names, and differs from it by less than 30 % in the median.",
		},
		back: lookBack,
		holds: func(a arrival[T]) ([]finding, string) {
			known := newest(a.old, figure, counts)
			days := recentDays([][]T{a.before, a.fresh}, known, figure, counts)
			var found []finding
			for i := 1; i < len(days); i++ {
				for _, says := range days[i].differs(days[i-1]) {
					found = append(found, finding{day: days[i].day, says: says, mild: i < len(days)-1})
				}
			}
			return found, ""
		},
	}
}

// newest returns the newest day that has a figure.
func newest[T any](rows standing[T], figure func(*T) (dated, float64), counts func(schemas.Date) bool) schemas.Date {
	out := schemas.NoDate
	for row := range rows.all() {
		if of, v := figure(row); v != 0 && (counts == nil || counts(of.day)) {
			out = max(out, of.day)
		}
	}
	return out
}

// crossSection is the figures of one day.
type crossSection struct {
	day     schemas.Date
	figures map[string]float64
}

// recentDays returns, of rows that come in parts, the days after the known one,
// or the newest alone where none is later or none is known, and the day before
// them; oldest first. A figure of zero is none.
func recentDays[T any](parts [][]T, known schemas.Date, figure func(*T) (dated, float64), counts func(schemas.Date) bool) []crossSection {
	all := map[schemas.Date]bool{}
	for _, rows := range parts {
		for i := range rows {
			of, v := figure(&rows[i])
			if v != 0 && !all[of.day] && (counts == nil || counts(of.day)) {
				all[of.day] = true
			}
		}
	}
	days := slices.Sorted(maps.Keys(all))
	first := len(days) - 2
	for known != schemas.NoDate && first > 0 && days[first] > known {
		first--
	}
	if first < 0 {
		return nil
	}
	out := make([]crossSection, 0, len(days)-first)
	at := map[schemas.Date]map[string]float64{}
	for _, d := range days[first:] {
		at[d] = map[string]float64{}
		out = append(out, crossSection{d, at[d]})
	}
	for _, rows := range parts {
		for i := range rows {
			of, v := figure(&rows[i])
			if figures := at[of.day]; figures != nil && v != 0 {
				figures[of.name] = v
			}
		}
	}
	return out
}

// differs says in which ways a day cannot be the one after prev.
func (c crossSection) differs(prev crossSection) []string {
	if len(prev.figures) < leastNames {
		return nil
	}
	apart := int(c.day - prev.day)
	var says []string
	var moves []float64
	still := 0
	for name, was := range prev.figures {
		now, ok := c.figures[name]
		if !ok {
			continue
		}
		if now == was {
			still++
		}
		moves = append(moves, math.Abs(now/was-1))
	}
	if gone := len(prev.figures) - len(moves); apart <= vanishedDays && float64(gone) > mostVanished*float64(len(prev.figures)) {
		says = append(says, fmt.Sprintf("%d of the %d names of %s are missing", gone, len(prev.figures), prev.day))
	}
	if len(moves) < leastNames {
		return says
	}
	if float64(still) >= stillShare*float64(len(moves)) {
		says = append(says, fmt.Sprintf("%d of %d figures are exactly those of %s: a copy under a new date?", still, len(moves), prev.day))
	}
	slices.Sort(moves)
	if m := moves[len(moves)/2]; apart <= movedDays && m > mostMoved {
		says = append(says, fmt.Sprintf("half of %d figures are more than %.0f %% away from those of %s", len(moves), 100*m, prev.day))
	}
	return says
}
