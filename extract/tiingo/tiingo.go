// Package tiingo reads end-of-day prices, dividends and splits of chosen symbols
// from Tiingo, and the levels of funds with dividends reinvested.
//
// A row has the price as traded, the cash that went ex on the day and the day's
// split, from which any adjustment can be made. Its own adjusted prices are those of
// the moment: they change with every event that comes after.
package tiingo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher.
const (
	// Publisher is the name under which requests are limited and archived, and the
	// part of its prices and actions.
	Publisher = "tiingo"
	// DefaultBase is the address of the service.
	DefaultBase = "https://api.tiingo.com"
	// Every is the time to leave between two requests. What counts are quotas by the
	// hour, the day and the month: about 50, 1,000 and 500 symbols of the free plan.
	// Where one is used up the publisher is asked again in the next hour.
	Every = time.Second
	// PartPrefix begins the part of a fund's levels: "fund:SPY".
	PartPrefix = "fund:"
	// Settled is for how many days after a session its row is corrected.
	Settled = 5
	// Fresh is for how long an answer serves all that is read from it.
	Fresh = 30 * time.Minute

	// maxBytes bounds an answer; a symbol has about 2 MB in forty years.
	maxBytes = 16 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"api.tiingo.com"} }

// Config says where answers come from.
type Config struct {
	// Base is the address of the service; empty means [DefaultBase].
	Base string
	// Token is the API token. It is sent as a secret, in a header.
	Token string
	// Symbols are those whose prices and actions are asked for, a request each, with
	// a dash before the class: BRK-B.
	Symbols []string
	// Now is when it is asked: an answer from shortly before serves again, and one of
	// days long past for good.
	Now time.Time
}

// symbol reports whether a ticker is spelled as the service spells it.
func symbol(s string) bool {
	ok := s != "" && len(s) <= 16
	for _, c := range s {
		ok = ok && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-')
	}
	return ok
}

// Check finds symbols that the service does not spell so.
func (c Config) Check() error {
	for _, s := range c.Symbols {
		if !symbol(s) {
			return fmt.Errorf("%q is no symbol of Tiingo: it writes capitals, and a dash before the class, as in BRK-B", s)
		}
	}
	return nil
}

// request asks for the rows of a symbol over the days [from, to].
func (c Config) request(ticker string, from, to schemas.Date) (extract.Request, error) {
	if strings.TrimSpace(c.Token) == "" || strings.ContainsAny(c.Token, " \t\r\n") {
		return extract.Request{}, errors.New("tiingo: the API token is empty or has spaces in it; put the one that tiingo.com gave you into the configuration")
	}
	q := url.Values{"startDate": {from.String()}, "endDate": {to.String()}, "format": {"json"}}
	r := extract.Request{
		Publisher: Publisher, MaxBytes: maxBytes,
		URL:    strings.TrimRight(cmp.Or(c.Base, DefaultBase), "/") + "/tiingo/daily/" + url.PathEscape(strings.ToLower(ticker)) + "/prices?" + q.Encode(),
		Header: http.Header{"Accept": {"application/json"}},
		Secret: extract.Secret{Header: "Authorization", Value: "Token " + c.Token},
	}
	if !c.Now.IsZero() {
		r.ReuseAfter = c.Now.Add(-Fresh)
		if settled := to.AddDays(Settled).Time(); settled.Before(r.ReuseAfter) {
			r.ReuseAfter = settled
		}
	}
	return r, nil
}

// rows gets the rows of a symbol over the days of w.
func (c Config) rows(ctx context.Context, g extract.Getter, w schemas.Window, ticker string) ([]Row, string, error) {
	r, err := c.request(ticker, max(w.From, schemas.NewDate(1962, time.January, 2)), w.Last())
	if err != nil {
		return nil, "", err
	}
	p, data, err := extract.Read(ctx, g, r, w)
	if err != nil {
		return nil, "", c.refusal(err, ticker)
	}
	rows, err := ParsePrices(bytes.NewReader(data))
	for i := range rows {
		if err == nil && !w.Contains(rows[i].Date) {
			err = fmt.Errorf("a row of %s, which was not asked for", rows[i].Date)
		}
	}
	if err != nil {
		return nil, "", extract.Contract(Publisher, w, p.Hash, fmt.Errorf("%s: %w", ticker, err))
	}
	return rows, p.Hash, nil
}

// refusal says what a refusal of this publisher means.
func (c Config) refusal(err error, ticker string) error {
	status, ok := errors.AsType[*extract.StatusError](err)
	if !ok {
		return err
	}
	switch status.Code {
	case http.StatusNotFound:
		return fmt.Errorf("%w; Tiingo has no symbol %s: take it out of publishers.tiingo, or spell it as Tiingo does", err, ticker)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("%w; the API token is not accepted: correct publishers.tiingo.token", err)
	case http.StatusTooManyRequests:
		if !c.Now.IsZero() {
			return &extract.NotYetError{Publisher: Publisher, What: ticker + ", as the hour's requests are used up,", Until: c.Now.Truncate(time.Hour).Add(time.Hour)}
		}
	}
	return err
}

func noData(w schemas.Window) error { return fmt.Errorf("tiingo: %s: %w", w, extract.ErrNoData) }

// Probe asks for the latest row of one symbol.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	ticker := "SPY"
	if len(cfg.Symbols) > 0 {
		ticker = cfg.Symbols[0]
	}
	r, err := cfg.request(ticker, 0, 0)
	if err != nil {
		return "", err
	}
	r.URL, _, _ = strings.Cut(r.URL, "?")
	w := schemas.CutWhole.Window(Publisher, 0)
	p, data, err := extract.Read(ctx, g, r, w)
	if err != nil {
		return "", cfg.refusal(err, ticker)
	}
	rows, err := ParsePrices(bytes.NewReader(data))
	if err == nil && len(rows) != 1 {
		err = fmt.Errorf("%d rows where the latest was asked for", len(rows))
	}
	if err != nil {
		return "", extract.Contract(Publisher, w, p.Hash, err)
	}
	return fmt.Sprintf("%s closed at %v on %s", ticker, rows[0].Close, rows[0].Date), nil
}
