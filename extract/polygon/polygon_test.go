package polygon

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

const key = "0123456789abcdef"

var day = schemas.NewDate(2025, time.March, 31)

// grouped is an answer about one bar, some of whose words are others.
func grouped(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"queryCount":1,"resultsCount":1,"adjusted":false,"results":[` +
		`{"T":"BRK.B","v":1.12117471e+08,"vw":530.1,"o":530.28,"c":525.07,"h":530.9,"l":524.17,"t":1743451200000,"n":1021}],"status":"OK","request_id":"x","count":1}`)
}

func TestGroupedBars(t *testing.T) {
	t.Parallel()
	bars, err := ParseGrouped(strings.NewReader(grouped()), day)
	want := []schemas.Bar{{
		Publisher: "polygon", Symbol: "BRK.B", Session: day, Open: schemas.Some(530.28), High: schemas.Some(530.9), Low: schemas.Some(524.17), Close: 525.07,
		Volume: schemas.Some(112117471.0), Adjustment: schemas.AdjustedNone,
	}}
	if diff := cmp.Diff(want, bars); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	// Thin names lack the average and the number of trades, and volumes may be fractions.
	if bars, err = ParseGrouped(strings.NewReader(grouped(`,"vw":530.1`, "", `,"n":1021`, "", "1.12117471e+08", "17.5")), day); err != nil || bars[0].Volume.V != 17.5 {
		t.Errorf("a thin name: %v, error %v", bars, err)
	}
	// A holiday: no key results, and no error.
	if bars, err = ParseGrouped(strings.NewReader(`{"queryCount":0,"resultsCount":0,"adjusted":false,"status":"OK","request_id":"x","count":0}`), day); err != nil || len(bars) > 0 {
		t.Errorf("a holiday: %v, error %v", bars, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"adjusted":        {grouped(`"adjusted":false`, `"adjusted":true`), "adjusted"},
		"count":           {grouped(`"resultsCount":1`, `"resultsCount":2`), "resultsCount is 2"},
		"another day":     {grouped("1743451200000", "1743192000000"), "2025-03-28"},
		"close too low":   {grouped("525.07", "5.2507"), "not between"},
		"negative":        {grouped("524.17", "-1"), "-1 cannot be"},
		"no close":        {grouped(`"c":525.07,`, ""), "c is missing"},
		"no ticker":       {grouped("BRK.B", ""), "no ticker"},
		"hostile ticker":  {grouped("BRK.B", "=1+1|x"), "no ticker"},
		"twice":           {grouped(`"resultsCount":1`, `"resultsCount":2`, `"n":1021}`, `"n":1021},{"T":"BRK.B","v":1,"o":2,"c":2,"h":2,"l":2,"t":1743451200000}`), "two bars of BRK.B"},
		"a key more":      {grouped(`"vw"`, `"vx"`), "vx"},
		"an error":        {`{"status":"ERROR","request_id":"x","error":"You've exceeded the maximum requests per minute"}`, "exceeded"},
		"a page":          {"<!DOCTYPE html><html></html>", ""},
		"cut off":         {grouped()[:120], "cut off"},
		"too large":       {grouped("525.07", "1e309"), "c: "},
		"in quotes":       {grouped(`"c":525.07`, `"c":"NaN"`), ""},
		"not said":        {grouped(`"adjusted":false,`, ""), "whether"},
		"negative volume": {grouped("1.12117471e+08", "-5"), "volume"},
	} {
		if _, err := ParseGrouped(strings.NewReader(c.text), day); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

func TestActionsOfADay(t *testing.T) {
	t.Parallel()
	page, err := ParseDividends(strings.NewReader(`{"status":"OK","request_id":"x","next_url":"https://api.massive.com/v3/reference/dividends?cursor=abc","results":[
		{"cash_amount":0.5,"declaration_date":"2025-01-09","dividend_type":"CD","ex_dividend_date":"2025-03-31","frequency":4,"pay_date":"2025-04-30","record_date":"2025-04-01","ticker":"A"},
		{"cash_amount":0.5,"declaration_date":"2025-01-09","dividend_type":"CD","ex_dividend_date":"2025-03-31","frequency":4,"pay_date":"2025-04-30","record_date":"2025-04-01","ticker":"A"},
		{"cash_amount":0.1,"declaration_date":"2025-01-09","dividend_type":"CD","ex_dividend_date":"2025-03-31","frequency":0,"pay_date":"2025-04-30","record_date":"2025-04-01","ticker":"A"},
		{"cash_amount":3,"dividend_type":"SC","ex_dividend_date":"2025-03-31","ticker":"A"},
		{"cash_amount":12,"dividend_type":"CD","ex_dividend_date":"2025-03-31","ticker":"B","currency":"CAD"}]}`))
	if err != nil || page.Next == "" {
		t.Fatal(page, err)
	}
	got, err := gather(page.Rows)
	want := []schemas.Action{
		{Publisher: "polygon", Symbol: "A", ExDate: day, Kind: schemas.ActionDividend, Amount: schemas.Some(0.6)}, // a record that is listed twice counts once
		{Publisher: "polygon", Symbol: "A", ExDate: day, Kind: schemas.ActionSpecial, Amount: schemas.Some(3.0)},
		{Publisher: "polygon", Symbol: "B", ExDate: day, Kind: schemas.ActionDividend}, // of another currency
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	splits := func(second string) error {
		page, err := ParseSplits(strings.NewReader(`{"status":"OK","request_id":"x","results":[{"execution_date":"2025-03-31","split_from":1,"split_to":20,"ticker":"G"},` + second + `]}`))
		if err == nil {
			_, err = gather(page.Rows)
		}
		return err
	}
	if err := splits(`{"execution_date":"2025-03-31","split_from":1,"split_to":20,"ticker":"G"}`); err != nil {
		t.Errorf("a split that is listed twice: %v", err)
	}
	if err := splits(`{"execution_date":"2025-03-31","split_from":1,"split_to":10,"ticker":"G"}`); err == nil || !strings.Contains(err.Error(), "G is split by 20 and by 10") {
		t.Errorf("two splits of one day: %v", err)
	}
	if err := splits(`{"execution_date":"2025-03-31","split_from":0,"split_to":10,"ticker":"H"}`); err == nil {
		t.Error("a split out of nothing was taken")
	}
	if _, err := ParseDividends(strings.NewReader(`{"status":"OK","results":[{"cash_amount":1,"dividend_type":"XX","ex_dividend_date":"2025-03-31","ticker":"A"}]}`)); err == nil || !strings.Contains(err.Error(), "XX") {
		t.Errorf("an unknown type: %v", err)
	}
}

func TestCursor(t *testing.T) {
	t.Parallel()
	const path = "/v3/reference/splits"
	if c, err := cursorOf("https://api.massive.com"+path+"?cursor=YWN0&apiKey=x", path); err != nil || c != "YWN0" {
		t.Errorf("%q, error %v", c, err)
	}
	for _, next := range []string{"https://elsewhere.invalid/other?cursor=x", "https://api.massive.com" + path, "::"} {
		if c, err := cursorOf(next, path); err == nil {
			t.Errorf("%q leads to %q", next, c)
		}
	}
}

// TestEndlessList has a publisher that leads from a page to itself.
func TestEndlessList(t *testing.T) {
	t.Parallel()
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"status":"OK","results":[],"next_url":"https://api.massive.com` + r.URL.Path + `?cursor=again"}`))
	}))
	defer srv.Close()
	_, err := extracttest.All(t, Actions(extracttest.Client(t), Config{Base: srv.URL, Key: key}), schemas.CutYear.Window(Publisher, day))
	if breach, ok := errors.AsType[*extract.ContractError](err); !ok || !strings.Contains(breach.What, "does not end") || asked > 3 {
		t.Errorf("after %d requests: %v", asked, err)
	}
}

