package polygon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"tidemark/extract"
	"tidemark/schemas"
)

type actionSource struct {
	g   extract.Getter
	cfg Config
}

// Actions returns the source of raw.action: splits, and dividends in USD per share
// of the ex-date. Several payments of one kind on one day are one action, of their
// sum. A window without actions is [extract.ErrNoData].
func Actions(g extract.Getter, cfg Config) extract.Source[schemas.Action] {
	return extract.AtOnce[schemas.Action](actionSource{g, cfg}.fetch)
}

func (s actionSource) fetch(ctx context.Context, w schemas.Window) ([]schemas.Action, error) {
	if w.Part != Publisher {
		return nil, fmt.Errorf("polygon: there is no part %q; the only one is %q", w.Part, Publisher)
	}
	splits, err := pages(ctx, s, w, "/v3/reference/splits", "execution_date", ParseSplits)
	if err != nil {
		return nil, err
	}
	dividends, err := pages(ctx, s, w, "/v3/reference/dividends", "ex_dividend_date", ParseDividends)
	if err != nil {
		return nil, err
	}
	if len(splits)+len(dividends) == 0 {
		return nil, noData(w)
	}
	return slices.Concat(splits, dividends), nil
}

// Page is one answer of a list, and where the next one is.
type Page struct {
	Rows []schemas.Action
	Next string // empty where there is none
}

// pages reads a list to its end, sorted by symbol and day.
func pages(ctx context.Context, s actionSource, w schemas.Window, path, date string, parse func(io.Reader) (Page, error)) ([]schemas.Action, error) {
	r, err := s.cfg.request(path, url.Values{
		date + ".gte": {w.From.String()}, date + ".lt": {w.To.String()}, "sort": {date}, "order": {"asc"}, "limit": {strconv.Itoa(pageSize)},
	})
	if err != nil {
		return nil, err
	}
	var all []schemas.Action
	asked := make(map[string]bool)
	for n := 1; ; n++ {
		page, hash, err := reading(ctx, s.g, r, w, parse)
		if err != nil {
			return nil, fmt.Errorf("polygon: page %d of %s: %w", n, path, err)
		}
		for _, a := range page.Rows {
			if !w.Contains(a.ExDate) {
				return nil, extract.Contract(Publisher, w, hash, fmt.Errorf("%s of %s on %s, which was not asked for", a.Kind, a.Symbol, a.ExDate))
			}
			a.Payload = hash
			all = append(all, a)
		}
		if page.Next == "" {
			rows, err := gather(all)
			return rows, extract.Contract(Publisher, w, hash, err)
		}
		cursor, err := cursorOf(page.Next, path)
		if err == nil && (asked[cursor] || n == maxPages) {
			err = fmt.Errorf("the list does not end: page %d leads to %.80q", n, cursor)
		}
		if err != nil {
			return nil, extract.Contract(Publisher, w, hash, err)
		}
		asked[cursor] = true
		if r, err = s.cfg.request(path, url.Values{"cursor": {cursor}}); err != nil {
			return nil, err
		}
	}
}

// cursorOf returns what the address of the next page adds to that of the list. The
// address itself names a host of the publisher's choice.
func cursorOf(next, path string) (string, error) {
	u, err := url.Parse(next)
	if err != nil {
		return "", errors.New("next_url is no address")
	}
	cursor := u.Query().Get("cursor")
	if cursor == "" || !strings.HasSuffix(u.Path, path) {
		return "", fmt.Errorf("next_url %.120q does not go on with %s", next, path)
	}
	return cursor, nil
}

// gather sorts actions and makes one of those of a symbol, a day and a kind: a
// record that is listed twice counts once, different payments add up, and
// different splits contradict each other.
func gather(all []schemas.Action) ([]schemas.Action, error) {
	order := func(a, b schemas.Action) int {
		return cmp.Or(strings.Compare(a.Symbol, b.Symbol), cmp.Compare(a.ExDate, b.ExDate), strings.Compare(a.Kind, b.Kind))
	}
	slices.SortStableFunc(all, order)
	out := all[:0:0]
	for _, a := range all {
		n := len(out)
		if n == 0 || order(out[n-1], a) != 0 {
			out = append(out, a)
			continue
		}
		switch last := &out[n-1]; {
		case a.Kind == schemas.ActionSplit && a.Ratio != last.Ratio:
			return nil, fmt.Errorf("%s is split by %v and by %v on %s", a.Symbol, last.Ratio.V, a.Ratio.V, a.ExDate)
		case a.Kind == schemas.ActionSplit:
		case !a.Amount.OK || !last.Amount.OK:
			last.Amount = schemas.None[float64]()
		default:
			last.Amount.V += a.Amount.V
		}
	}
	return out, nil
}

