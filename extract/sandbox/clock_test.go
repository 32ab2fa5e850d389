package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// clocked returns a sandbox whose clock the test sets, in New York time.
func clocked(t *testing.T) (s *Sandbox, set func(text string)) {
	t.Helper()
	var now atomic.Int64
	set = func(text string) {
		t.Helper()
		at, err := time.ParseInLocation("2006-01-02 15:04", text, calendar.NewYork())
		if err != nil {
			t.Fatal(err)
		}
		now.Store(at.Unix())
	}
	set("2025-06-20 12:00")
	s = small(t, func(c *Config) {
		c.From, c.To = schemas.NewDate(2024, time.January, 1), schemas.NewDate(2025, time.December, 31)
		c.Now = func() time.Time { return time.Unix(now.Load(), 0) }
	})
	return s, set
}

// Before its hour a figure is absent, and after it it is there, each publisher
// in its own way. Thursday 19 June 2025 is a holiday of exchange and Fed.
func TestPublicationTimes(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	contains := func(path, part string) func() bool {
		return func() bool {
			_, body := ask(t, s, path)
			return strings.Contains(string(body), part)
		}
	}
	for name, c := range map[string]struct {
		before, after string
		there         func() bool
	}{
		"SOFR": {
			"2025-06-18 07:59", "2025-06-18 08:00",
			contains("/nyfed/api/rates/secured/sofr/search.json?startDate=2025-06-17&endDate=2025-06-17", "2025-06-17"),
		},
		"SOFR over a holiday": {
			"2025-06-20 07:59", "2025-06-20 08:00",
			contains("/nyfed/api/rates/secured/sofr/search.json?startDate=2025-06-18&endDate=2025-06-19", "2025-06-18"),
		},
		"EFFR": {
			"2025-06-18 08:59", "2025-06-18 09:00",
			contains("/nyfed/api/rates/unsecured/effr/last/1.json", "2025-06-17"),
		},
		"reverse repo": {
			"2025-06-18 13:14", "2025-06-18 13:15",
			contains("/nyfed/api/rp/results/search.json?startDate=2025-06-18&endDate=2025-06-18", "Reverse Repo"),
		},
		"reverse repo at FRED": {
			"2025-06-18 13:14", "2025-06-18 13:15",
			contains("/fred/graph/fredgraph.csv?id=RRPONTSYD", "2025-06-18,"),
		},
		"H.4.1 after a holiday": {
			"2025-06-20 16:29", "2025-06-20 16:30",
			contains("/h41/datadownload/Output.aspx?rel=H41&filetype=csv&series="+packageCondition, "2025-06-18,"),
		},
		"H.4.1 at FRED": {
			"2025-06-20 16:29", "2025-06-20 16:30",
			contains("/fred/graph/fredgraph.csv?id=WALCL", "2025-06-18,"),
		},
		"Treasury": {
			"2025-06-18 15:59", "2025-06-18 16:00",
			contains(pathDTS+"?sort=-record_date", "2025-06-17"),
		},
		"iShares CSV": {
			"2025-06-18 07:59", "2025-06-18 08:00",
			contains(pathCSV+"239726&asOfDate=20250617", `Fund Holdings as of,"Jun 17, 2025"`),
		},
		"iShares newest": {
			"2025-06-20 07:59", "2025-06-20 08:00",
			contains(pathCSV+"239726", `Fund Holdings as of,"Jun 18, 2025"`),
		},
		"bars": {
			"2025-01-02 17:59", "2025-01-02 18:00",
			func() bool {
				r, _ := ask(t, s, "/vendor/bars/2025.csv.gz")
				return r.StatusCode == http.StatusOK
			},
		},
		"levels": {
			"2025-06-18 17:59", "2025-06-18 18:00",
			contains("/vendor/levels.csv", "SPX,2025-06-18,"),
		},
		"index at FRED": {
			"2025-06-18 19:59", "2025-06-18 20:00",
			contains("/fred/graph/fredgraph.csv?id=SP500", "2025-06-18,"),
		},
		"GDP": {
			"2025-07-31 08:29", "2025-07-31 08:30",
			contains("/fred/graph/fredgraph.csv?id=GDP", "2025-04-01,"),
		},
	} {
		set(c.before)
		if c.there() {
			t.Errorf("%s: already there at %s", name, c.before)
		}
		set(c.after)
		if !c.there() {
			t.Errorf("%s: not there at %s", name, c.after)
		}
	}
}

func TestDaysWithoutHoldings(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	set("2025-06-20 07:00") // the newest holdings are of the 17th
	for name, day := range map[string]string{
		"holiday": "20250619", "weekend": "20250614", "not yet": "20250618", "before the fund": "20031215", "in the future": "20251111",
	} {
		_, body := ask(t, s, pathCSV+"239726&asOfDate="+day)
		text := string(body)
		if !strings.Contains(text, `Fund Holdings as of,"-"`) || !strings.Contains(text, "Ticker,Name,Sector") || strings.Contains(text, "AAPL") {
			t.Errorf("%s: the CSV is not the template without rows: %.300s", name, text)
		}
		_, body = ask(t, s, pathJSON+"239726&asOfDate="+day)
		var product struct {
			Components struct {
				Holdings struct {
					Containers struct {
						All struct {
							HasData bool
							Points  map[string]struct{ Value any } `json:"dataPointsByNameMap"`
						}
					} `json:"containersByNameMap"`
				}
			} `json:"componentsByNameMap"`
		}
		if err := json.Unmarshal(body, &product); err != nil {
			t.Fatal(err)
		}
		all := product.Components.Holdings.Containers.All
		if !all.HasData || all.Points["ticker"].Value != nil || all.Points["asOfDate"].Value != float64(20250617) {
			t.Errorf("%s: the JSON is not that of a day without data: %.300s", name, body)
		}
	}
}

