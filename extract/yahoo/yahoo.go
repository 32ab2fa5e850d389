// Package yahoo reads prices, dividends and splits of chosen symbols, and levels of
// funds and indices, from the charts of Yahoo Finance.
//
// It is no service that anyone has promised: its terms do not foresee programs, and
// its form changes unannounced. It is for those who have nothing else, and asked for
// only where the configuration says so in so many words.
//
// Its prices are adjusted for all splits up to the moment of the answer. So the whole
// history of a symbol is asked for at once, with its splits, and the adjustment is
// taken back: what is kept is the price as traded, which no later split changes.
package yahoo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher.
const (
	// Publisher is the name under which requests are limited and archived, and the
	// part of its prices and actions.
	Publisher = "yahoo"
	// DefaultBase is the address of the service.
	DefaultBase = "https://query2.finance.yahoo.com"
	// Every is the time to leave between two requests. No limit is published; bursts
	// are answered with HTTP 429.
	Every = 2 * time.Second
	// Settled is for how many days after a session its row is corrected.
	Settled = 5
	// Fresh is for how long an answer serves all that is read from it.
	Fresh = 30 * time.Minute

	// agent is a browser's first word and who really asks: without the former
	// requests are refused.
	agent = "Mozilla/5.0 (compatible; tidemark)"
	// maxBytes bounds an answer; a symbol has about 2 MB in forty years.
	maxBytes = 16 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"query1.finance.yahoo.com", "query2.finance.yahoo.com"} }

// Config says where answers come from.
type Config struct {
	// Base is the address of the service; empty means [DefaultBase].
	Base string
	// Symbols are those whose prices and actions are asked for, a request each, with
	// a dash before the class: BRK-B.
	Symbols []string
	// Series names the publisher's symbol of each part of raw.observation: SPY for
	// fund:SPY, ^GSPC for index:SPX.
	Series map[string]string
	// Now is when it is asked: an answer from shortly before serves again, and for
	// days long past any that came after them.
	Now time.Time
}

func symbol(s string) bool {
	ok := s != "" && len(s) <= 20
	for i, c := range s {
		ok = ok && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '^' && i == 0)
	}
	return ok
}

// Check finds symbols that the service does not spell so, and parts that cannot be.
func (c Config) Check() error {
	for part := range c.Series {
		if kind, name, _ := strings.Cut(part, ":"); kind != "fund" && kind != "index" || name == "" {
			return fmt.Errorf("%q is not the part of a level, such as fund:SPY or index:SPX", part)
		}
	}
	for _, s := range slices.Concat(c.Symbols, slices.Sorted(maps.Values(c.Series))) {
		if !symbol(s) {
			return fmt.Errorf("%q is no symbol of Yahoo: it writes capitals, a dash before the class and a caret before an index, as in BRK-B and ^GSPC", s)
		}
	}
	return nil
}

// chart gets the whole history of a symbol, and leaves of its sessions those of w.
func (c Config) chart(ctx context.Context, g extract.Getter, w schemas.Window, ticker string) (Chart, string, error) {
	q := url.Values{"interval": {"1d"}, "period1": {"0"}, "period2": {"9999999999"}, "events": {"div|split"}}
	r := extract.Request{
		Publisher: Publisher, MaxBytes: maxBytes,
		URL:    strings.TrimRight(cmp.Or(c.Base, DefaultBase), "/") + "/v8/finance/chart/" + url.PathEscape(ticker) + "?" + q.Encode(),
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {agent}},
	}
	if !c.Now.IsZero() {
		r.ReuseAfter = c.Now.Add(-Fresh)
		if settled := w.Last().AddDays(Settled).Time(); settled.Before(r.ReuseAfter) {
			r.ReuseAfter = settled
		}
	}
	p, data, err := extract.Read(ctx, g, r, w)
	if status, ok := errors.AsType[*extract.StatusError](err); ok && status.Code == http.StatusNotFound {
		err = fmt.Errorf("%w; Yahoo has no symbol %s: take it out of publishers.yahoo, or spell it as Yahoo does", err, ticker)
	}
	if err != nil {
		return Chart{}, "", err
	}
	chart, err := ParseChart(bytes.NewReader(data))
	if err == nil && chart.Symbol != ticker {
		err = fmt.Errorf("the answer is about %.20q", chart.Symbol)
	}
	// Faults of other years are not this window's.
	chart.Rows = slices.DeleteFunc(chart.Rows, func(r Row) bool { return !w.Contains(r.Date) })
	for i := range chart.Rows {
		if err == nil {
			err = chart.Rows[i].check()
		}
	}
	if err != nil {
		return Chart{}, "", extract.Contract(Publisher, w, p.Hash, fmt.Errorf("%s: %w", ticker, err))
	}
	return chart, p.Hash, nil
}

func noData(w schemas.Window) error { return fmt.Errorf("yahoo: %s: %w", w, extract.ErrNoData) }

// Probe asks for the history of one symbol.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	if err := cfg.Check(); err != nil {
		return "", fmt.Errorf("yahoo: %w", err)
	}
	all := slices.Concat(cfg.Symbols, slices.Sorted(maps.Values(cfg.Series)), []string{"SPY"})
	chart, _, err := cfg.chart(ctx, g, schemas.CutWhole.Window(Publisher, 0), all[0])
	if err != nil {
		return "", err
	}
	if len(chart.Rows) == 0 {
		return "", fmt.Errorf("yahoo: %s: %w", all[0], extract.ErrNoData)
	}
	last := chart.Rows[len(chart.Rows)-1]
	return fmt.Sprintf("%s closed at %v on %s", chart.Symbol, last.Close, last.Date), nil
}
