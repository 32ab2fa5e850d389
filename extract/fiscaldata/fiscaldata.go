// Package fiscaldata reads the operating cash balance of the Daily Treasury
// Statement from the Treasury's Fiscal Data service.
//
// Rows are kept as published. The row that carries the closing balance of the
// Treasury's account changed its label twice and its column once; that is
// told apart by [tidemark/schemas.CashBalance.Closing], and an answer whose
// newest day has no such row is refused: the label has changed again.
package fiscaldata

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher.
const (
	// Publisher is the name under which requests are limited and archived.
	Publisher = "fiscaldata"
	// DefaultBase is the address of the service. It needs no key
	// and takes any User-Agent.
	DefaultBase = "https://api.fiscaldata.treasury.gov"
	// Every is the time to leave between two requests: the service answers
	// 429 to bursts, at a rate it does not document.
	Every = time.Second
	// Statement is the only part of raw.treasury_cash: the Daily Treasury
	// Statement. The statement of a business day is published about 16:00 New
	// York on the next one and is not normally revised.
	Statement = "dts"

	path = "/services/api/fiscal_service/v1/accounting/dts/operating_cash_balance"
	// pageSize is the largest the service takes. A year has about 1,000 rows.
	pageSize = 10_000
	// maxPages bounds what an answer may make us ask for.
	maxPages = 50
	// maxBytes bounds a page; a row has about 500 bytes.
	maxBytes = 16 << 20
)

// since is the first day of the table.
var since = schemas.NewDate(2005, time.October, 3)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"api.fiscaldata.treasury.gov"} }

// Config says where answers come from. The zero Config asks the publisher.
type Config struct {
	// Base is the address of the service; empty means [DefaultBase].
	Base string
	// Files are saved answers (JSON), as file: URLs, to read instead of
	// asking. They are read in order; where two speak of the same row, the
	// later counts.
	Files []string
}

// page returns the address of one page of the rows of the days in [w.From,
// w.To). It depends on nothing else, so that a replay asks the same question.
func (c Config) page(w schemas.Window, sort string, number, size int) string {
	base := strings.TrimRight(cmp.Or(c.Base, DefaultBase), "/")
	q := url.Values{
		"fields":       {"record_date,account_type,close_today_bal,open_today_bal"},
		"filter":       {"record_date:gte:" + w.From.String() + ",record_date:lt:" + w.To.String()},
		"sort":         {sort},
		"page[number]": {strconv.Itoa(number)},
		"page[size]":   {strconv.Itoa(size)},
		"format":       {"json"},
	}
	return base + path + "?" + q.Encode()
}

type source struct {
	get extract.Getter
	cfg Config
}

var _ extract.Source[schemas.CashBalance] = source{}

// OperatingCash returns the source of raw.treasury_cash: every row of the
// operating cash balance table, in USD mn. Only business days have rows. A
// window without rows, and one that ends before the table begins, is
// [extract.ErrNoData].
func OperatingCash(g extract.Getter, cfg Config) extract.Source[schemas.CashBalance] {
	return source{g, cfg}
}

// Fetch implements [extract.Source].
func (s source) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]schemas.CashBalance, error] {
	return func(yield func([]schemas.CashBalance, error) bool) {
		yield(s.fetch(ctx, w))
	}
}

func (s source) fetch(ctx context.Context, w schemas.Window) ([]schemas.CashBalance, error) {
	if w.Part != Statement {
		return nil, fmt.Errorf("fiscaldata: there is no statement %q; the only one is %q", w.Part, Statement)
	}
	if w.To <= since {
		return nil, noData(w)
	}
	var rows []schemas.CashBalance
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
		return nil, noData(w)
	}
	slices.SortFunc(rows, func(a, b schemas.CashBalance) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.AccountType, b.AccountType))
	})
	return rows, nil
}

type key struct {
	day     schemas.Date
	account string
}

