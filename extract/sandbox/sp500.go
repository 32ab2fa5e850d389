package sandbox

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// changesFrom is where the list of changes begins.
func changesFrom() schemas.Date { return schemas.NewDate(2019, time.January, 1) }

// listKnown is when the hand-made lists have a change of day d: the next day
// at noon.
func listKnown(d schemas.Date) time.Time { return (d + 1).In(calendar.NewYork(), 12, 0) }

// sp500 answers for the lists of members that others compile by hand.
func (w *world) sp500(q *request) *answer {
	switch q.path[strings.LastIndexByte(q.path, '/')+1:] {
	case "sp500_ticker_start_end.csv":
		return w.spellList()
	case "sp500_changes_since_2019.csv":
		return w.changeList()
	case "constituents.csv":
		return w.constituentList()
	}
	return refused(404, "text/plain; charset=utf-8", "404: Not Found")
}

// joined is the day on which a member of the market's first session came.
func (w *world) joined(line int) schemas.Date {
	first := schemas.NewDate(1996, time.January, 2) // where the list begins
	if w.market.days[0] <= first {
		return w.market.days[0]
	}
	return first + schemas.Date(w.market.seed.unit(streamRoster, line, 3)*float64(w.market.days[0]-first))
}

// stay is a symbol's time in the large index; a renamed member has two.
type stay struct {
	line     int
	symbol   string
	from, to int // sessions; to is the number of sessions while it lasts
}

func (w *world) stays() []stay {
	var out []stay
	for _, sp := range w.market.indices[indexLarge].spells {
		s := w.market.lines[sp.line]
		from := sp.from
		for _, r := range s.names {
			if r.at > from && r.at < sp.to {
				out = append(out, stay{sp.line, r.old, from, r.at})
				from = r.at
			}
		}
		out = append(out, stay{sp.line, s.symbolAt(from), from, sp.to})
	}
	return out
}

// snapshot is the day on which the list of spells was made. It is renewed
// twice a year, on the ninth of January and July; what comes later is only in
// the list of changes. Before that list begins the spells are always current.
func (w *world) snapshot() schemas.Date {
	d := w.lastListed()
	if d < changesFrom()+190 {
		return d
	}
	for _, at := range []schemas.Date{
		schemas.NewDate(d.Year(), time.July, 9), schemas.NewDate(d.Year(), time.January, 9), schemas.NewDate(d.Year()-1, time.July, 9),
	} {
		if at <= d-30 {
			return max(at, w.market.from)
		}
	}
	return d
}

// lastListed is the newest day whose changes the lists have.
func (w *world) lastListed() schemas.Date {
	d := min(w.market.to, w.today())
	for d > w.market.from && !w.published(listKnown(d)) {
		d--
	}
	return d
}

// spellList is ticker,start_date,end_date. Members of the market's first day
// came at some day before it.
func (w *world) spellList() *answer {
	m := w.market
	until := w.snapshot()
	var rows []string
	for _, s := range w.stays() {
		from, to := m.days[s.from], ""
		if from > until {
			continue
		}
		if s.from == 0 {
			from = w.joined(s.line)
		}
		if s.to < len(m.days) && m.days[s.to] <= until {
			to = m.days[s.to].String()
		}
		rows = append(rows, fmt.Sprintf("%s,%s,%s", dotted(s.symbol), from, to))
	}
	slices.Sort(rows)
	return listAnswer("ticker,start_date,end_date", rows, "start_date")
}

// changeList is date,add,remove with quoted lists of symbols. A rename adds
// and removes.
func (w *world) changeList() *answer {
	m := w.market
	until := w.lastListed()
	add, remove := map[schemas.Date][]string{}, map[schemas.Date][]string{}
	var days []schemas.Date
	for _, s := range w.stays() {
		if d := m.days[s.from]; s.from > 0 && d >= changesFrom() && d <= until {
			add[d] = append(add[d], dotted(s.symbol))
			days = append(days, d)
		}
		if s.to >= len(m.days) {
			continue
		}
		if d := m.days[s.to]; d >= changesFrom() && d <= until {
			remove[d] = append(remove[d], dotted(s.symbol))
			days = append(days, d)
		}
	}
	slices.Sort(days)
	var rows []string
	for _, d := range slices.Compact(days) {
		slices.Sort(add[d])
		slices.Sort(remove[d])
		rows = append(rows, fmt.Sprintf("%s,%q,%q", d, strings.Join(add[d], ","), strings.Join(remove[d], ",")))
	}
	return listAnswer("date,add,remove", rows, "date")
}

func listAnswer(header string, rows []string, column string) *answer {
	return &answer{
		kind:  "text/plain; charset=utf-8",
		twist: &tableTwister{column: column},
		text: func(out io.Writer) error {
			_, err := io.WriteString(out, header+"\n"+strings.Join(append(rows, ""), "\n"))
			return err
		},
	}
}

// constituentList describes the members of the newest day.
func (w *world) constituentList() *answer {
	m := w.market
	t := m.sessionFrom(w.lastListed()+1) - 1
	table := sectors()
	towns := [...]string{"Saint Paul, Minnesota", "Austin, Texas", "Boston, Massachusetts", "Columbus, Ohio"}
	var rows []string
	if t >= 0 {
		for _, id := range m.indices[indexLarge].members(t) {
			s := m.lines[id]
			added := w.joined(id)
			for _, sp := range m.indices[indexLarge].spells {
				if sp.line == id && sp.from > 0 && sp.from <= t {
					added = m.days[sp.from]
				}
			}
			cells := []string{
				dotted(s.symbolAt(t)), s.name, table[s.sector].name, s.industry, towns[s.issuer%len(towns)], added.String(),
				strconv.FormatInt(s.cik, 10), strconv.Itoa(1900 + s.issuer%110),
			}
			for i, c := range cells {
				if strings.ContainsAny(c, `,"`) {
					cells[i] = `"` + c + `"`
				}
			}
			rows = append(rows, strings.Join(cells, ","))
		}
	}
	slices.Sort(rows)
	return listAnswer("Symbol,Security,GICS Sector,GICS Sub-Industry,Headquarters Location,Date added,CIK,Founded", rows, "CIK")
}
