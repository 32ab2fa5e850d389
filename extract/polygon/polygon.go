// Package polygon reads daily prices, splits and dividends of the whole US stock
// market from Massive, known as Polygon until October 2025.
//
// Prices are asked for as traded, one answer for each session: the service adjusts
// others for splits alone, and rewrites them when one happens. A day without
// trading is an answer without results, and so is a session whose prices are not
// out yet; neither says that every stock has gone.
package polygon

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	// only part of its tables.
	Publisher = "polygon"
	// DefaultBase is the address of the service; api.polygon.io answers too.
	DefaultBase = "https://api.massive.com"
	// Every is the time to leave between two requests: the free plan takes five in a
	// minute, and gives about two years of closed days.
	Every = 12 * time.Second
	// Settled is for how many days after a session its prices are corrected; what
	// was fetched later is not asked for again.
	Settled = 5

	pageSize = 1000 // the largest that the lists of actions give
	// maxPages bounds what an answer may make us ask for: a year has about 25,000
	// dividends.
	maxPages = 200
	// maxBytes bounds an answer; the market of a day has about 1.5 MB.
	maxBytes = 32 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"api.massive.com", "api.polygon.io"} }

// Config says where answers come from.
type Config struct {
	// Base is the address of the service; empty means [DefaultBase].
	Base string
	// Key is the API key. It is sent as a secret, in a header.
	Key string
	// Days returns the sessions of a window for which prices are asked.
	Days func(w schemas.Window) []schemas.Date
}

func (c Config) base() string { return strings.TrimRight(cmp.Or(c.Base, DefaultBase), "/") }

// request asks for a path below the address.
func (c Config) request(path string, q url.Values) (extract.Request, error) {
	if strings.TrimSpace(c.Key) == "" || strings.ContainsAny(c.Key, " \t\r\n") {
		return extract.Request{}, errors.New("polygon: the API key is empty or has spaces in it; put the one that massive.com gave you into the configuration")
	}
	address := c.base() + path
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return extract.Request{
		Publisher: Publisher, URL: address, MaxBytes: maxBytes,
		Header: http.Header{"Accept": {"application/json"}},
		Secret: extract.Secret{Header: "Authorization", Value: "Bearer " + c.Key},
	}, nil
}

// reading is one answer and how it is parsed.
func reading[T any](ctx context.Context, g extract.Getter, r extract.Request, w schemas.Window, parse func(io.Reader) (T, error)) (out T, hash string, err error) {
	p, data, err := extract.Read(ctx, g, r, w)
	if err != nil {
		return out, "", plan(err)
	}
	if out, err = parse(bytes.NewReader(data)); err != nil {
		return out, p.Hash, extract.Contract(Publisher, w, p.Hash, err)
	}
	return out, p.Hash, nil
}

// plan says what a refusal of this publisher means. It does not pass.
func plan(err error) error {
	status, ok := errors.AsType[*extract.StatusError](err)
	if !ok {
		return err
	}
	switch status.Code {
	case http.StatusForbidden:
		return fmt.Errorf("%w; the plan of the key does not include these days: begin the history later, or take another plan", err)
	case http.StatusUnauthorized:
		return fmt.Errorf("%w; the API key is not accepted: correct publishers.polygon.key", err)
	}
	return err
}

// head is what every answer begins or ends with.
type head struct {
	Status    string `json:"status"`
	RequestID string `json:"request_id"`
	Error     string `json:"error"`
	Message   string `json:"message"`
	Count     *int   `json:"count"`
}

func (h *head) check() error {
	switch {
	case h.Error != "" || h.Message != "":
		return fmt.Errorf("the service answers %.40q: %.300s", h.Status, cmp.Or(h.Error, h.Message))
	case h.Status != "OK" && h.Status != "DELAYED":
		return fmt.Errorf("status is %.40q, not OK", h.Status)
	}
	return nil
}

// symbol reports whether a ticker can be one.
func symbol(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for _, c := range s {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune(".-/:+", c) {
			return false
		}
	}
	return true
}

func noData(w schemas.Window) error { return fmt.Errorf("polygon: %s: %w", w, extract.ErrNoData) }

// Probe asks which holidays come next, which tells whether the key is accepted.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	w := schemas.CutWhole.Window(Publisher, 0)
	r, err := cfg.request("/v1/marketstatus/upcoming", nil)
	if err != nil {
		return "", err
	}
	days, _, err := reading(ctx, g, r, w, parseUpcoming)
	if err != nil {
		return "", err
	}
	if len(days) == 0 {
		return "the key is accepted", nil
	}
	return fmt.Sprintf("the key is accepted; the next holiday is %s on %s", days[0].Name, days[0].Date), nil
}

type holiday struct {
	Exchange string `json:"exchange"`
	Name     string `json:"name"`
	Date     string `json:"date"`
	Status   string `json:"status"`
	Open     string `json:"open"`
	Close    string `json:"close"`
}

func parseUpcoming(r io.Reader) (days []holiday, err error) {
	err = extract.DecodeJSON(r, &days)
	return days, err
}
