// Package ssga reads the daily holdings workbooks of State Street's funds, line
// by line, cash included.
//
// The publisher offers only its latest workbook. The history of a fund is what
// was fetched before: its earlier answers in the archive.
package ssga

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher. The workbook of a day appears in the morning of
// the next business day.
const (
	// Publisher names this source to the client and the archive.
	Publisher = "ssga"
	// DefaultBase is where the publisher answers.
	DefaultBase = "https://www.ssga.com"
	// Every is the pause to keep between two requests. The publisher states no
	// limit but turns robots away.
	Every = 2 * time.Second

	pathFormat = "/library-content/products/fund-data/etfs/us/holdings-daily-us-en-%s.xlsx"
	// userAgent is needed: clients that do not look like a browser are refused.
	userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	// maxBytes bounds a workbook; recorded ones have 50 kB.
	maxBytes = 8 << 20
)

// Hosts may answer for the publisher, also after a redirect.
var Hosts = []string{"www.ssga.com"}

// Config says where holdings come from. The zero value asks the publisher.
type Config struct {
	// Base is the publisher's address; empty means [DefaultBase].
	Base string
	// Files are file: URLs of saved workbooks, which are read instead of asking
	// the publisher. Each says itself of which fund and day it is.
	Files []string
}

type source struct {
	g   extract.Getter
	cfg Config
}

var _ extract.Source[schemas.Holding] = (*source)(nil)

// Holdings returns the source of raw.holding. The part of a window is the
// fund's ticker, such as SPY or MDY. Fetch asks for the latest workbook and adds
// the earlier ones of the archive, if g is an [extract.Historian]; of several
// workbooks of one day the one fetched last counts. It yields the rows of one
// day at a time, oldest day first, each in the order of the workbook, and
// [extract.ErrNoData] when no day of the window is known. A latest workbook
// that is not as promised is an [extract.ContractError]. An earlier one that is
// not was refused when it was the latest, and is passed over.
func Holdings(g extract.Getter, cfg Config) extract.Source[schemas.Holding] {
	return &source{g: g, cfg: cfg}
}

// Fetch implements [extract.Source].
func (s *source) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]schemas.Holding, error] {
	return func(yield func([]schemas.Holding, error) bool) {
		days, err := s.days(ctx, w)
		if err == nil && len(days) == 0 {
			err = extract.ErrNoData
		}
		if err != nil {
			yield(nil, fmt.Errorf("ssga: %s: %w", w, err))
			return
		}
		for _, day := range slices.Sorted(maps.Keys(days)) {
			if !yield(days[day], nil) {
				return
			}
		}
	}
}

