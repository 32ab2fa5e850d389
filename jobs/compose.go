package jobs

import (
	"context"
	"errors"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
	"tidemark/transform"
)

// composed is the rows of a window of facts: all of them, or where kept is given
// those of the sessions after it, and a few before it once more.
type composed[T any] struct {
	rows   []T
	kept   schemas.Opt[schemas.Date]
	checks func() ([]schemas.CheckResult, error)
}

// compose computes the task's window and publishes it. On most evenings the
// inputs have a new session and are otherwise what they were: then that session
// is computed and added to the window as it stands.
func compose[T any](ctx context.Context, t *Task, table schemas.Table[T], compute func(kept schemas.Opt[schemas.Date]) (composed[T], error)) (Stats, error) {
	c, err := compute(t.kept)
	if err != nil {
		return Stats{}, err
	}
	if c.kept.OK {
		more := clickhouse.Extension[T]{Stands: t.Stands.Content, Kept: c.kept.V, Rows: c.rows}
		agrees, err := more.Agrees(ctx, t.Warehouse, table, t.Window)
		if err != nil {
			return Stats{}, err
		}
		if agrees {
			checks, err := c.checks()
			if err != nil {
				return Stats{}, err
			}
			stats, err := publishMore(ctx, t, table, more, checks)
			if !errors.Is(err, clickhouse.ErrStandsOtherwise) {
				return stats, err
			}
		}
		t.Log.InfoContext(ctx, "the last sessions come out otherwise than they stand, so all are computed anew")
		if c, err = compute(schemas.None[schemas.Date]()); err != nil {
			return Stats{}, err
		}
	}
	checks, err := c.checks()
	if err != nil {
		return Stats{}, err
	}
	return publish(ctx, t, table, c.rows, checks)
}

// computed logs what has been computed of the task's window.
func (t *Task) computed(ctx context.Context, in *transform.Inputs, rows int) {
	which := "all sessions"
	if in.Kept.OK {
		which = "sessions after " + in.Kept.V.String()
	}
	if in.Anew != "" {
		which += ", because " + in.Anew
	}
	t.Log.DebugContext(ctx, "facts computed", "rows", rows, "of", which)
}

// change says that a window holds other rows than it did, and up to which day
// they are the same: NoDate where that is not known.
type change struct {
	from, to string // fingerprints of the content
	kept     schemas.Date
}

type changeKey struct {
	dataset string
	window  schemas.Window
}

// changes are those that a pass has made.
type changes map[changeKey]change

// note adds a change. Of a window that changes twice in a pass nothing is known.
func (c changes) note(b schemas.Built, made change) {
	k := changeKey{b.Dataset, b.Window}
	if _, twice := c[k]; twice || made.from == "" {
		made.kept = schemas.NoDate
	}
	if made.from != made.to {
		c[k] = made
	}
}

// growing lists the tables whose new rows concern the sessions after them; see
// [transform.Inputs].
var growing = map[string]bool{schemas.Bars.String(): true, schemas.Holdings.String(): true, schemas.Actions.String(): true}

// kept returns the day up to which the inputs of a window are those that it was
// built from as it stands: the windows that this pass has changed are all that
// tells them apart.
func (p *pass) kept(d Decision) schemas.Opt[schemas.Date] {
	none := schemas.None[schemas.Date]()
	if !d.Job.daily || d.Stands.Rows == 0 || d.Stands.Method != d.Job.Method || p.scope.req.Force {
		return none
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := make([]schemas.Input, len(d.Uses))
	kept := schemas.MaxLongDate
	for i, use := range d.Uses {
		before[i] = use
		if c, ok := p.changes[changeKey{use.Dataset, use.Window}]; ok && c.to == use.Content {
			if c.kept == schemas.NoDate || !growing[use.Dataset] {
				return none
			}
			before[i].Content, kept = c.from, min(kept, c.kept)
		}
	}
	if kept == schemas.MaxLongDate || fingerprint(d.Job.Method, before) != d.Stands.Inputs {
		return none
	}
	return schemas.Some(kept)
}