// ask reads page after page. The pages must agree on how many there are and
// hold together as many different rows as they say.
func (s source) ask(ctx context.Context, w schemas.Window) ([]schemas.CashBalance, error) {
	var all []schemas.CashBalance
	seen := make(map[key]bool)
	var first Meta
	for number := 1; ; number++ {
		rows, meta, hash, err := s.one(ctx, w, s.cfg.page(w, "record_date,account_type", number, pageSize))
		if err != nil {
			return nil, err
		}
		breach := func(format string, args ...any) error {
			return extract.Contract(Publisher, w, hash, fmt.Errorf("page %d: "+format, append([]any{number}, args...)...))
		}
		if number == 1 {
			first = meta
		}
		switch {
		case meta.TotalCount != first.TotalCount || meta.TotalPages != first.TotalPages:
			return nil, breach("%d rows on %d pages where page 1 promised %d on %d", meta.TotalCount, meta.TotalPages, first.TotalCount, first.TotalPages)
		case meta.TotalPages > maxPages:
			return nil, breach("%d pages are more than the %d that are believable", meta.TotalPages, maxPages)
		}
		for _, row := range rows {
			k := key{row.Date, row.AccountType}
			switch {
			case !w.Contains(row.Date):
				return nil, breach("a row of %s, which was not asked for", row.Date)
			case seen[k]:
				return nil, breach("a second row of %s for %q", row.Date, row.AccountType)
			}
			seen[k] = true
			all = append(all, row)
		}
		if number < meta.TotalPages {
			continue
		}
		if len(all) != meta.TotalCount {
			return nil, breach("%d rows in all where %d were promised", len(all), meta.TotalCount)
		}
		return all, extract.Contract(Publisher, w, hash, checkClosing(all))
	}
}

func (s source) fromFiles(ctx context.Context, w schemas.Window) ([]schemas.CashBalance, error) {
	byKey := make(map[key]schemas.CashBalance)
	for _, f := range s.cfg.Files {
		rows, _, hash, err := s.one(ctx, w, f)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		if err := checkClosing(rows); err != nil {
			return nil, fmt.Errorf("read %s: %w", f, extract.Contract(Publisher, w, hash, err))
		}
		for _, row := range rows {
			if w.Contains(row.Date) {
				byKey[key{row.Date, row.AccountType}] = row
			}
		}
	}
	out := make([]schemas.CashBalance, 0, len(byKey))
	for _, row := range byKey {
		out = append(out, row)
	}
	return out, nil
}

// one gets and parses a single answer.
func (s source) one(ctx context.Context, w schemas.Window, address string) ([]schemas.CashBalance, Meta, string, error) {
	p, data, err := extract.Read(ctx, s.get, extract.Request{
		Publisher: Publisher,
		URL:       address,
		Header:    http.Header{"Accept": {"application/json"}},
		MaxBytes:  maxBytes,
	}, w)
	if err != nil {
		return nil, Meta{}, "", err
	}
	rows, meta, err := ParseOperatingCash(bytes.NewReader(data))
	if err != nil {
		return nil, Meta{}, "", extract.Contract(Publisher, w, p.Hash, err)
	}
	for i := range rows {
		rows[i].Payload = p.Hash
	}
	return rows, meta, p.Hash, nil
}

// checkClosing insists that the newest day has a closing balance. Treasury
// renamed that row in 2021 and in 2022; when it does so again, the figure must
// not just be missing from then on.
func checkClosing(rows []schemas.CashBalance) error {
	newest := schemas.NoDate
	for _, row := range rows {
		newest = max(newest, row.Date)
	}
	var labels []string
	for _, row := range rows {
		if row.Date != newest {
			continue
		}
		if _, ok := row.Closing(); ok {
			return nil
		}
		labels = append(labels, strconv.Quote(row.AccountType))
	}
	if labels == nil {
		return nil
	}
	return fmt.Errorf("no row of %s carries the closing balance under a known label; there are %s", newest, strings.Join(labels, ", "))
}

func noData(w schemas.Window) error {
	return fmt.Errorf("fiscaldata: %s: %w", w, extract.ErrNoData)
}
