// Package sp500 reads who was when a member of the S&P 500, and who the members
// are, from public lists. The index's owner publishes none for free.
//
// The spells and changes are compiled by hand. They lag the index by days to
// weeks and use the tickers of the time, so a change of ticker appears as one
// symbol that leaves and another that enters on the same day. The list of
// spells is renewed less often than the list of changes: where it ends, the
// changes continue it.
package sp500

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publishers: two repositories of lists. Spells and changes
// are renewed some weeks apart, the constituents about monthly.
const (
	// Publisher names this source to the client and the archive.
	Publisher = "sp500"
	// Index is the part of every window.
	Index = "SP500"
	// DefaultBase is the folder of the lists of spells and changes.
	DefaultBase = "https://raw.githubusercontent.com/fja05680/sp500/master"
	// DefaultConstituents is the address of the list of constituents.
	DefaultConstituents = "https://raw.githubusercontent.com/datasets/s-and-p-500-companies/main/data/constituents.csv"
	// Every is the pause to keep between two requests.
	Every = time.Second

	spellsFile  = "sp500_ticker_start_end.csv"
	changesFile = "sp500_changes_since_2019.csv"
	// maxBytes bounds a list; the longest has 60 kB.
	maxBytes = 8 << 20
	maxRows  = 200_000
)

// Hosts may answer for the publishers, also after a redirect.
var Hosts = []string{"raw.githubusercontent.com"}

// Config says where lists come from. The zero value asks the publishers.
type Config struct {
	// Base is the folder of the lists of spells and changes; empty means
	// [DefaultBase].
	Base string
	// Constituents is the address of the list of constituents; empty means
	// [DefaultConstituents].
	Constituents string
	// Files are file: URLs of saved lists, which are read instead of asking the
	// publisher: one list of spells, one of changes, or any number of lists of
	// constituents of different days.
	Files []string

	// AsOf is the day that a list of constituents speaks of. Zero means the
	// day named in the file's name (2006-01-02), or else the day on which the
	// newest of its members joined the index.
	AsOf schemas.Date
	// DateLayout is the layout of the dates in a list of constituents, for a
	// list whose dates can be read in two ways.
	DateLayout string
	// Encoding is utf-8, windows-1252 or macintosh, for a list of constituents
	// whose header does not tell.
	Encoding string
}

type source[T any] struct {
	fetch func(ctx context.Context, w schemas.Window) ([]T, error)
}

var (
	_ extract.Source[schemas.Spell]       = source[schemas.Spell]{}
	_ extract.Source[schemas.Change]      = source[schemas.Change]{}
	_ extract.Source[schemas.Constituent] = source[schemas.Constituent]{}
)

// Fetch implements [extract.Source]: one batch of all rows of the window, in
// the order of the table.
func (s source[T]) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		if w.Part != Index {
			yield(nil, fmt.Errorf("sp500: %s: this source knows only %s", w, Index))
			return
		}
		rows, err := s.fetch(ctx, w)
		if err == nil && len(rows) == 0 {
			err = extract.ErrNoData
		}
		if err != nil {
			yield(nil, fmt.Errorf("sp500: %s: %w", w, err))
			return
		}
		yield(rows, nil)
	}
}

// Spells returns the source of raw.member_spell, sorted by symbol and first
// day. A spell lies in the window if its first day does.
func Spells(g extract.Getter, cfg Config) extract.Source[schemas.Spell] {
	return source[schemas.Spell]{func(ctx context.Context, w schemas.Window) ([]schemas.Spell, error) {
		return single(ctx, g, &cfg, w, spellsFile, parseSpells, func(r *schemas.Spell, payload string) schemas.Date {
			r.Index, r.Payload = Index, payload
			return r.From
		})
	}}
}

// Changes returns the source of raw.member_change, sorted by day, exits before
// entries, and symbol.
func Changes(g extract.Getter, cfg Config) extract.Source[schemas.Change] {
	return source[schemas.Change]{func(ctx context.Context, w schemas.Window) ([]schemas.Change, error) {
		return single(ctx, g, &cfg, w, changesFile, parseChanges, func(r *schemas.Change, payload string) schemas.Date {
			r.Index, r.Payload = Index, payload
			return r.Date
		})
	}}
}

// single fetches one list, parses it whole and keeps the rows of the window.
// finish completes a row and returns its day.
func single[T any](ctx context.Context, g extract.Getter, cfg *Config, w schemas.Window, name string,
	parse func(io.Reader) ([]T, error), finish func(r *T, payload string) schemas.Date,
) ([]T, error) {
	r := extract.Request{Publisher: Publisher, URL: folder(cfg) + "/" + name, MaxBytes: maxBytes}
	switch len(cfg.Files) {
	case 0:
	case 1:
		r.URL = cfg.Files[0]
	default:
		return nil, fmt.Errorf("%s: %d files are configured where there can be one", name, len(cfg.Files))
	}
	p, err := g.Get(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", extract.FileName(r.URL), err)
	}
	rows, err := read(p, parse)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", extract.FileName(r.URL), extract.Contract(Publisher, w, p.Hash, err))
	}
	kept := rows[:0]
	for i := range rows {
		if w.Contains(finish(&rows[i], p.Hash)) {
			kept = append(kept, rows[i])
		}
	}
	return kept, nil
}

func folder(cfg *Config) string { return strings.TrimSuffix(cmp.Or(cfg.Base, DefaultBase), "/") }

// read opens an answer and parses it.
func read[T any](p *extract.Payload, parse func(io.Reader) ([]T, error)) (_ []T, err error) {
	body, err := p.Open()
	if err != nil {
		return nil, fmt.Errorf("open the answer: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	text, err := extract.Text(body)
	if err != nil {
		return nil, err
	}
	return parse(text)
}