// maxRatio bounds what is believable: the largest splits on record, either way, are
// of a few thousand.
const maxRatio = 1e5

// ParseSplits reads a page of splits.
func ParseSplits(r io.Reader) (Page, error) {
	var body struct {
		head
		Next    string `json:"next_url"`
		Results []struct {
			ID     string       `json:"id"`
			Ticker string       `json:"ticker"`
			Date   string       `json:"execution_date"`
			From   *json.Number `json:"split_from"`
			To     *json.Number `json:"split_to"`
			Type   string       `json:"adjustment_type"`
			Factor *json.Number `json:"historical_adjustment_factor"`
		} `json:"results"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return Page{}, err
	}
	if err := body.check(); err != nil {
		return Page{}, err
	}
	page := Page{Next: body.Next}
	for i, x := range body.Results {
		a, err := action(x.Ticker, x.Date)
		if err == nil {
			a.Kind = schemas.ActionSplit
			var from, to float64
			if from, err = positive("split_from", x.From); err == nil {
				to, err = positive("split_to", x.To)
			}
			if a.Ratio = schemas.Some(to / from); err == nil && !(a.Ratio.V >= 1/maxRatio && a.Ratio.V <= maxRatio) {
				err = fmt.Errorf("%v shares for %v cannot be", to, from)
			}
		}
		if err != nil {
			return Page{}, fmt.Errorf("split %d, %.20q: %w", i+1, x.Ticker, err)
		}
		page.Rows = append(page.Rows, a)
	}
	return page, nil
}

// dividendKinds says what the publisher's types of dividends are.
var dividendKinds = map[string]string{
	"CD": schemas.ActionDividend, // paid regularly
	"SC": schemas.ActionSpecial,  // paid once
	"LT": schemas.ActionSpecial,  // a fund's gains, long-term
	"ST": schemas.ActionSpecial,  // a fund's gains, short-term
}

// ParseDividends reads a page of dividends. One in another currency than the dollar
// has no amount. A record that is listed twice is taken once.
func ParseDividends(r io.Reader) (Page, error) {
	type dividend struct {
		ID        string       `json:"id"`
		Ticker    string       `json:"ticker"`
		Ex        string       `json:"ex_dividend_date"`
		Amount    *json.Number `json:"cash_amount"`
		Type      string       `json:"dividend_type"`
		Currency  string       `json:"currency"`
		Declared  string       `json:"declaration_date"`
		Record    string       `json:"record_date"`
		Paid      string       `json:"pay_date"`
		Frequency *int         `json:"frequency"`
	}
	var body struct {
		head
		Next    string     `json:"next_url"`
		Results []dividend `json:"results"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return Page{}, err
	}
	if err := body.check(); err != nil {
		return Page{}, err
	}
	page := Page{Next: body.Next}
	type record struct{ ticker, ex, amount, kind, declared, record, paid string }
	seen := make(map[record]bool)
	for i, x := range body.Results {
		fail := func(err error) (Page, error) { return Page{}, fmt.Errorf("dividend %d, %.20q: %w", i+1, x.Ticker, err) }
		a, err := action(x.Ticker, x.Ex)
		if err != nil {
			return fail(err)
		}
		kind, known := dividendKinds[x.Type]
		if !known {
			return fail(fmt.Errorf("a dividend of the unknown type %.20q", x.Type))
		}
		amount, err := positive("cash_amount", x.Amount)
		if err != nil {
			return fail(err)
		}
		if a.Kind = kind; x.Currency == "" || x.Currency == "USD" {
			a.Amount = schemas.Some(amount)
		}
		r := record{x.Ticker, x.Ex, x.Amount.String(), x.Type, x.Declared, x.Record, x.Paid}
		if !seen[r] {
			page.Rows = append(page.Rows, a)
		}
		seen[r] = true
	}
	return page, nil
}

func action(ticker, day string) (schemas.Action, error) {
	a := schemas.Action{Publisher: Publisher, Symbol: ticker}
	if !symbol(ticker) {
		return a, errors.New("ticker is none")
	}
	var err error
	a.ExDate, err = schemas.ParseDate(day)
	return a, err
}

func positive(name string, n *json.Number) (float64, error) {
	if n == nil {
		return 0, fmt.Errorf("%s is missing", name)
	}
	v, err := extract.ParseFloat(n.String())
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if v <= 0 {
		return 0, fmt.Errorf("%s: %v cannot be", name, v)
	}
	return v, nil
}