func (s *source) days(ctx context.Context, w schemas.Window) (map[schemas.Date][]schemas.Holding, error) {
	if len(s.cfg.Files) > 0 {
		return s.saved(ctx, w)
	}
	r, err := s.cfg.request(w.Part)
	if err != nil {
		return nil, err
	}
	latest, err := s.g.Get(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("fetch the latest workbook: %w", err)
	}
	earlier, err := s.earlier(ctx, r, latest)
	if err != nil {
		return nil, fmt.Errorf("find earlier workbooks: %w", err)
	}
	days := make(map[schemas.Date][]schemas.Holding)
	for i, p := range append([]*extract.Payload{latest}, earlier...) {
		// A workbook of a day cannot have been fetched before that day.
		if i > 0 && schemas.DateOf(p.FetchedAt.UTC()) < w.From {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := read(p)
		if err == nil && b.fund != w.Part {
			err = fmt.Errorf("asked for %s, the workbook is of %q", w.Part, b.fund)
		}
		if err != nil {
			if i > 0 && !unreadable(err) {
				continue
			}
			return nil, fmt.Errorf("read the workbook fetched at %s: %w", p.FetchedAt.UTC().Format(time.RFC3339), extract.Contract(Publisher, w, p.Hash, err))
		}
		if _, known := days[b.asOf]; !known && w.Contains(b.asOf) {
			days[b.asOf] = b.finish(p.Hash)
		}
	}
	return days, nil
}

// unreadable reports whether an answer could not be read at all, as opposed to one
// whose content is not as promised.
func unreadable(err error) bool {
	_, content := errors.AsType[*extract.ContractError](extract.Contract(Publisher, schemas.Window{}, "", err))
	return !content
}

// earlier returns the archived answers to r that differ from the latest, newest
// first, each content once.
func (s *source) earlier(ctx context.Context, r extract.Request, latest *extract.Payload) ([]*extract.Payload, error) {
	h, ok := s.g.(extract.Historian)
	if !ok {
		return nil, nil
	}
	past, err := h.Past(ctx, r)
	if err != nil {
		return nil, err
	}
	past = slices.Clone(past)
	slices.SortStableFunc(past, func(a, b *extract.Payload) int { return b.FetchedAt.Compare(a.FetchedAt) })
	seen := map[string]bool{latest.Hash: true}
	return slices.DeleteFunc(past, func(p *extract.Payload) bool {
		repeated := seen[p.Hash]
		seen[p.Hash] = true
		return repeated
	}), nil
}

// saved reads the configured files.
func (s *source) saved(ctx context.Context, w schemas.Window) (map[schemas.Date][]schemas.Holding, error) {
	days := make(map[schemas.Date][]schemas.Holding)
	from := make(map[schemas.Date]*extract.Payload)
	names := make(map[schemas.Date]string)
	for _, address := range s.cfg.Files {
		name := extract.FileName(address)
		p, err := s.g.Get(ctx, extract.Request{Publisher: Publisher, URL: address, MaxBytes: maxBytes})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		b, err := read(p)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, extract.Contract(Publisher, w, p.Hash, err))
		}
		if b.fund != w.Part || !w.Contains(b.asOf) {
			continue
		}
		if other := from[b.asOf]; other != nil && other.Hash != p.Hash {
			return nil, fmt.Errorf("both %s and %s hold %s; keep one of them", names[b.asOf], name, b.asOf)
		}
		days[b.asOf], from[b.asOf], names[b.asOf] = b.finish(p.Hash), p, name
	}
	return days, nil
}

// request asks for the latest workbook of a fund. The ticker becomes part of
// the address, so it is held to letters and digits.
func (c *Config) request(fund string) (extract.Request, error) {
	for _, r := range fund {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return extract.Request{}, fmt.Errorf("%q is not a fund's ticker", fund)
		}
	}
	if fund == "" {
		return extract.Request{}, errors.New("no fund named")
	}
	base := strings.TrimSuffix(cmp.Or(c.Base, DefaultBase), "/")
	return extract.Request{
		Publisher: Publisher,
		URL:       base + fmt.Sprintf(pathFormat, strings.ToLower(fund)),
		Header:    http.Header{"User-Agent": {userAgent}},
		MaxBytes:  maxBytes,
	}, nil
}

// Probe asks for the latest workbook of one fund and holds it against the
// contract. It returns what it saw in a line.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	const fund = "SPY"
	r, err := cfg.request(fund)
	if err != nil {
		return "", fmt.Errorf("ssga: probe: %w", err)
	}
	p, err := g.Get(ctx, r)
	if err != nil {
		return "", fmt.Errorf("ssga: probe %s: %w", fund, err)
	}
	b, err := read(p)
	if err == nil && b.fund != fund {
		err = fmt.Errorf("asked for %s, the workbook is of %q", fund, b.fund)
	}
	if err != nil {
		return "", fmt.Errorf("ssga: probe: %w", extract.Contract(Publisher, schemas.CutWhole.Window(fund, 0), p.Hash, err))
	}
	return fmt.Sprintf("%s as of %s: %d lines, weights sum to %.2f %%", fund, b.asOf, len(b.rows), b.weights()), nil
}