func TestNothingBeforeTheMarket(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	set("2024-01-02 09:00")
	for path, want := range map[string]int{
		pathH41: http.StatusNotFound, pathSSGA + "spy.xlsx": http.StatusNotFound, "/vendor/bars/2024.csv.gz": http.StatusNotFound,
		"/vendor/bars/2023.parquet": http.StatusNotFound, "/vendor/levels.csv": http.StatusOK, pathCSV + "239726": http.StatusOK, pathJSON + "239726": http.StatusOK,
		"/sp500/constituents.csv": http.StatusOK, "/nyfed/api/rates/secured/sofr/last/3.json": http.StatusOK,
		"/nyfed/api/rp/all/all/results/latest.json": http.StatusOK, "/fred/graph/fredgraph.csv?id=WALCL": http.StatusOK,
	} {
		if r, body := ask(t, s, path); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d: %.200s", path, r.StatusCode, want, body)
		}
	}
}

// A rate that is corrected stands as first published until 14:30.
func TestSameDayCorrection(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	w := s.world.Load()
	x, _ := referenceByName("SOFR")
	for d := w.market.from; d < w.market.to-7; d++ {
		if !w.fed.open(x, d) {
			continue
		}
		r := w.fed.rate(x, d)
		if !r.corrected() {
			continue
		}
		on := schemas.DateOf(w.cal.RateKnown(d, true).In(calendar.NewYork())).String()
		row := func() string {
			_, body := ask(t, s, fmt.Sprintf("/nyfed/api/rates/secured/sofr/search.json?startDate=%s&endDate=%s", d, d))
			return string(body)
		}
		set(on + " 09:00")
		if got := row(); !strings.Contains(got, fmt.Sprintf(`"percentRate": %.2f`, r.first)) || !strings.Contains(got, `"revisionIndicator": ""`) {
			t.Errorf("before the correction: %s", got)
		}
		set(on + " 14:30")
		if got := row(); !strings.Contains(got, fmt.Sprintf(`"percentRate": %.2f`, r.percent)) || !strings.Contains(got, `"revisionIndicator": "r"`) {
			t.Errorf("after the correction: %s", got)
		}
		return
	}
	t.Fatal("no rate is ever corrected")
}

// An operation that settled for less is amended on the next business day.
func TestAmendedOperation(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	w := s.world.Load()
	for d := w.market.from; d < w.market.to-7; d++ {
		if !w.cal.IsFedDay(d) {
			continue
		}
		o := w.fed.overnight(d)
		if !o.amended() {
			continue
		}
		row := func() string {
			_, body := ask(t, s, fmt.Sprintf("/nyfed/api/rp/results/search.json?startDate=%s&endDate=%s", d, d))
			return string(body)
		}
		set(d.String() + " 16:00")
		if got := row(); !strings.Contains(got, fmt.Sprintf(`"totalAmtAccepted": %d `, o.traded)) {
			t.Errorf("on the day: %s", got)
		}
		next := w.cal.NextFedDay(d)
		set(next.String() + " 09:05")
		if got := row(); !strings.Contains(got, fmt.Sprintf(`"totalAmtAccepted": %d `, o.final)) || !strings.Contains(got, `"lastUpdated": "`+next.String()) {
			t.Errorf("after the amendment: %s", got)
		}
		return
	}
	t.Fatal("no operation is ever amended")
}

// The statement is a static file: it is confirmed until the next release.
func TestStatementIsConfirmedUntilTheNextRelease(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	status := func(header, value string) int {
		r := get(t, s, pathH41, header, value)
		return r.Code
	}
	first := get(t, s, pathH41, "", "")
	tag, modified := first.Header().Get("ETag"), first.Header().Get("Last-Modified")
	if tag == "" || modified != "Thu, 12 Jun 2025 20:30:00 GMT" {
		t.Fatalf("tag %q, modified %q", tag, modified)
	}
	if a, b := status("If-None-Match", tag), status("If-Modified-Since", modified); a != http.StatusNotModified || b != http.StatusNotModified {
		t.Errorf("unchanged: %d, %d", a, b)
	}
	set("2025-06-20 16:30")
	if a, b := status("If-None-Match", tag), status("If-Modified-Since", modified); a != http.StatusOK || b != http.StatusOK {
		t.Errorf("after the next release: %d, %d", a, b)
	}
	tag, modified = get(t, s, pathH41, "", "").Header().Get("ETag"), get(t, s, pathH41, "", "").Header().Get("Last-Modified")
	if err := s.ReviseReserves(schemas.NewDate(2025, time.June, 11), 500); err != nil {
		t.Fatal(err)
	}
	if a, b := status("If-None-Match", tag), status("If-Modified-Since", modified); a != http.StatusOK || b != http.StatusOK {
		t.Errorf("after a revision: %d, %d", a, b)
	}
}
