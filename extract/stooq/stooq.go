// Package stooq reads levels of funds and indices from Stooq.
//
// Its prices are adjusted for splits and dividends as of the moment, so that all of
// a series changes with each event: they serve as levels, which are read whole, and
// never as prices beside those of other publishers. What it has to say against a
// request it says in words, under HTTP 200.
package stooq

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Facts about the publisher. A day's prices come the next morning. Use is for
// purposes that are not commercial.
const (
	// Publisher is the name under which requests are limited and archived.
	Publisher = "stooq"
	// DefaultBase is the address of the service.
	DefaultBase = "https://stooq.com"
	// Every is the time to leave between two requests.
	Every = 2 * time.Second
	// Rest is for how long not to ask once the day's requests are used up.
	Rest = 6 * time.Hour

	maxBytes = 16 << 20
)

// Hosts lists the hosts to which the publisher may redirect.
func Hosts() []string { return []string{"stooq.com", "www.stooq.com"} }

// Config says where answers come from.
type Config struct {
	// Base is the address of the service; empty means [DefaultBase].
	Base string
	// Key is the API key, which a person gets from the site. It is sent as a secret.
	Key string
	// Series names the publisher's symbol of each part: spy.us for fund:SPY, ^spx for
	// index:SPX.
	Series map[string]string
	// Now is when it is asked.
	Now time.Time
}

// Check finds parts and symbols that cannot be.
func (c Config) Check() error {
	for part, symbol := range c.Series {
		kind, name, _ := strings.Cut(part, ":")
		if kind != "fund" && kind != "index" || name == "" {
			return fmt.Errorf("%q is not the part of a level, such as fund:SPY or index:SPX", part)
		}
		ok := symbol != "" && len(symbol) <= 20
		for i, c := range symbol {
			ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '^' && i == 0)
		}
		if !ok {
			return fmt.Errorf("%q is no symbol of Stooq: it writes spy.us, brk-b.us and ^spx", symbol)
		}
	}
	return nil
}

type source struct {
	g   extract.Getter
	cfg Config
}

// Levels returns the source of the parts of raw.observation that the configuration
// names: of funds in USD per share with dividends reinvested, of indices as they are.
func Levels(g extract.Getter, cfg Config) extract.Source[schemas.Observation] {
	return extract.AtOnce[schemas.Observation](source{g, cfg}.fetch)
}

func (s source) fetch(ctx context.Context, w schemas.Window) ([]schemas.Observation, error) {
	symbol, ok := s.cfg.Series[w.Part]
	if !ok {
		return nil, fmt.Errorf("stooq: the configuration names no symbol for %q", w.Part)
	}
	if err := s.cfg.Check(); err != nil {
		return nil, fmt.Errorf("stooq: %w", err)
	}
	if strings.TrimSpace(s.cfg.Key) == "" || strings.ContainsAny(s.cfg.Key, " \t\r\n") {
		return nil, errors.New("stooq: the API key is empty or has spaces in it; get one at stooq.com and put it into the configuration")
	}
	q := url.Values{"s": {symbol}, "i": {"d"}}
	if w != schemas.CutWhole.Window(w.Part, 0) {
		q.Set("d1", w.From.Time().Format("20060102"))
		q.Set("d2", w.Last().Time().Format("20060102"))
	}
	p, data, err := extract.Read(ctx, s.g, extract.Request{
		Publisher: Publisher, MaxBytes: maxBytes, URL: strings.TrimRight(cmp.Or(s.cfg.Base, DefaultBase), "/") + "/q/d/l/?" + q.Encode(),
		Header: http.Header{"Accept": {"text/csv"}}, Secret: extract.Secret{Query: "apikey", Value: s.cfg.Key},
	}, w)
	if err != nil {
		return nil, err
	}
	rows, err := ParseDaily(bytes.NewReader(data))
	if err == nil && !bytes.HasSuffix(data, []byte("\n")) {
		// The last price may lack digits, which nothing else would show.
		err = errors.New("the last line is cut off: it has no end")
	}
	unit := "USD per share"
	if strings.HasPrefix(w.Part, "index:") {
		unit = "Index"
	}
	rows = slices.DeleteFunc(rows, func(r schemas.Observation) bool { return r.Date < w.From }) // before 1970
	for i := range rows {
		r := &rows[i]
		if err == nil && !w.Contains(r.Date) {
			err = fmt.Errorf("a row of %s, which was not asked for", r.Date)
		}
		r.Source, r.Series, r.Unit, r.Multiplier, r.Frequency, r.Payload = w.Part, symbol, unit, 1, "Daily", p.Hash
	}
	switch {
	case errors.Is(err, errUsedUp) && !s.cfg.Now.IsZero():
		return nil, &extract.NotYetError{Publisher: Publisher, What: symbol + ", as the day's requests are used up,", Until: s.cfg.Now.Add(Rest)}
	case errors.Is(err, errNothing), err == nil && len(rows) == 0:
		return nil, fmt.Errorf("stooq: %s: %w", w, extract.ErrNoData)
	case err != nil:
		return nil, extract.Contract(Publisher, w, p.Hash, err)
	}
	return rows, nil
}

