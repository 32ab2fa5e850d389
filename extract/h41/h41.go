// Package h41 reads the Federal Reserve Board's H.4.1, Factors Affecting
// Reserve Balances: from the archive on the release page (SDMX XML in a zip,
// read as a stream), or from saved files of that form or of the older CSV of
// the Data Download Program.
//
// Series are known by the Board's names, such as RESPPMA_N.WW. Which are kept
// is said by [Select]; the archive has many more.
package h41

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher.
const (
	// Publisher is the name under which requests are limited and archived.
	Publisher = "h41"
	// DefaultBase is the address of the release page's host. It needs no key
	// and takes any User-Agent.
	DefaultBase = "https://www.federalreserve.gov"
	// Every is the time to leave between two requests.
	Every = 5 * time.Second
	// Release is the only part of raw.observation that is the H.4.1: levels of
	// Wednesday and averages of the week that ends then, published on Thursday
	// at 16:30 New York, on a later day when Thursday is a holiday. Revisions
	// are rare and overwrite history in the archive.
	Release = "h41"

	archivePath = "/releases/h41/data/FRB_h41_xml.zip"
	// The archive had 8,952,712 bytes in June 2026, its XML about 125 MB.
	maxArchive = 40 << 20
	maxXML     = 512 << 20
	// maxRatio bounds how far the archive may inflate; it is about 14 to 1.
	maxRatio = 25

	unit       = "Currency"
	multiplier = 1e6
	currency   = "USD"
	frequency  = "Weekly, Wednesday"
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"www.federalreserve.gov", "federalreserve.gov"} }

// Config says where answers come from. The zero Config asks the publisher.
type Config struct {
	// Base is the address of the host; empty means [DefaultBase].
	Base string
	// Files are saved answers, as file: URLs, to read instead of asking: the
	// archive, its XML, or CSV of the Data Download Program, each as it is or
	// packed with gzip. They are read in order; where two speak of the same
	// series and day, the later counts.
	Files []string
	// Series names what to keep beyond what [Select] always keeps, such as
	// RESPPMA_XCH1_N.WW.
	Series []string
}

type source struct {
	get  extract.Getter
	cfg  Config
	keep func(string) bool
}

var _ extract.Source[schemas.Observation] = source{}

// Archive returns the source of the part "h41" of raw.observation. Values are
// in millions of dollars, as published: Unit is "Currency" and Multiplier 1e6.
// A value that the Board does not have is a row without a value, its mark (NA,
// ND, NC) in Status. It holds one answer, some 9 MB, in memory, and the rows.
func Archive(g extract.Getter, cfg Config) extract.Source[schemas.Observation] {
	return source{g, cfg, Select(cfg.Series...)}
}

// Fetch implements [extract.Source].
func (s source) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]schemas.Observation, error] {
	return func(yield func([]schemas.Observation, error) bool) {
		yield(s.fetch(ctx, w))
	}
}

func (s source) fetch(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
	if w.Part != Release {
		return nil, fmt.Errorf("h41: there is no release %q; the only one is %q", w.Part, Release)
	}
	for _, name := range s.cfg.Series {
		if !validName(name) {
			return nil, fmt.Errorf("h41: %q in the configuration is not the name of a series, such as RESPPMA_N.WW", name)
		}
	}
	var rows []schemas.Observation
	var err error
	if len(s.cfg.Files) > 0 {
		rows, err = s.fromFiles(ctx, w)
	} else {
		rows, err = s.ask(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("h41: %s: %w", w, extract.ErrNoData)
	}
	return rows, nil
}

func (s source) ask(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
	base := strings.TrimRight(cmp.Or(s.cfg.Base, DefaultBase), "/")
	p, data, err := extract.Read(ctx, s.get, extract.Request{
		Publisher: Publisher,
		URL:       base + archivePath,
		Header:    http.Header{"Accept": {"application/zip"}},
		MaxBytes:  maxArchive,
	}, w)
	if err != nil {
		return nil, err
	}
	rows, err := ParseArchive(bytes.NewReader(data), int64(len(data)), s.keep)
	if err == nil {
		err = checkCore(rows)
	}
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	return label(rows, w, p.Hash), nil
}

func (s source) fromFiles(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
	type key struct {
		series string
		day    schemas.Date
	}
	at := make(map[key]int)
	var all []schemas.Observation
	for _, f := range s.cfg.Files {
		rows, hash, err := s.readFile(ctx, w, f)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		for _, row := range label(rows, w, hash) {
			k := key{row.Series, row.Date}
			i, ok := at[k]
			if !ok {
				at[k] = len(all)
				all = append(all, row)
				continue
			}
			all[i] = row
		}
	}
	sortRows(all)
	return all, nil
}

// label names the source of rows and leaves out the days outside w.
func label(rows []schemas.Observation, w schemas.Window, hash string) []schemas.Observation {
	rows = slices.DeleteFunc(rows, func(r schemas.Observation) bool { return !w.Contains(r.Date) })
	for i := range rows {
		rows[i].Source = Release
		rows[i].Payload = hash
	}
	sortRows(rows)
	return rows
}

func sortRows(rows []schemas.Observation) {
	slices.SortStableFunc(rows, func(a, b schemas.Observation) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Date, b.Date))
	})
}
