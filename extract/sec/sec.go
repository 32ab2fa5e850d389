// Package sec reads what companies have filed with the Securities and Exchange
// Commission: shares outstanding from the covers of their reports, and net income.
//
// Each company is asked for by its registrant number, and each answer has all that it
// ever filed with the day of filing, so that what was known on a day can be told.
// Figures that a company gives by class of share are left out by the service: of a
// company with several classes it has no count at all.
package sec

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher.
const (
	// Publisher is the name under which requests are limited and archived, and the
	// part of its tables.
	Publisher = "sec"
	// DefaultBase is the address of the figures, DefaultFilesBase that of the list of
	// companies.
	DefaultBase      = "https://data.sec.gov"
	DefaultFilesBase = "https://www.sec.gov"
	// Every is the time to leave between two requests: fair access is ten in a second
	// from one address over all hosts.
	Every = 110 * time.Millisecond
	// Fresh is for how long an answer serves again: the figures of a company change
	// four times a year.
	Fresh = 6 * 24 * time.Hour
	// Rest is for how long to be silent once the rate was exceeded.
	Rest = 10 * time.Minute

	maxBytes = 32 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"data.sec.gov", "www.sec.gov"} }

// Config says where answers come from.
type Config struct {
	// Base and FilesBase replace the two addresses.
	Base, FilesBase string
	// Contact names who asks, with an address of mail, as the service demands it of
	// every client: "Example Research research@example.com".
	Contact string
	// Companies is how many companies are asked for, the largest first, by the
	// service's own list of today.
	Companies int
	// Now is when it is asked.
	Now time.Time
}

// CheckContact says what is wrong with a contact.
func CheckContact(contact string) error {
	name, mail := false, false
	for word := range strings.FieldsSeq(contact) {
		local, host, at := strings.Cut(word, "@")
		mail = mail || at && local != "" && strings.Contains(host, ".")
		name = name || !at
	}
	if !name || !mail || strings.ContainsAny(contact, "\r\n") || len(contact) > 200 {
		return fmt.Errorf("%q does not say who asks: the SEC wants a name and an address of mail, as in \"Example Research research@example.com\"", contact)
	}
	return nil
}

func (c Config) request(base, otherwise, path string) (extract.Request, error) {
	if err := CheckContact(c.Contact); err != nil {
		return extract.Request{}, fmt.Errorf("sec: contact: %w", err)
	}
	r := extract.Request{
		Publisher: Publisher, MaxBytes: maxBytes, URL: strings.TrimRight(cmp.Or(base, otherwise), "/") + path,
		Header: http.Header{"Accept": {"application/json"}, "User-Agent": {c.Contact}},
	}
	if !c.Now.IsZero() {
		r.ReuseAfter = c.Now.Add(-Fresh)
	}
	return r, nil
}

// refusal says what a refusal of this publisher means.
func (c Config) refusal(err error) error {
	status, ok := errors.AsType[*extract.StatusError](err)
	if !ok || status.Code != http.StatusForbidden && status.Code != http.StatusTooManyRequests {
		return err
	}
	if strings.Contains(status.Body, "Undeclared") || c.Now.IsZero() {
		return fmt.Errorf("%w; the SEC does not accept who asks: put a name and an address of mail into publishers.sec.contact", err)
	}
	return &extract.NotYetError{Publisher: Publisher, What: "the next company, as the rate was exceeded,", Until: c.Now.Add(Rest)}
}

// companies returns the registrant numbers of the largest companies.
func (c Config) companies(ctx context.Context, g extract.Getter, w schemas.Window) ([]int64, error) {
	r, err := c.request(c.FilesBase, DefaultFilesBase, "/files/company_tickers.json")
	if err != nil {
		return nil, err
	}
	p, data, err := extract.Read(ctx, g, r, w)
	if err != nil {
		return nil, c.refusal(err)
	}
	list, err := ParseCompanies(bytes.NewReader(data))
	if err != nil {
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	return list[:min(max(c.Companies, 0), len(list))], nil
}

// concept gets what a company has filed under a tag; nothing where it never did.
func (c Config) concept(ctx context.Context, g extract.Getter, w schemas.Window, company int64, of Concept) ([]Figure, string, error) {
	r, err := c.request(c.Base, DefaultBase, fmt.Sprintf("/api/xbrl/companyconcept/CIK%010d/%s/%s.json", company, of.Taxonomy, of.Tag))
	if err != nil {
		return nil, "", err
	}
	p, data, err := extract.Read(ctx, g, r, w)
	if err != nil {
		if status, ok := errors.AsType[*extract.StatusError](err); ok && status.Code == http.StatusNotFound {
			return nil, "", nil
		}
		return nil, "", c.refusal(err)
	}
	figures, err := ParseConcept(bytes.NewReader(data), company, of)
	if err != nil {
		return nil, "", extract.Contract(Publisher, w, p.Hash, fmt.Errorf("registrant %d: %w", company, err))
	}
	return figures, p.Hash, nil
}

// all gets the rows of a window of every company.
func all[T any](ctx context.Context, g extract.Getter, cfg Config, w schemas.Window, of Concept, row func(company string, f Figure, payload string) T) ([]T, error) {
	if w.Part != Publisher {
		return nil, fmt.Errorf("sec: there is no part %q; the only one is %q", w.Part, Publisher)
	}
	companies, err := cfg.companies(ctx, g, w)
	if err != nil {
		return nil, err
	}
	var out []T
	for _, company := range slices.Sorted(slices.Values(companies)) {
		figures, payload, err := cfg.concept(ctx, g, w, company, of)
		if err != nil {
			return nil, err
		}
		for _, f := range figures {
			if w.Contains(f.Filed) {
				out = append(out, row(strconv.FormatInt(company, 10), f, payload))
			}
		}
	}
	return out, nil
}

func noData(w schemas.Window) error { return fmt.Errorf("sec: %s: %w", w, extract.ErrNoData) }

// Probe asks for the list of companies and the count of the largest that has one.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	w := schemas.CutWhole.Window(Publisher, 0)
	cfg.Companies = 5
	companies, err := cfg.companies(ctx, g, w)
	if err != nil {
		return "", err
	}
	for _, company := range companies {
		figures, _, err := cfg.concept(ctx, g, w, company, SharesOutstanding)
		if err != nil {
			return "", err
		}
		if n := len(figures); n > 0 {
			return fmt.Sprintf("registrant %d filed %.0f shares on %s", company, figures[n-1].Value, figures[n-1].Filed), nil
		}
	}
	return "", fmt.Errorf("sec: none of the %d largest companies has filed a count of its shares", len(companies))
}
