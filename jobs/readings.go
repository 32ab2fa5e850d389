package jobs

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"tidemark/schemas"
)

// keptBytes bounds what readings hold.
const keptBytes = 128 << 20

// readings keep what was read of the warehouse while other windows of the pass
// may want the same: the facts of an evening are built from the same few lists
// of holdings and actions. The newest stay. Nobody may change what comes from
// here.
type readings struct {
	mu    sync.Mutex
	kept  []*reading // the most recently used last
	size  int
	limit int // of size; 0 is keptBytes
}

// reading is one window with the content it was read for.
type reading struct {
	dataset string
	window  schemas.Window
	content string

	done  chan struct{} // closed when it has been read, or could not be
	read  bool
	value any
	size  int // in bytes, or as the limit counts
}

// readOnce returns what read makes of the window and content given by use, of
// which it tells the size. Whoever comes first reads it; all who ask for a
// dataset make the same of it.
func readOnce[V any](ctx context.Context, r *readings, use schemas.Input, read func() (V, int, error)) (V, error) {
	for {
		k, first := r.of(use)
		if first {
			value, size, err := read()
			r.end(k, value, size, err)
			return value, err
		}
		select {
		case <-ctx.Done():
			var none V
			return none, context.Cause(ctx)
		case <-k.done:
		}
		if k.read {
			return k.value.(V), nil
		}
		// It failed, maybe because that task was stopped. This one tries itself.
	}
}

// of returns what is known of a window, and whether the caller is the one to
// read it.
func (r *readings) of(use schemas.Input) (_ *reading, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, k := range r.kept {
		if k.dataset == use.Dataset && k.window == use.Window && k.content == use.Content {
			r.kept = append(slices.Delete(r.kept, i, i+1), k)
			return k, false
		}
	}
	k := &reading{dataset: use.Dataset, window: use.Window, content: use.Content, done: make(chan struct{})}
	r.kept = append(r.kept, k)
	return k, true
}

func (r *readings) end(k *reading, value any, size int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(k.done)
	if err != nil {
		r.drop(k)
		return
	}
	k.read, k.value, k.size = true, value, size
	for r.size += size; r.size > cmp.Or(r.limit, keptBytes); {
		oldest := r.kept[slices.IndexFunc(r.kept, func(o *reading) bool { return o.size > 0 })]
		r.size -= oldest.size
		r.drop(oldest)
	}
}

func (r *readings) drop(k *reading) {
	r.kept = slices.DeleteFunc(r.kept, func(o *reading) bool { return o == k })
}
