package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tidemark/schemas"
)

// Trace is a fact with everything it was made from.
type Trace struct {
	Fact  schemas.Fact
	Table string // the fact's table, such as facts.breadth
	From  *Lineage
}

// Lineage says how the rows of a window came to be: by which build, from which
// windows, and from which answers of publishers. Windows that several others
// were made from are the same Lineage in each.
type Lineage struct {
	Built    schemas.Built // RunID alone is set where the record of the build is missing
	Windows  []*Lineage
	Payloads []schemas.Payload
}

// Facts returns the facts of a metric on a day: of one universe, or of all
// where it is empty, ordered by universe. They are those that were known at an
// instant or, where it is zero, those that stand.
func (w *Warehouse) Facts(ctx context.Context, metric, universe string, day schemas.Date, at time.Time) ([]schemas.Fact, error) {
	t, err := tableOf(metric)
	if err != nil {
		return nil, err
	}
	q := Query{
		Where: "metric = {metric:String} AND session = {day:Date}",
		Args:  []any{Named("metric", metric), Named("day", day)},
		Order: "universe", KnownAt: at,
	}
	if universe != "" {
		q.Where += " AND universe = {universe:String}"
		q.Args = append(q.Args, Named("universe", universe))
	}
	return Read(ctx, w, t, q)
}

func tableOf(metric string) (schemas.Table[schemas.Fact], error) {
	m, ok := schemas.LookupMetric(metric)
	if !ok {
		return schemas.Table[schemas.Fact]{}, fmt.Errorf("clickhouse: there is no metric %q in the register", metric)
	}
	i := slices.IndexFunc(schemas.FactTables, func(t schemas.Table[schemas.Fact]) bool { return t.String() == m.Dataset })
	if i < 0 {
		return schemas.Table[schemas.Fact]{}, fmt.Errorf("clickhouse: metric %q is registered in %q, which is no table of facts", metric, m.Dataset)
	}
	return schemas.FactTables[i], nil
}

// Trace follows the facts of a metric on a day down to the answers that their
// publishers gave. An empty universe asks for all, and an instant other than zero
// for the facts that were known then.
func (w *Warehouse) Trace(ctx context.Context, metric, universe string, day schemas.Date, at time.Time) ([]Trace, error) {
	found, err := w.Facts(ctx, metric, universe, day, at)
	if err != nil {
		return nil, err
	}
	t, err := tableOf(metric)
	if err != nil {
		return nil, err
	}
	tr := tracer{w: w, seen: make(map[lineageKey]*Lineage)}
	out := make([]Trace, 0, len(found))
	for i := range found {
		from, err := tr.window(ctx, Query{
			Where: "dataset = {dataset:String} AND run_id = {run:String} AND part = {part:String} AND from_date = {from:Date}",
			Args:  windowArgs(t.String(), t.WindowOf(&found[i]), Named("run", found[i].Run)),
		}, schemas.Built{Dataset: t.String(), Window: t.WindowOf(&found[i]), RunID: found[i].Run})
		if err != nil {
			return nil, fmt.Errorf("clickhouse: trace %s on %s: %w", metric, day, err)
		}
		out = append(out, Trace{Fact: found[i], Table: t.String(), From: from})
	}
	return out, nil
}

func windowArgs(dataset string, win schemas.Window, more ...any) []any {
	return append([]any{Named("dataset", dataset), Named("part", win.Part), Named("from", win.From)}, more...)
}

// InputsOf returns what went into the builds of a run.
func (w *Warehouse) InputsOf(ctx context.Context, runID string) ([]schemas.Input, error) {
	return Read(ctx, w, schemas.Inputs, Query{
		Where: "run_id = {run:String}", Args: []any{Named("run", runID)},
		Order: "kind DESC, dataset, part, from_date, content", limitBy: "kind, dataset, part, from_date, content",
	})
}

// PayloadsOf returns what is known of the answers with the given hashes, the
// latest time that each was fetched, ordered by publisher and request.
func (w *Warehouse) PayloadsOf(ctx context.Context, hashes []string) ([]schemas.Payload, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	out, err := Read(ctx, w, schemas.Payloads, Query{
		Where: "payload IN {hashes:Array(String)}", Args: []any{Named("hashes", hashes)},
		Order: "payload, fetched_at DESC", limitBy: "payload",
	})
	slices.SortStableFunc(out, func(a, b schemas.Payload) int {
		return slices.Compare([]string{a.Publisher, a.Request, a.Hash}, []string{b.Publisher, b.Request, b.Hash})
	})
	return out, err
}

type lineageKey struct {
	dataset string
	window  schemas.Window
	run     string
}

// tracer follows builds down. It looks at each build once.
type tracer struct {
	w    *Warehouse
	seen map[lineageKey]*Lineage
}

// window returns the lineage of the newest build that a query on ops.window
// finds, preferring the one that made the rows visible over those that found
// them unchanged. Where it finds none, otherwise stands in.
func (tr tracer) window(ctx context.Context, q Query, otherwise schemas.Built) (*Lineage, error) {
	q.Order, q.Limit = "swap_id = '', built_at DESC", 1
	found, err := Read(ctx, tr.w, schemas.Builds, q)
	if err != nil {
		return nil, err
	}
	built := otherwise
	if len(found) > 0 {
		built = found[0]
	}
	key := lineageKey{built.Dataset, built.Window, built.RunID}
	if l, ok := tr.seen[key]; ok {
		return l, nil
	}
	l := &Lineage{Built: built}
	tr.seen[key] = l
	if built.RunID == "" {
		return l, nil
	}
	inputs, err := tr.w.InputsOf(ctx, built.RunID)
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, in := range inputs {
		if in.Kind == schemas.InputPayload {
			hashes = append(hashes, in.Content)
			continue
		}
		from, err := tr.window(ctx, Query{
			Where: "dataset = {dataset:String} AND part = {part:String} AND from_date = {from:Date} AND content = {content:String}",
			Args:  windowArgs(in.Dataset, in.Window, Named("content", in.Content)),
		}, schemas.Built{Dataset: in.Dataset, Window: in.Window, Content: in.Content})
		if err != nil {
			return nil, err
		}
		l.Windows = append(l.Windows, from)
	}
	l.Payloads, err = tr.w.PayloadsOf(ctx, hashes)
	return l, err
}
