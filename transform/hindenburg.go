package transform

import (
	"slices"

	"tidemark/schemas"
	"tidemark/transform/series"
)

var hindenburgIDs = []string{"hindenburg_k22", "hindenburg_k28"}

const (
	hindenburgTrend   = 50 // sessions
	hindenburgConfirm = 36 // calendar days
)

// hindenburgShares are the shares of the issues traded that new highs and new
// lows must each be above, in thousandths: Miekka's, and the later one.
var hindenburgShares = []float64{22, 28}

// hindenburgDay is what the omen of one session is read from.
type hindenburgDay struct {
	traded, highs, lows float64 // issues
	oscillator          float64 // McClellan's, of advances less declines
	rising              bool    // the index is in a rising trend
}

// omen tells whether new highs and new lows are each above a share of the issues
// traded, in thousandths, while the index rises, the oscillator is below 0 and
// new highs are not more than twice new lows.
func (d hindenburgDay) omen(share float64) bool {
	return 1000*d.highs > share*d.traded && 1000*d.lows > share*d.traded && d.rising && d.oscillator < 0 && d.highs <= 2*d.lows
}

// rising tells whether a level's average of 50 sessions is above the one of the
// session before. The two have 49 sessions in common, so that this asks whether
// the level is above that of 50 sessions before, which is the other way in which
// the trend is told. sessions ends with the day in question.
func rising(l *level, sessions []schemas.Date) (up, ok bool) {
	if len(sessions) <= hindenburgTrend {
		return false, false
	}
	now, today := slices.BinarySearch(l.days, sessions[len(sessions)-1])
	was, then := slices.BinarySearch(l.days, sessions[len(sessions)-1-hindenburgTrend])
	if !today || !then {
		return false, false
	}
	return l.value[now] > l.value[was], true
}

// hindenburg is the omens of the sessions so far.
type hindenburg struct {
	level    level
	sessions []schemas.Date
	last     []schemas.Date // omen by share, or NoDate
}

func newHindenburg(in *Inputs) (hindenburg, []Finding) {
	l, found := levelOf(in, in.Universe.Level, "pr", in.Universe.LevelBasis)
	return hindenburg{level: l, last: []schemas.Date{schemas.NoDate, schemas.NoDate}}, found
}

// stepHindenburg takes in a session. why says whether the oscillator has a value.
func (t *breadthTrend) stepHindenburg(f *factDay, d *breadthDay, why schemas.Status) {
	h := &t.omens
	h.sessions = append(h.sessions, d.session)
	v, lacking := d.values("adv", "dec", "unch", "new_high_close", "new_low_close")
	up, ok := rising(&h.level, h.sessions)
	switch {
	case !why.HasValue():
		f.noneOf(hindenburgIDs, why)
		return
	case !lacking.HasValue():
		f.noneOf(hindenburgIDs, lacking)
		return
	case !ok && len(h.sessions) <= hindenburgTrend:
		f.noneOf(hindenburgIDs, schemas.InsufficientHistory)
		return
	case !ok:
		f.noneOf(hindenburgIDs, schemas.NotPublished)
		return
	}
	day := hindenburgDay{traded: v[0] + v[1] + v[2], highs: v[3], lows: v[4], oscillator: t.raw.Oscillator(), rising: up}
	f.warming(t.raw.Days, series.McClellanWarmup, func() {
		for i, id := range hindenburgIDs {
			if !day.omen(hindenburgShares[i]) {
				f.add(id, 0)
				continue
			}
			before := h.last[i]
			h.last[i] = d.session
			confirms := before != schemas.NoDate && d.session-before <= hindenburgConfirm
			f.note(confirms, "confirms="+before.String(), func() { f.add(id, 1) })
		}
	})
}
