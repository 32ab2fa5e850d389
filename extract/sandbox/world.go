package sandbox

import (
	"sync"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// world is what the publishers know. It does not change: a publisher that
// corrects itself puts another world in its place, so an answer under way
// speaks of one of the two.
type world struct {
	cal    *calendar.Calendar
	now    func() time.Time // nil: everything is published
	market *market
	fed    *fed
	fixes  revisions
	posts  int      // corrections made so far to the H.4.1
	former []former // what was known before each correction, oldest first
	memory *memory
}

// memory is what a world has worked out when first asked for.
type memory struct {
	levelsOnce sync.Once
	indices    map[string]levels
	funds      map[string]levels

	panelsMu sync.Mutex
	panels   []*panel // of the years asked for last

	barsMu   sync.Mutex
	bars     [][]dayBar // of the sessions of the year asked for last
	barsYear int

	archiveMu sync.Mutex
	archive   *archive
}

// closesHeld bounds the memory of the closes that are kept, in number: 64 MB.
// Two years are kept whatever their size.
const closesHeld = 8 << 20

// published reports whether something that becomes public at t is public now.
func (w *world) published(t time.Time) bool { return w.now == nil || !t.After(w.now()) }

// today is the current day in New York; where there is no clock it is a day on
// which everything is out.
func (w *world) today() schemas.Date {
	if w.now == nil {
		return w.market.to + 60
	}
	return schemas.DateOf(w.now().In(calendar.NewYork()))
}

// lastSession returns the newest session of the market for which the instant
// given by known has come, or -1.
func (w *world) lastSession(known func(schemas.Date) time.Time) int {
	t := w.market.sessionFrom(w.today()+1) - 1
	for t >= 0 && !w.published(known(w.market.days[t])) {
		t--
	}
	return t
}

// levels returns the closes of all indices and of all funds.
func (w *world) levels() (indices, funds map[string]levels) {
	w.memory.levelsOnce.Do(func() {
		w.memory.indices = w.market.buildLevels(w.market.panel)
		w.memory.funds = w.market.buildFundLevels(w.memory.indices)
	})
	return w.memory.indices, w.memory.funds
}

// panel returns the closes of year number y.
func (w *world) panel(y int) *panel {
	c := w.memory
	c.panelsMu.Lock()
	defer c.panelsMu.Unlock()
	for i, p := range c.panels {
		if p.year == y {
			c.panels = append(append(c.panels[:i:i], c.panels[i+1:]...), p)
			return p
		}
	}
	p := w.market.panel(y)
	c.panels = append(c.panels, p)
	for most := max(2, closesHeld/(253*len(w.market.lines))); len(c.panels) > most; {
		c.panels = c.panels[1:]
	}
	return p
}

// closeAt returns the close of a line at session t, carried over halts; 0
// where the line does not exist.
func (w *world) closeAt(line, t int) float64 {
	p := w.panel(w.market.yearOf(t))
	if p.close[line] == nil {
		return 0
	}
	return p.close[line][t-p.from]
}
