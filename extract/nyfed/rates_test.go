package nyfed_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/nyfed"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func day(s string) schemas.Date {
	d, err := schemas.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func year(part string, y int) schemas.Window {
	return schemas.CutYear.Window(part, schemas.NewDate(y, time.January, 1))
}

// serve answers every request with body and keeps the last request.
func serve(t *testing.T, body string) (base string, last *http.Request) {
	t.Helper()
	last = new(http.Request)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = *r.Clone(context.Background())
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return srv.URL, last
}

func recorded(t *testing.T, names ...string) []string {
	t.Helper()
	var out []string
	for _, n := range names {
		out = append(out, "file://"+sharedtest.File(t, "upstream", "nyfed", n))
	}
	return out
}

func some(v float64) schemas.Opt[float64] { return schemas.Some(v) }

func ignorePayload(r schemas.Rate) schemas.Rate { r.Payload = ""; return r }

func TestRatesReadsEveryEraOfEFFR(t *testing.T) {
	t.Parallel()
	src := nyfed.Rates(extracttest.Client(t), nyfed.Config{Files: recorded(t,
		"rates_effr_search_2008-12-10_2008-12-22.json", "rates_effr_search_2016-02-25_2016-03-03.json",
		"rates_effr_search_2023-01-01_2023-06-06.json", "rates_effr_last5_2026-09-25.json", "rates_sofr_last5_2026-09-25.json",
		"rates_obfr_search_2024-06-01_2024-06-06.json", "rates_sofr_last_2026-06-05.json")})

	for _, tc := range []struct {
		year, rows int
		want       schemas.Rate
	}{
		// A single target, with the intraday figures.
		{2008, 9, schemas.Rate{
			Name: "EFFR", Date: day("2008-12-15"), Percent: some(0.18), TargetFrom: some(1), Low: some(0.01), High: some(1), StdDev: some(0.2),
		}},
		// A range from the next day on.
		{2008, 9, schemas.Rate{
			Name: "EFFR", Date: day("2008-12-16"), Percent: some(0.17), TargetFrom: some(0), TargetTo: some(0.25), Low: some(0.01), High: some(1), StdDev: some(0.17),
		}},
		{2008, 9, schemas.Rate{
			Name: "EFFR", Date: day("2008-12-19"), Percent: some(0.11), TargetFrom: some(0), TargetTo: some(0.25), Low: some(0.01), High: some(0.5), StdDev: some(0.08), Revised: true,
		}},
		{2016, 6, schemas.Rate{
			Name: "EFFR", Date: day("2016-02-29"), Percent: some(0.29), TargetFrom: some(0.25), TargetTo: some(0.5), Low: some(0.25), High: some(0.56), StdDev: some(0.05),
		}},
		// Percentiles and volume from March 2016 on.
		{2016, 6, schemas.Rate{
			Name: "EFFR", Date: day("2016-03-01"), Percent: some(0.36), P1: some(0.34), P25: some(0.36), P75: some(0.37), P99: some(0.5), Volume: some(76), TargetFrom: some(0.25), TargetTo: some(0.5),
		}},
		{2026, 5, schemas.Rate{
			Name: "EFFR", Date: day("2026-09-25"), Percent: some(3.88), P1: some(3.85), P25: some(3.88), P75: some(3.89), P99: some(3.9), Volume: some(112), TargetFrom: some(3.75), TargetTo: some(4),
		}},
	} {
		rows, err := extracttest.All(t, src, year("EFFR", tc.year))
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) != tc.rows {
			t.Errorf("%d: got %d rows, want %d", tc.year, len(rows), tc.rows)
		}
		found := false
		for i, r := range rows {
			if i > 0 && rows[i-1].Date >= r.Date {
				t.Errorf("%d: %s does not come before %s", tc.year, rows[i-1].Date, r.Date)
			}
			if len(r.Payload) != 64 {
				t.Errorf("%s: payload %q is not a hash", r.Date, r.Payload)
			}
			if r.Date == tc.want.Date {
				found = true
				if diff := cmp.Diff(tc.want, ignorePayload(r)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", r.Date, diff)
				}
			}
		}
		if !found {
			t.Errorf("%s is missing", tc.want.Date)
		}
	}
	if rows, err := extracttest.All(t, src, year("EFFR", 2023)); err != nil || len(rows) != 108 {
		t.Errorf("2023: got %d rows, %v, want 108", len(rows), err)
	}
	if rows, err := extracttest.All(t, src, year("SOFR", 2026)); err != nil || len(rows) != 20 {
		t.Errorf("SOFR 2026 from two files: got %d rows, %v, want 20", len(rows), err)
	}
	if _, err := extracttest.All(t, src, year("EFFR", 2011)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a year without rows: got %v, want ErrNoData", err)
	}
}

