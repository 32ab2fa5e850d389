// Package ishares reads the daily holdings files of iShares funds, line by
// line, cash and futures included.
//
// Two answers of the publisher are understood, told apart by their content:
// the JSON of its product pages, which gives weights with five decimals and
// CUSIP, ISIN and SEDOL, and the CSV that people download, in the layouts of
// several years.
package ishares

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher. It documents no API; these are the addresses
// behind its product pages. The holdings of a day appear on the next business
// day, and a month-end or daily history reaches back to 2006 or 2012,
// depending on the fund.
const (
	// Publisher names this source to the client and the archive.
	Publisher = "ishares"
	// DefaultBase is where the publisher answers.
	DefaultBase = "https://www.blackrock.com"
	// Every is the pause to keep between two requests. The publisher states no
	// limit but turns robots away.
	Every = 2 * time.Second

	pathCSV  = "/varnish-api/blk-one01-product-data/product-data/api/v1/get-fund-document"
	pathJSON = "/varnish-api/blk-one01-product-data/product-data/api/v2/get-product-data"

	// maxBytes bounds an answer; the largest fund's JSON has about 2 MB.
	maxBytes = 32 << 20
	// settled is how long after its day an answer may still change.
	settled = 7
	// weightTolerance is how far from 100 the weights of a whole file may sum,
	// in percentage points. Recorded files of up to 2,000 lines, whose weights
	// are rounded to two decimals, stay within 0.13.
	weightTolerance = 1.0
)

// Hosts may answer for the publisher, also after a redirect.
var Hosts = []string{"www.blackrock.com", "www.ishares.com"}

// Product is a fund as the publisher knows it.
type Product struct {
	ID   int    // number in the address of the product page
	Name string // as at the top of the CSV
}

// products are the funds known without configuration.
var products = map[string]Product{
	"IJH": {239763, "iShares Core S&P Mid-Cap ETF"},
	"IJR": {239774, "iShares Core S&P Small-Cap ETF"},
	"IVV": {239726, "iShares Core S&P 500 ETF"},
	"IWB": {239707, "iShares Russell 1000 ETF"},
	"IWC": {239716, "iShares Micro-Cap ETF"},
	"IWM": {239710, "iShares Russell 2000 ETF"},
	"IWV": {239714, "iShares Russell 3000 ETF"},
	"OEF": {239723, "iShares S&P 100 ETF"},
}

// Funds lists the funds whose product numbers are known, by ticker.
func Funds() []string { return slices.Sorted(maps.Keys(products)) }

// The answers that can be asked for.
const (
	FormatJSON = "json"
	FormatCSV  = "csv"
)

// Config says where holdings come from. The zero value lacks Days only.
type Config struct {
	// Base is the publisher's address; empty means [DefaultBase].
	Base string
	// Format is FormatJSON or FormatCSV; empty means FormatJSON.
	Format string
	// Days returns the days to ask for in a window: sessions, month ends, ….
	// Days without holdings cost a request and give no rows.
	Days func(w schemas.Window) []schemas.Date
	// Products adds funds, by ticker, to those known.
	Products map[string]Product

	// Files are file: URLs of saved answers, CSV or JSON, which are read
	// instead of asking the publisher.
	Files []string
	// Fund is the fund that Files belong to; empty means that each file says
	// so itself, by the fund's name in its first line or its product number.
	Fund string
	// AsOf is the day of a file that does not say its own; zero means that
	// such a file is refused.
	AsOf schemas.Date
}

type source struct {
	g   extract.Getter
	cfg Config
}

var _ extract.Source[schemas.Holding] = (*source)(nil)

// Holdings returns the source of raw.holding. The part of a window is the
// fund's ticker. Fetch yields the rows of one day at a time, oldest day first,
// each in the order of the file, once all answers have been read, and
// [extract.ErrNoData] when no day of the window has any. An answer that speaks of another day than the one asked for,
// or whose weights do not sum to 100, is an [extract.ContractError].
func Holdings(g extract.Getter, cfg Config) extract.Source[schemas.Holding] {
	return &source{g: g, cfg: cfg}
}

// Fetch implements [extract.Source].
func (s *source) Fetch(ctx context.Context, w schemas.Window) iter.Seq2[[]schemas.Holding, error] {
	return func(yield func([]schemas.Holding, error) bool) {
		find := s.asked
		if len(s.cfg.Files) > 0 {
			find = s.saved
		}
		days, err := find(ctx, w)
		if err == nil && len(days) == 0 {
			err = extract.ErrNoData
		}
		if err != nil {
			yield(nil, fmt.Errorf("ishares: %s: %w", w, err))
			return
		}
		// Every answer was found sound before the first row goes out. They are
		// read once more rather than kept: a year of a large fund has half a
		// million lines.
		for _, d := range days {
			a, err := read(d.payload)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(nil, fmt.Errorf("ishares: %s: read the holdings of %s: %w", w, d.date, err))
				return
			}
			if !yield(a.finish(w.Part, d.date, d.payload.Hash), nil) {
				return
			}
		}
	}
}

// day is a day with holdings and the answer that has them.
type day struct {
	date    schemas.Date
	payload *extract.Payload
	name    string // of the file, where it was one
}

// asked asks the publisher for the days of the window, oldest first, and holds
// each answer against the contract.
func (s *source) asked(ctx context.Context, w schemas.Window) ([]day, error) {
	product, err := s.cfg.product(w.Part)
	if err != nil {
		return nil, err
	}
	if s.cfg.Days == nil {
		return nil, errors.New("the configuration does not say which days to ask for")
	}
	var days []day
	asked := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(s.cfg.Days(w)))), func(d schemas.Date) bool { return !w.Contains(d) })
	err = extract.AskDays(asked, func(d schemas.Date) error {
		p, err := s.ask(ctx, w, product, d)
		if err != nil {
			return fmt.Errorf("fetch the holdings of %s: %w", d, err)
		}
		if p != nil {
			days = append(days, day{date: d, payload: p})
		}
		return nil
	})
	return days, err
}

