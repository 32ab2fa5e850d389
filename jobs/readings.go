package jobs

import (
	"context"
	"slices"
	"sync"

	"tidemark/schemas"
)

// keptRows bounds what readings hold: a quarter of a kilobyte each.
const keptRows = 1 << 19

// readings keep what was read of the warehouse while other windows of the pass
// may want the same: the facts of an evening are built from the same few lists
// of holdings and actions. The newest stay. Nobody may change what comes from
// here.
type readings struct {
	mu   sync.Mutex
	kept []*reading // the most recently used last
	rows int
}

// reading is one window with the content it was read for.
type reading struct {
	dataset string
	window  schemas.Window
	content string
	columns []string

	done chan struct{} // closed when it has been read, or could not be
	read bool
	rows any // []T
	n    int
}

// readOnce returns the rows of a window that has the content given by use, in
// the table's order, of which whoever comes first reads the columns.
func readOnce[T any](ctx context.Context, t *Task, table schemas.Table[T], use schemas.Input, columns []string) ([]T, error) {
	for {
		r, first := t.readings.of(use, columns)
		if first {
			rows, err := readWindow(ctx, t.Warehouse, table, use.Window, columns...)
			rows = slices.Clip(rows) // what is appended to them goes elsewhere
			t.readings.end(r, rows, len(rows), err)
			return rows, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-r.done:
		}
		if r.read {
			return r.rows.([]T), nil
		}
		// It failed, maybe because that task was stopped. This one tries itself.
	}
}

// of returns what is known of a window, and whether the caller is the one to
// read it.
func (r *readings) of(use schemas.Input, columns []string) (_ *reading, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, k := range r.kept {
		if k.dataset == use.Dataset && k.window == use.Window && k.content == use.Content && slices.Equal(k.columns, columns) {
			r.kept = append(slices.Delete(r.kept, i, i+1), k)
			return k, false
		}
	}
	k := &reading{dataset: use.Dataset, window: use.Window, content: use.Content, columns: columns, done: make(chan struct{})}
	r.kept = append(r.kept, k)
	return k, true
}

func (r *readings) end(k *reading, rows any, n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(k.done)
	if err != nil {
		r.drop(k)
		return
	}
	k.read, k.rows, k.n = true, rows, n
	for r.rows += n; r.rows > keptRows; {
		oldest := r.kept[slices.IndexFunc(r.kept, func(o *reading) bool { return o.n > 0 })]
		r.rows -= oldest.n
		r.drop(oldest)
	}
}

func (r *readings) drop(k *reading) {
	r.kept = slices.DeleteFunc(r.kept, func(o *reading) bool { return o == k })
}
