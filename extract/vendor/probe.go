package vendor

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"tidemark/extract"
	"tidemark/schemas"
)

// probeRows is how many rows a probe reads.
const probeRows = 1000

// Probe opens the last file of a window and reads its header and first rows. It
// returns what it saw in a line.
func Probe(ctx context.Context, g extract.Getter, file File, w schemas.Window) (_ string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("vendor: %s: probe %s of %s: %w", file.Name, file.Kind, w, err)
		}
	}()
	if err := file.check(file.Kind, w); err != nil {
		return "", err
	}
	addresses, err := file.addresses(ctx, g, w)
	if err != nil {
		return "", err
	}
	if len(addresses) == 0 {
		return "", extract.ErrNoData
	}
	address := addresses[len(addresses)-1]
	p, err := g.Get(ctx, extract.Request{Publisher: Publisher, URL: address, MaxBytes: cmp.Or(file.MaxBytes, defaultMaxBytes), Secret: file.Secret})
	if err != nil {
		return "", err
	}
	n, first, last, err := file.probe(p, address, w)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", extract.FileName(address), extract.Contract(Publisher, w, p.Hash, err))
	}
	return fmt.Sprintf("%s, the last of %d files: its first %d rows are of %s to %s", extract.FileName(address), len(addresses), n, first, last), nil
}

func (f *File) probe(p *extract.Payload, address string, w schemas.Window) (n int, first, last schemas.Date, err error) {
	plan, date := f.planOf(w)
	r, err := f.open(p, address, plan)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	first, last = schemas.MaxLongDate, schemas.NoDate
	for n < probeRows && r.Next() {
		day, err := required(r, date, "date")
		if err != nil {
			return 0, 0, 0, fmt.Errorf("%s: %w", r.Where(), err)
		}
		first, last = min(first, day), max(last, day)
		n++
	}
	if n == 0 && r.Err() == nil {
		return 0, 0, 0, errors.New("no rows")
	}
	return n, first, last, r.Err()
}

// planOf returns the plan for a window, and which of its columns is the day.
func (f *File) planOf(w schemas.Window) (p *plan, date int) {
	cols := columns[f.Kind]
	switch f.Kind {
	case KindLevels:
		return f.levelPlan(f.symbol(w.Part)), levelDate
	case KindRenames:
		return f.plan(cols.required, cols.optional), renameDate
	case KindShares:
		return f.plan(cols.required, cols.optional), sharesFiled
	case KindEarnings:
		return f.plan(cols.required, cols.optional), earningsFiled
	case KindActions:
		return f.plan(cols.required, cols.optional), actionDate
	default:
		return f.plan(cols.required, cols.optional), barDate
	}
}