// The figures of the SOFR spike of September 2019, as published.
const sofr2019 = `{ "refRates": [
 { "effectiveDate": "2019-09-18", "type": "SOFR" ,"percentRate": 2.55 ,"percentPercentile1": 2.10 ,"percentPercentile25": 2.50 ,"percentPercentile75": 3.00 ,"percentPercentile99": 5.00 ,"volumeInBillions": 1196 ,"revisionIndicator": "" },
 { "effectiveDate": "2019-09-17", "type": "SOFR" ,"percentRate": 5.25 ,"percentPercentile1": 2.25 ,"percentPercentile25": 5.00 ,"percentPercentile75": 5.85 ,"percentPercentile99": 9.00 ,"volumeInBillions": 1177 ,"revisionIndicator": "Y", "footnoteId": 2 } ] }`

func TestRatesAsksForTheDaysOfTheWindow(t *testing.T) {
	t.Parallel()
	base, last := serve(t, sofr2019)
	rows, err := extracttest.All(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Base: base + "/"}), year("SOFR", 2019))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := last.URL.String(), "/api/rates/secured/sofr/search.json?endDate=2019-12-31&startDate=2019-01-01"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if got := last.Header.Get("Accept"); got != "application/json" {
		t.Errorf("Accept is %q", got)
	}
	want := []schemas.Rate{
		{Name: "SOFR", Date: day("2019-09-17"), Percent: some(5.25), P1: some(2.25), P25: some(5), P75: some(5.85), P99: some(9), Volume: some(1177), Revised: true, Footnote: "2"},
		{Name: "SOFR", Date: day("2019-09-18"), Percent: some(2.55), P1: some(2.1), P25: some(2.5), P75: some(3), P99: some(5), Volume: some(1196)},
	}
	for i := range rows {
		rows[i].Payload = ""
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRatesAddresses(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"SOFR": "/api/rates/secured/sofr/search.json", "TGCR": "/api/rates/secured/tgcr/search.json", "BGCR": "/api/rates/secured/bgcr/search.json",
		"EFFR": "/api/rates/unsecured/effr/search.json", "OBFR": "/api/rates/unsecured/obfr/search.json",
	} {
		base, last := serve(t, `{"refRates": []}`)
		_, err := extracttest.All(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Base: base}), year(name, 2024))
		if !errors.Is(err, extract.ErrNoData) {
			t.Errorf("%s: an empty list gave %v, want ErrNoData", name, err)
		}
		if last.URL.Path != path {
			t.Errorf("%s: asked for %s, want %s", name, last.URL.Path, path)
		}
	}
}

func TestRatesAsksNothingBeforeTheSeriesBegins(t *testing.T) {
	t.Parallel()
	base, last := serve(t, sofr2019)
	_, err := extracttest.All(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{Base: base}), year("SOFR", 2017))
	if !errors.Is(err, extract.ErrNoData) {
		t.Errorf("got %v, want ErrNoData", err)
	}
	if last.URL != nil {
		t.Errorf("asked for %s", last.URL)
	}
}

func TestRatesRefusesAnUnknownPart(t *testing.T) {
	t.Parallel()
	_, err := extracttest.All(t, nyfed.Rates(extracttest.Client(t), nyfed.Config{}), year("LIBOR", 2019))
	if err == nil || !strings.Contains(err.Error(), "LIBOR") {
		t.Errorf("got %v", err)
	}
}

// hostile runs answers that break the contract through a live source and
// insists on a ContractError that says what is wrong.
func hostile[T any](t *testing.T, source func(base string) extract.Source[T], w schemas.Window, cases map[string]struct{ body, want string }) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, _ := serve(t, tc.body)
			_, err := extracttest.All(t, source(base), w)
			var broken *extract.ContractError
			if !errors.As(err, &broken) {
				t.Fatalf("got %v, want a ContractError", err)
			}
			if broken.Publisher != "nyfed" || broken.Window != w || len(broken.Payload) != 64 {
				t.Errorf("the error names %q, %v, %q", broken.Publisher, broken.Window, broken.Payload)
			}
			if !strings.Contains(broken.What, tc.want) {
				t.Errorf("got %q, want it to contain %q", broken.What, tc.want)
			}
		})
	}
}

func TestRatesRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	row := `{"effectiveDate":"2019-09-17","type":"SOFR","percentRate":5.25,"percentPercentile1":2.25,"volumeInBillions":1177,"revisionIndicator":""}`
	change := func(old, repl string) string {
		if !strings.Contains(row, old) {
			t.Fatalf("%q is not in the row", old)
		}
		return `{"refRates":[` + strings.Replace(row, old, repl, 1) + `]}`
	}
	hostile(t, func(base string) extract.Source[schemas.Rate] {
		return nyfed.Rates(extracttest.Client(t), nyfed.Config{Base: base})
	}, year("SOFR", 2019), map[string]struct{ body, want string }{
		"web page":            {"<!DOCTYPE html><html><title>Access denied</title></html>", "web page"},
		"empty":               {"", "empty"},
		"truncated":           {sofr2019[:len(sofr2019)-40], "cut off"},
		"another shape":       {`{"rates": []}`, `"rates"`},
		"no list":             {`{}`, "refRates is missing"},
		"renamed key":         {change("percentRate", "ratePercent"), `"ratePercent"`},
		"extra key":           {change(`"type"`, `"tenor":"ON","type"`), `"tenor"`},
		"missing key":         {change(`"percentRate":5.25,`, ""), "percentRate is missing"},
		"null":                {change("5.25", "null"), "percentRate is missing"},
		"number in quotes":    {change("5.25", `"5.25"`), "not a JSON number"},
		"NaN":                 {change("5.25", "NaN"), "N"},
		"1e309":               {change("5.25", "1e309"), "too large"},
		"another unit":        {change("5.25", "0.00525"), "percent"},
		"basis points":        {change("5.25", "525"), "percent"},
		"volume in millions":  {change("1177", "1177000"), "billions"},
		"volume in trillions": {change("1177", "1.177"), "billions"},
		"bad date":            {change("2019-09-17", "09/17/2019"), "effectiveDate"},
		"impossible date":     {change("2019-09-17", "2019-02-30"), "effectiveDate"},
		"a day not asked":     {change("2019-09-17", "2018-09-17"), "not asked for"},
		"another rate":        {change("SOFR", "TGCR"), "TGCR"},
		"an unknown rate":     {change("SOFR", "SOFR2"), "SOFR2"},
		"a day twice":         {`{"refRates":[` + row + "," + row + `]}`, "two rows"},
		"trailing garbage":    {change("", "") + "}", "after the end"},
	})
}

func TestProbeSaysWhatCameBack(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(sharedtest.File(t, "upstream", "nyfed", "rates_sofr_last5_2026-09-25.json"))
	if err != nil {
		t.Fatal(err)
	}
	base, last := serve(t, string(body))
	got, err := nyfed.Probe(t.Context(), extracttest.Client(t), nyfed.Config{Base: base, Files: []string{"file:///nowhere"}})
	if err != nil || got != "SOFR 3.90 % for 2026-09-25" {
		t.Errorf("got %q, %v", got, err)
	}
	if last.URL.Path != "/api/rates/secured/sofr/last/5.json" {
		t.Errorf("asked for %s", last.URL.Path)
	}
	base, _ = serve(t, `{"refRates":[]}`)
	var broken *extract.ContractError
	if _, err := nyfed.Probe(t.Context(), extracttest.Client(t), nyfed.Config{Base: base}); !errors.As(err, &broken) {
		t.Errorf("an empty answer: got %v, want a ContractError", err)
	}
}

func FuzzParseRates(f *testing.F) {
	f.Add(sofr2019)
	f.Add(`{"refRates":[{"effectiveDate":"2008-12-15","type":"EFFR","percentRate":0.18,"targetRateFrom":1.00,"intraDayLow":0.01,"revisionIndicator":"r","footnoteId":"3A"}]}`)
	f.Add(`{"refRates":[{"percentRate":1e-999999999}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := nyfed.ParseRates(strings.NewReader(body))
		if err != nil && rows != nil {
			t.Error("rows beside an error")
		}
		for _, r := range rows {
			if !r.Percent.OK || r.Percent.V > 50 || r.Percent.V < -50 || r.Date < schemas.MinLongDate {
				t.Errorf("believed %+v", r)
			}
		}
	})
}

func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

func TestRatesHasManners(t *testing.T) {
	t.Parallel()
	extracttest.Manners[schemas.Rate]{
		New: func(g extract.Getter, base string) extract.Source[schemas.Rate] {
			return nyfed.Rates(g, nyfed.Config{Base: base})
		},
		Publisher: answering(sofr2019),
		Window:    year("SOFR", 2019),
		Date:      func(r *schemas.Rate) schemas.Date { return r.Date },
	}.Hold(t)
}

func answering(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}
