package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tidemark/schemas"
)

// ErrStandsOtherwise says that a window does not hold what it was to be extended
// from: another process has worked on it, or its last days come out otherwise
// than they did. It can be replaced as a whole.
var ErrStandsOtherwise = errors.New("the window does not hold what the new days were to be added to")

// Extension is a window as it stands, and how to go on from there.
type Extension[T any] struct {
	Stands string       // content of the window, as it was recorded
	Kept   schemas.Date // its days up to this one stay as they are
	// Rows are those of the days after Kept, in place of what the window holds of
	// such, and of a few days up to it, which must be in the window as they are
	// here.
	Rows []T

	agreed bool        // as Agrees has found
	beyond fingerprint // what the window held after Kept when Agrees looked
}

// Agrees reports whether the last of the days that are kept are in the window as
// they are in the rows at hand. What does not agree is not extended.
func (x *Extension[T]) Agrees(ctx context.Context, w *Warehouse, t schemas.Table[T], win schemas.Window) (bool, error) {
	fail := func(err error) (bool, error) {
		return false, fmt.Errorf("clickhouse: look at the end of %s, window %s: %w", t, win, err)
	}
	enc := newEncoder(t)
	again := slices.DeleteFunc(slices.Clone(x.Rows), func(row T) bool { return enc.day(&row) > x.Kept })
	if len(again) == 0 {
		return false, nil
	}
	sizes, err := enc.measure(again)
	if err != nil {
		return fail(err)
	}
	first := x.Kept
	for day := range sizes.days {
		first = min(first, day)
	}
	days, err := w.dayHashes(ctx, t.Dataset, win, first)
	if err != nil {
		return fail(err)
	}
	var kept fingerprint
	x.beyond = fingerprint{}
	for day, d := range days {
		if day > x.Kept {
			x.beyond.join(d)
		} else {
			kept.join(d)
		}
	}
	x.agreed = kept == sizes.content
	return x.agreed, nil
}

// Extend is [Replace] by the rows that the window holds up to a day and others
// of later days, of which only the latter are at hand: little is sent, and
// nothing is sent again. Where the window does not hold what it is to be extended
// from, or nobody has seen that the extension agrees with it, nothing is done and
// ErrStandsOtherwise returned.
func Extend[T any](ctx context.Context, w *Warehouse, t schemas.Table[T], b Build, x Extension[T]) (Result, error) {
	fail := func(err error) (Result, error) {
		return Result{}, fmt.Errorf("clickhouse: extend %s, window %s, after %s: %w", t, b.Window, x.Kept, err)
	}
	if !x.agreed {
		return fail(ErrStandsOtherwise)
	}
	enc := newEncoder(t)
	if err := enc.checkWindow(b.Window, x.Rows); err != nil {
		return fail(err)
	}
	sizes, err := enc.measure(x.Rows)
	if err != nil {
		return fail(err)
	}
	g := growth{after: x.Kept}
	for day, d := range sizes.days {
		if day > x.Kept {
			g.content.join(d.content)
			g.added.join(d.all)
		}
	}
	r := newReplacement(w, enc, b, x.Rows, sizes)
	r.part, r.stood, r.kept = true, x.Stands, x.Kept
	changed, err := r.extend(ctx, g, x.beyond)
	if err != nil {
		return fail(err)
	}
	return r.result(changed), nil
}

func (r *replacement) extend(ctx context.Context, g growth, beyond fingerprint) (changed bool, err error) {
	if r.before, err = r.w.settle(ctx, r.d, r.step.Window); err != nil {
		return false, err
	}
	last, known, err := r.w.newest(ctx, r.step.Dataset, r.step.Window)
	if err != nil {
		return false, err
	}
	content, ok := parseFingerprint(r.stood)
	if !known || !ok || last.Content != r.stood || r.before.anyOpen() {
		return false, ErrStandsOtherwise
	}
	if err := r.reach(ctx, last, known); err != nil {
		return false, err
	}
	content.part(beyond)
	content.join(g.content)
	r.step.Rows, r.step.Content = int64(content.rows), content.String()
	if r.step.Content == r.stood {
		return false, r.w.record(ctx, r.built(""), r.last.BuiltAt)
	}
	if beyond.rows > 0 {
		if g.dropped, err = r.dropped(ctx, g.after); err != nil {
			return false, err
		}
	}
	r.growBy(g, r.stood)
	if r.grown == nil {
		return false, ErrStandsOtherwise
	}
	return true, r.swap(ctx)
}

// dropped returns the fingerprint of all columns of the window's rows of the days
// after one.
func (r *replacement) dropped(ctx context.Context, after schemas.Date) (fingerprint, error) {
	where, args := windowSQL(r.d, r.step.Window)
	f, err := r.w.hash(ctx, qualified(r.d.Database, r.d.Name), rowHashSQL(r.d, true), Query{
		Where: fmt.Sprintf("%s AND %s > {after:Date32}", where, schemas.QuoteName(r.d.DateColumn)), Args: append(args, Named("after", after)),
	})
	if err != nil {
		return f, fmt.Errorf("hash the rows after %s: %w", after, err)
	}
	return f, nil
}
