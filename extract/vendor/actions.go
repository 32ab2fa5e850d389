package vendor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

// The columns of actions, in the order of columns[KindActions].
const (
	actionSymbol = iota
	actionDate
	actionKind
	actionRatio
	actionAmount
	actionSplit
	actionDividend
)

// Actions returns the source of raw.action for a file, sorted by symbol, ex-date
// and kind. The part of a window is the file's name. Two layouts are read: one
// row for each action, with its kind; or one for each session, with a split
// coefficient (1 on ordinary days) and a dividend (0 on ordinary days).
//
// A split without a positive ratio is refused, and a dividend without a positive
// amount. Ratios are kept as published, also the odd ones by which some vendors
// book spin-offs.
func Actions(g extract.Getter, file File) extract.Source[schemas.Action] {
	return source[schemas.Action]{file: &file, kind: KindActions, fetch: func(ctx context.Context, w schemas.Window) ([]schemas.Action, error) {
		var actions []schemas.Action
		symbols := newInterner(file.Defaults["symbol"])
		err := file.each(ctx, g, w, func(r rows, payload string) error {
			day, err := required(r, actionDate, "ex-date")
			if err != nil {
				return err
			}
			symbol, err := symbols.read(r, actionSymbol)
			if err != nil {
				return err
			}
			found, err := file.readActions(r)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", symbol, day, err)
			}
			for _, a := range found {
				a.Publisher, a.Symbol, a.ExDate, a.Payload = file.Name, symbol, day, payload
				actions = append(actions, a)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.SortFunc(actions, func(a, b schemas.Action) int {
			return cmp.Or(strings.Compare(a.Symbol, b.Symbol), cmp.Compare(a.ExDate, b.ExDate), strings.Compare(a.Kind, b.Kind))
		})
		for i := 1; i < len(actions); i++ {
			if a, b := &actions[i-1], &actions[i]; a.Symbol == b.Symbol && a.ExDate == b.ExDate && a.Kind == b.Kind {
				return nil, duplicate(w, b.Payload, "two rows of a %s of %s on %s", b.Kind, b.Symbol, b.ExDate)
			}
		}
		// A file of all years is sound or not as a whole, and so what lies outside
		// the window was read too. Ex-dates reach back beyond the first day that a
		// window can have; those belong to the window that begins with it.
		return slices.DeleteFunc(actions, func(a schemas.Action) bool { return !w.Contains(max(a.ExDate, schemas.MinDate)) }), nil
	}}
}

// readActions returns the actions of one row, in whichever layout it is.
func (f *File) readActions(r rows) ([]schemas.Action, error) {
	perSession := r.Has(actionSplit) || r.Has(actionDividend)
	if perSession == (r.Has(actionKind) || f.Defaults["kind"] != "") {
		return nil, errors.New("the columns must have either a kind for each action, or a split and a dividend for each session")
	}
	if perSession {
		return readSession(r)
	}
	word, err := r.Text(actionKind)
	if err != nil {
		return nil, fmt.Errorf("kind: %w", err)
	}
	word = cmp.Or(word, f.Defaults["kind"])
	a := schemas.Action{Kind: cmp.Or(f.Kinds[word], word)}
	if a.Ratio, err = r.Number(actionRatio); err != nil {
		return nil, fmt.Errorf("ratio: %w", err)
	}
	if a.Amount, err = r.Number(actionAmount); err != nil {
		return nil, fmt.Errorf("amount: %w", err)
	}
	// A ratio or amount that is given is held to be one, whatever the kind.
	switch {
	case a.Ratio.OK && a.Ratio.V <= 0:
		return nil, fmt.Errorf("ratio %v cannot be", a.Ratio.V)
	case a.Amount.OK && a.Amount.V <= 0:
		return nil, fmt.Errorf("amount %v cannot be", a.Amount.V)
	}
	switch a.Kind {
	case schemas.ActionSplit:
		if !a.Ratio.OK {
			return nil, errors.New("a split without ratio")
		}
	case schemas.ActionDividend, schemas.ActionSpecial:
		if !a.Amount.OK {
			return nil, errors.New("a dividend without amount")
		}
	case schemas.ActionSpinOff:
		if !a.Ratio.OK && !a.Amount.OK {
			return nil, errors.New("a spin-off without ratio or amount")
		}
	default:
		return nil, fmt.Errorf("kind %.40q is not known; say under kinds what it means", word)
	}
	return []schemas.Action{a}, nil
}

// readSession returns the actions of a session's row.
func readSession(r rows) ([]schemas.Action, error) {
	split, err := r.Number(actionSplit)
	if err != nil {
		return nil, fmt.Errorf("split: %w", err)
	}
	dividend, err := r.Number(actionDividend)
	if err != nil {
		return nil, fmt.Errorf("dividend: %w", err)
	}
	var found []schemas.Action
	switch {
	case split.OK && split.V <= 0:
		return nil, fmt.Errorf("split %v cannot be", split.V)
	case split.OK && split.V != 1:
		found = append(found, schemas.Action{Kind: schemas.ActionSplit, Ratio: split})
	}
	switch {
	case dividend.OK && dividend.V < 0:
		return nil, fmt.Errorf("dividend %v cannot be", dividend.V)
	case dividend.OK && dividend.V > 0:
		found = append(found, schemas.Action{Kind: schemas.ActionDividend, Amount: dividend})
	}
	return found, nil
}