// ask gets the holdings of one day; nil where the publisher has none.
func (s *source) ask(ctx context.Context, w schemas.Window, product Product, date schemas.Date) (*extract.Payload, error) {
	r, err := s.cfg.request(product.ID, date)
	if err != nil {
		return nil, err
	}
	r.ReuseAfter = date.AddDays(settled).Time()
	p, err := s.g.Get(ctx, r)
	if err != nil {
		return nil, err
	}
	a, err := read(p)
	if err == nil {
		err = a.check(product, date)
	}
	switch {
	case err != nil:
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	case len(a.rows) == 0:
		return nil, nil
	}
	return p, nil
}

// saved finds the days of the window among the configured files.
func (s *source) saved(ctx context.Context, w schemas.Window) ([]day, error) {
	var days []day
	for _, address := range s.cfg.Files {
		d := day{name: extract.FileName(address)}
		var err error
		if d.payload, err = s.g.Get(ctx, extract.Request{Publisher: Publisher, URL: address, MaxBytes: maxBytes}); err != nil {
			return nil, fmt.Errorf("read %s: %w", d.name, err)
		}
		a, err := read(d.payload)
		var fund string
		if err == nil {
			fund, err = s.cfg.identify(&a)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", d.name, extract.Contract(Publisher, w, d.payload.Hash, err))
		}
		if d.date = a.asOf; fund == w.Part && len(a.rows) > 0 && w.Contains(d.date) {
			days = append(days, d)
		}
	}
	slices.SortFunc(days, func(a, b day) int { return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.name, b.name)) })
	for i := 1; i < len(days); i++ {
		if a, b := days[i-1], days[i]; a.date == b.date && a.payload.Hash != b.payload.Hash {
			return nil, fmt.Errorf("both %s and %s hold %s; keep one of them", a.name, b.name, b.date)
		}
	}
	return slices.CompactFunc(days, func(a, b day) bool { return a.date == b.date }), nil
}

// request asks for the holdings of a product on a day; NoDate asks for the
// newest.
func (c *Config) request(id int, day schemas.Date) (extract.Request, error) {
	q := url.Values{
		"appType": {"PRODUCT_PAGE"}, "appSubType": {"ISHARES"}, "targetSite": {"us-ishares"}, "locale": {"en_US"},
		"portfolioId": {strconv.Itoa(id)}, "userType": {"individual"},
	}
	var where string
	switch c.Format {
	case "", FormatJSON:
		where = pathJSON
		q.Set("component", "holdings.all")
		q.Set("excludeContent", "true")
	case FormatCSV:
		where = pathCSV
		q.Set("component", "holdings")
	default:
		return extract.Request{}, fmt.Errorf("format %q is neither %q nor %q", c.Format, FormatJSON, FormatCSV)
	}
	if day != schemas.NoDate {
		q.Set("asOfDate", day.Time().Format("20060102"))
	}
	base := strings.TrimSuffix(cmp.Or(c.Base, DefaultBase), "/")
	return extract.Request{Publisher: Publisher, URL: base + where + "?" + q.Encode(), MaxBytes: maxBytes}, nil
}

func (c *Config) product(fund string) (Product, error) {
	if p, ok := c.Products[fund]; ok {
		return p, nil
	}
	if p, ok := products[fund]; ok {
		return p, nil
	}
	return Product{}, fmt.Errorf("fund %q is not known; give its product number in the configuration", fund)
}

// identify returns the fund of a saved answer and completes its day.
func (c *Config) identify(a *answer) (string, error) {
	if a.asOf == schemas.NoDate && len(a.rows) > 0 {
		if c.AsOf == 0 {
			return "", errors.New("the file does not say of which day it is; give the day in the configuration")
		}
		a.asOf = c.AsOf
	}
	if c.Fund != "" {
		return c.Fund, nil
	}
	for _, known := range []map[string]Product{c.Products, products} {
		for _, fund := range slices.Sorted(maps.Keys(known)) {
			p := known[fund]
			if (a.id != 0 && p.ID == a.id) || (a.name != "" && p.Name == a.name) {
				return fund, nil
			}
		}
	}
	if a.name == "" && a.id == 0 {
		return "", errors.New("the file does not say of which fund it is; give the fund in the configuration")
	}
	return "", fmt.Errorf("fund %q (product %d) is not known; give its ticker in the configuration", a.name, a.id)
}

// Probe asks for the newest holdings of one fund and holds them against the
// contract. It returns what it saw in a line.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	const fund = "OEF" // the smallest of those known
	product, err := cfg.product(fund)
	if err != nil {
		return "", fmt.Errorf("ishares: probe: %w", err)
	}
	r, err := cfg.request(product.ID, schemas.NoDate)
	if err != nil {
		return "", fmt.Errorf("ishares: probe: %w", err)
	}
	p, err := g.Get(ctx, r)
	if err != nil {
		return "", fmt.Errorf("ishares: probe %s: %w", fund, err)
	}
	a, err := read(p)
	if err == nil {
		err = a.check(product, a.asOf)
	}
	if err == nil && len(a.rows) == 0 {
		err = errors.New("the newest file lists no holdings")
	}
	if err != nil {
		w := schemas.CutWhole.Window(fund, 0)
		return "", fmt.Errorf("ishares: probe: %w", extract.Contract(Publisher, w, p.Hash, err))
	}
	return fmt.Sprintf("%s as of %s: %d lines, weights sum to %.2f %%", fund, a.asOf, len(a.rows), a.weights()), nil
}