// TestRefusals says what a person can do when the key or its plan does not reach.
func TestRefusals(t *testing.T) {
	t.Parallel()
	asked := 0
	status, body := http.StatusForbidden, `{"status":"NOT_AUTHORIZED","message":"Your plan doesn't include this data timeframe. `+key+`"}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer "+key || strings.Contains(r.URL.String(), key) {
			t.Errorf("the key is sent as %q, the address is %s", r.Header.Get("Authorization"), r.URL)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer srv.Close()
	source := Bars(extracttest.Client(t), Config{Base: srv.URL, Key: key, Days: func(schemas.Window) []schemas.Date { return []schemas.Date{day} }})
	w := schemas.CutYear.Window(Publisher, day)
	for _, c := range []struct {
		status int
		want   string
	}{{http.StatusForbidden, "begin the history later"}, {http.StatusUnauthorized, "publishers.polygon.key"}} {
		asked, status = 0, c.status
		_, err := extracttest.All(t, source, w)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), key) || asked != 1 {
			t.Errorf("HTTP %d, asked %d times: %v", c.status, asked, err)
		}
	}
	for _, key := range []string{"", "two words", "line\nbreak"} {
		if _, err := extracttest.All(t, Bars(extracttest.Client(t), Config{Base: srv.URL, Key: key, Days: func(schemas.Window) []schemas.Date { return []schemas.Date{day} }}), w); err == nil || !strings.Contains(err.Error(), "API key") {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// TestRecordedAnswers reads what the service has answered.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	open := func(name string) *os.File {
		f, err := os.Open(sharedtest.File(t, "upstream", "polygon", name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	splits, err := ParseSplits(open("v3_reference_splits.json"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, a := range splits.Rows {
		switch {
		case a.Symbol == "GOOGL" && a.ExDate == schemas.NewDate(2022, time.July, 18) && a.Ratio.V == 20, a.Symbol == "BRW" && a.Ratio.V == 0.5:
			found++
		}
	}
	if found != 2 {
		t.Errorf("of Alphabet's split and the one that halves BRW's shares, %d are there: %v", found, splits.Rows)
	}
	if dividends, err := ParseDividends(open("v3_reference_dividends.json")); err != nil || len(dividends.Rows) == 0 || dividends.Rows[0].Amount.V != 0.59375 {
		t.Errorf("dividends %v, error %v", dividends, err)
	}
	// The example is of adjusted prices, which are not what is asked for.
	if _, err := ParseGrouped(open("v2_aggs_grouped_us_stocks_example.json"), schemas.NewDate(2020, time.October, 14)); err == nil || !strings.Contains(err.Error(), "adjusted") {
		t.Errorf("the example: %v", err)
	}
	text, err := os.ReadFile(sharedtest.File(t, "upstream", "polygon", "v2_aggs_grouped_us_stocks_example.json"))
	if err != nil {
		t.Fatal(err)
	}
	bars, err := ParseGrouped(strings.NewReader(strings.ReplaceAll(string(text), `"adjusted": true`, `"adjusted": false`)), schemas.NewDate(2020, time.October, 14))
	if err != nil || len(bars) != 1 || bars[0].Symbol != "GIK" || bars[0].Close != 10.02 {
		t.Errorf("the example as traded: %v, error %v", bars, err)
	}
	if days, err := parseUpcoming(open("v1_marketstatus_upcoming.json")); err != nil || len(days) == 0 {
		t.Errorf("holidays %v, error %v", days, err)
	}
}

func FuzzGrouped(f *testing.F) {
	f.Add(grouped())
	f.Add(`{"results":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		bars, err := ParseGrouped(strings.NewReader(text), day)
		if err != nil {
			return
		}
		for _, b := range bars {
			if b.Session != day || b.Close <= 0 || b.High.V < b.Close || b.Low.V > b.Close || b.Volume.V < 0 || !symbol(b.Symbol) {
				t.Errorf("%+v of %q", b, text)
			}
		}
	})
}

func FuzzActions(f *testing.F) {
	f.Add(`{"status":"OK","results":[{"execution_date":"2025-03-31","split_from":1,"split_to":20,"ticker":"G","cash_amount":1,"dividend_type":"CD","ex_dividend_date":"2025-03-31"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func() (Page, error){
			func() (Page, error) { return ParseSplits(strings.NewReader(text)) },
			func() (Page, error) { return ParseDividends(strings.NewReader(text)) },
		} {
			page, err := parse()
			if err != nil {
				continue
			}
			for _, a := range page.Rows {
				if a.Ratio.OK == (a.Kind != schemas.ActionSplit) || a.Ratio.OK && a.Ratio.V <= 0 || a.Amount.OK && a.Amount.V <= 0 {
					t.Errorf("%+v of %q", a, text)
				}
			}
		}
	})
}
