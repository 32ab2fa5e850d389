package sandbox

import (
	"fmt"
	"maps"
	"slices"

	"tidemark/schemas"
)

// revisions are the corrections that publishers have made to single figures.
type revisions struct {
	observations map[observationKey]int64
	rates        map[rateKey]float64
	operations   map[operationKey]int64
	holdings     map[holdingKey]float64
}

type observationKey struct {
	series string
	day    schemas.Date
}

type rateKey struct {
	name string
	day  schemas.Date
}

type operationKey struct {
	day   schemas.Date
	close string
}

type holdingKey struct {
	fund string
	day  schemas.Date
	line int
}

// revise puts a changed copy of the world in place of the present one.
func (s *Sandbox) revise(change func(*world) error) error {
	s.revising.Lock()
	defer s.revising.Unlock()
	w := *s.world.Load()
	w.memory = &memory{}
	was := w
	was.memory = &memory{}
	w.former = append(slices.Clip(w.former), former{&was, w.today()})
	if err := change(&w); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	s.world.Store(&w)
	return nil
}

// with returns a copy of a map with one more entry.
func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	out := maps.Clone(m)
	if out == nil {
		out = map[K]V{}
	}
	out[k] = v
	return out
}

// edit returns the market with a copy of one line, ready to be changed.
func (w *world) edit(symbol string) (*security, error) {
	line, known := w.market.bySym[symbol]
	if !known {
		return nil, fmt.Errorf("there is no security %q", symbol)
	}
	m := *w.market
	m.lines = slices.Clone(m.lines)
	s := *m.lines[line]
	s.events = slices.Clone(s.events)
	m.lines[line] = &s
	w.market = &m
	return &s, nil
}

// ReviseSplit lets a split come to light late: from now on prices from the day
// on are those after it, and the actions file has it. The day must be a
// session on which the security has no other action.
func (s *Sandbox) ReviseSplit(symbol string, ex schemas.Date, ratio float64) error {
	return s.revise(func(w *world) error {
		line, err := w.edit(symbol)
		if err != nil {
			return err
		}
		t, open := w.market.session(ex)
		if !open || t <= line.listed || t >= line.gone {
			return fmt.Errorf("%s has no session before and on %s", symbol, ex)
		}
		if ratio <= 0 {
			return fmt.Errorf("a split of ratio %g is none", ratio)
		}
		at, taken := slices.BinarySearchFunc(line.events, t, func(e event, t int) int { return e.at - t })
		if taken {
			return fmt.Errorf("%s already has an action on %s", symbol, ex)
		}
		line.events = slices.Insert(line.events, at, event{at: t, kind: schemas.ActionSplit, ratio: ratio})
		return nil
	})
}

// HoldBack makes the vendor forget the actions of a security on a day in its
// actions file, though its prices show them; Release makes it remember.
func (s *Sandbox) HoldBack(symbol string, ex schemas.Date) error { return s.hide(symbol, ex, true) }

// Release ends what HoldBack began.
func (s *Sandbox) Release(symbol string, ex schemas.Date) error { return s.hide(symbol, ex, false) }

func (s *Sandbox) hide(symbol string, ex schemas.Date, hidden bool) error {
	return s.revise(func(w *world) error {
		line, err := w.edit(symbol)
		if err != nil {
			return err
		}
		found := false
		for i := range line.events {
			if w.market.days[line.events[i].at] == ex {
				line.events[i].hidden, found = hidden, true
			}
		}
		if !found {
			return fmt.Errorf("%s has no action on %s", symbol, ex)
		}
		return nil
	})
}

// ReviseReserves moves an amount in USD mn from other deposits to reserve
// balances in the H.4.1 of a Wednesday, in the level and so in the average.
// All identities still hold.
func (s *Sandbox) ReviseReserves(wednesday schemas.Date, millions int64) error {
	return s.revise(func(w *world) error {
		if !w.fed.has(wednesday) {
			return fmt.Errorf("there is no statement for %s", wednesday)
		}
		f := *w.fed
		f.balances = slices.Clone(f.balances)
		f.at(wednesday).moved += millions
		w.posts++
		w.fed = &f
		return nil
	})
}

// ReviseObservation sets one figure of the H.4.1, in USD mn, and of the FRED
// series that repeats it, without regard to the identities.
func (s *Sandbox) ReviseObservation(series string, wednesday schemas.Date, millions int64) error {
	return s.revise(func(w *world) error {
		if _, known := w.variant(series); !known {
			return fmt.Errorf("the H.4.1 has no series %q", series)
		}
		w.posts++
		w.fixes.observations = with(w.fixes.observations, observationKey{series, wednesday}, millions)
		return nil
	})
}

// ReviseRate sets a reference rate, in percent, and marks it as revised.
func (s *Sandbox) ReviseRate(name string, day schemas.Date, percent float64) error {
	return s.revise(func(w *world) error {
		x, known := referenceByName(name)
		if !known || !w.fed.open(x, day) {
			return fmt.Errorf("there is no %q for %s", name, day)
		}
		w.fixes.rates = with(w.fixes.rates, rateKey{name, day}, percent)
		return nil
	})
}

// ReviseOperation amends the accepted amount, in USD, of the operation of the
// given day and closing time ("13:15" for the overnight reverse repo).
func (s *Sandbox) ReviseOperation(day schemas.Date, closing string, accepted int64) error {
	return s.revise(func(w *world) error {
		if !w.cal.IsFedDay(day) || !slices.ContainsFunc(w.fed.operations(day), func(o operation) bool { return o.close == closing }) {
			return fmt.Errorf("there is no operation on %s that closes at %s", day, closing)
		}
		w.fixes.operations = with(w.fixes.operations, operationKey{day, closing}, accepted)
		return nil
	})
}

// ReviseHoldings corrects a fund's file: the quantity of one security is
// multiplied by factor.
func (s *Sandbox) ReviseHoldings(fund string, asOf schemas.Date, symbol string, factor float64) error {
	return s.revise(func(w *world) error {
		f, known := fundByTicker(fund)
		if !known || f.index == "" {
			return fmt.Errorf("there is no holdings file of %q", fund)
		}
		line, known := w.market.bySym[symbol]
		t, open := w.market.session(asOf)
		if !known || !open || !slices.Contains(w.market.indices[f.index].members(t), line) {
			return fmt.Errorf("%s does not hold %q on %s", fund, symbol, asOf)
		}
		w.fixes.holdings = with(w.fixes.holdings, holdingKey{fund, asOf, line}, factor)
		return nil
	})
}
