package jobs

import (
	"context"
	"errors"
	"fmt"

	"tidemark/load/clickhouse"
	"tidemark/load/snapshot"
	"tidemark/schemas"
	"tidemark/transform"
)

// readBars reads, of the bars that the needs cover, those of the securities that
// the other inputs make out to be the universe's own. Bars are nearly all that
// there is to read, so they come from snapshots of the windows that the task is
// built from.
func readBars(ctx context.Context, t *Task, needs []Need, in *transform.Inputs) (err error) {
	ctx, span := startStep(ctx, "read", schemas.Bars.Dataset)
	read := 0
	defer func() { endStep(span, int64(read), err) }()
	pieces, err := readListings(ctx, t, needs, in)
	defer func() { err = errors.Join(err, pieces.close()) }()
	if err != nil {
		return err
	}
	wanted := in.Wanted()
	for _, p := range pieces {
		series, err := p.bars.Of(wanted[p.need.Part], p.need.From, p.need.To)
		if err != nil {
			return fmt.Errorf("read the inputs: %w", err)
		}
		for k := range series {
			read += series[k].Len()
		}
		in.Bars = append(in.Bars, series...)
	}
	return nil
}

// barPieces are the bars of some windows, open.
type barPieces []struct {
	need Need
	bars *snapshot.Bars
}

func (pieces barPieces) close() (err error) {
	for _, p := range pieces {
		err = errors.Join(err, p.bars.Close())
	}
	return err
}

// readListings notes which bars there are, and returns them to be read and closed.
func readListings(ctx context.Context, t *Task, needs []Need, in *transform.Inputs) (pieces barPieces, err error) {
	in.Listed = []transform.Listing{}
	for _, n := range needs {
		for _, use := range t.Uses {
			if use.Dataset != schemas.Bars.String() || !n.covers(use.Window) {
				continue
			}
			bars, err := t.bars(ctx, use.Window, use.Content)
			if err != nil {
				return pieces, fmt.Errorf("read the inputs: %w", err)
			}
			pieces = append(pieces, struct {
				need Need
				bars *snapshot.Bars
			}{n, bars})
			for _, e := range bars.Extents(n.From, n.To) {
				in.Listed = append(in.Listed, transform.Listing{Publisher: n.Part, Symbol: e.Symbol, First: e.First, Last: e.Last})
			}
		}
	}
	return pieces, nil
}

// bars returns the bars of a window whose rows have the given fingerprint.
func (t *Task) bars(ctx context.Context, w schemas.Window, content string) (*snapshot.Bars, error) {
	return t.Snapshots.Get(w, content, func() (series []schemas.BarSeries, content string, err error) {
		content, err = clickhouse.Scan(ctx, t.Warehouse, schemas.Bars, w, func() { series = nil }, func(rows []schemas.Bar) {
			series = schemas.AppendBars(series, rows)
		})
		return series, content, err
	})
}

// storedBars returns the closes of the task's window as they stand.
func storedBars(ctx context.Context, t *Task) (rows standing[schemas.Bar], err error) {
	ctx, span := startStep(ctx, "read", schemas.Bars.Dataset)
	defer func() { endStep(span, int64(rows.n), err) }()
	bars, err := t.bars(ctx, t.Window, t.Stands.Content)
	if err != nil {
		return rows, fmt.Errorf("read the window as it stands: %w", err)
	}
	defer func() { err = errors.Join(err, bars.Close()) }()
	series, err := bars.All()
	if err != nil {
		return rows, fmt.Errorf("read the window as it stands: %w", err)
	}
	for k := range series {
		rows.n += series[k].Len()
	}
	rows.each = func(yield func(*schemas.Bar) bool) {
		for k := range series {
			s := &series[k]
			row := schemas.Bar{Symbol: s.Symbol}
			for i, d := range s.Sessions {
				if row.Session, row.Close = d, s.Close[i]; !yield(&row) {
					return
				}
			}
		}
	}
	return rows, nil
}

// packBars makes ready what is kept, for those who compute from it, once the
// rows have been published.
func packBars(rows []schemas.Bar) func(*Task) {
	packed := snapshot.Pack(schemas.BarSeriesOf(rows))
	return func(t *Task) { t.Snapshots.Put(t.Window, t.built.Content, packed) }
}