// What the service says in words.
var (
	errUsedUp  = errors.New("the day's requests are used up")
	errNothing = errors.New("the service has no data of the symbol for these days")
	errKey     = errors.New("the service wants an API key: get one at stooq.com and put it into publishers.stooq.key")
)

// ParseDaily reads daily prices in CSV, oldest first, and takes the close. Only Date
// and Value of the rows are filled. What is not a table is an error.
func ParseDaily(r io.Reader) ([]schemas.Observation, error) {
	text, err := extract.Text(r)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(make([]byte, 0, 4096), 1<<16)
	if !lines.Scan() {
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("not a table: %w", err)
		}
		return nil, errors.New("the answer is empty")
	}
	head := strings.TrimSpace(lines.Text())
	switch {
	case strings.HasPrefix(head, "Exceeded the daily hits limit"):
		return nil, errUsedUp
	case strings.HasPrefix(head, "No data"):
		return nil, errNothing
	case strings.HasPrefix(head, "Get your apikey"):
		return nil, errKey
	}
	columns := strings.Split(head, ",")
	want := []string{"Date", "Open", "High", "Low", "Close", "Volume"}
	if len(columns) == len(want)-1 {
		want = want[:len(columns)] // indices have no volume
	}
	if !slices.Equal(columns, want) {
		return nil, fmt.Errorf("the first line is %.80q, not the names of the columns", head)
	}
	var rows []schemas.Observation
	for n := 2; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), "\r")
		if line == "" {
			continue
		}
		cells := strings.Split(line, ",")
		if len(cells) != len(columns) {
			return nil, fmt.Errorf("line %d has %d cells where there are %d columns", n, len(cells), len(columns))
		}
		var row schemas.Observation
		if row.Date, err = schemas.ParseDate(cells[0]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if k := len(rows); k > 0 && row.Date <= rows[k-1].Date {
			return nil, fmt.Errorf("line %d is of %s, after one of %s", n, row.Date, rows[k-1].Date)
		}
		var prices [4]float64
		for i := range prices {
			if prices[i], err = extract.ParseFloat(cells[i+1]); err != nil {
				return nil, fmt.Errorf("line %d, %s: %w", n, want[i+1], err)
			}
			if prices[i] <= 0 {
				return nil, fmt.Errorf("line %d, %s: %v cannot be", n, want[i+1], prices[i])
			}
		}
		if high, low, closing := prices[1], prices[2], prices[3]; closing > high*(1+rounding) || closing < low*(1-rounding) {
			return nil, fmt.Errorf("line %d: the close %v is not between low %v and high %v", n, closing, low, high)
		}
		row.Value = schemas.Some(prices[3])
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("not a table: %w", err)
	}
	return rows, nil
}

// rounding is how far adjusted prices, each rounded by itself, may cross.
const rounding = 1e-3

// Probe asks for one series and says in a line what came back.
func Probe(ctx context.Context, g extract.Getter, cfg Config) (string, error) {
	if len(cfg.Series) == 0 {
		return "", errors.New("stooq: the configuration names no series")
	}
	part := slices.Sorted(maps.Keys(cfg.Series))[0]
	rows, err := source{g, cfg}.fetch(ctx, schemas.CutWhole.Window(part, 0))
	if err != nil {
		return "", err
	}
	last := rows[len(rows)-1]
	return fmt.Sprintf("%s of %v on %s", part, last.Value.V, last.Date), nil
}
