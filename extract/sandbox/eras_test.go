package sandbox

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

// A market of 36 years goes through every change of form of its publishers.
func TestErasOfThePublishers(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Seed: 2, Securities: 60, From: schemas.NewDate(1990, time.January, 1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, has, lacks string }{
		"EFFR before the range":  {"/nyfed/api/rates/unsecured/effr/search.json?startDate=2008-12-15&endDate=2008-12-15", `"intraDayLow"`, `"targetRateTo"`},
		"EFFR with the range":    {"/nyfed/api/rates/unsecured/effr/search.json?startDate=2008-12-16&endDate=2008-12-16", `"targetRateTo"`, `"volumeInBillions"`},
		"EFFR today":             {"/nyfed/api/rates/unsecured/effr/search.json?startDate=2016-03-01&endDate=2016-03-01", `"percentPercentile1"`, `"stdDeviation"`},
		"no SOFR yet":            {"/nyfed/api/rates/secured/sofr/search.json?startDate=2018-03-28&endDate=2018-04-02", "2018-04-02", "2018-03"},
		"no operations yet":      {"/nyfed/api/rp/results/search.json?startDate=2013-09-18&endDate=2013-09-23", "RP 092313 1", "2013-09-20"},
		"one standing repo":      {"/nyfed/api/rp/results/search.json?startDate=2025-06-25&endDate=2025-06-25", `"13:45"`, `"08:30"`},
		"two standing repos":     {"/nyfed/api/rp/results/search.json?startDate=2025-06-26&endDate=2025-06-26", `"08:30"`, `"10:00"`},
		"exercise":               {"/nyfed/api/rp/results/search.json?startDate=2024-05-14&endDate=2024-05-14", `"10:00"`, `"08:30"`},
		"cash until 2021":        {pathDTS + "?filter=record_date:eq:2021-09-30", "Federal Reserve Account", "(TGA)"},
		"cash until 2022":        {pathDTS + "?filter=record_date:eq:2022-04-15", `"Treasury General Account (TGA)"`, `"close_today_bal":"null"`},
		"cash since":             {pathDTS + "?filter=record_date:eq:2022-04-18", `(TGA) Closing Balance","close_today_bal":"null"`, `"Treasury General Account (TGA)"`},
		"no cash yet":            {pathDTS + "?filter=record_date:lte:2005-10-03", "2005-10-03", "2005-09"},
		"reserves had two rates": {"/fred/graph/fredgraph.csv?id=IOER", "2021-07-28,", "2021-07-29,"},
		"and have one":           {"/fred/graph/fredgraph.csv?id=IORB", "2021-07-29,", "2021-07-28,"},
	} {
		r, body := ask(t, s, c.path)
		if r.StatusCode != http.StatusOK || !strings.Contains(string(body), c.has) || strings.Contains(string(body), c.lacks) {
			t.Errorf("%s: status %d, want %s and not %s in %.600s", name, r.StatusCode, c.has, c.lacks, body)
		}
	}
	for _, y := range []int{1990, 2001, 2025} {
		if r, body := ask(t, s, fmt.Sprintf("/vendor/bars/%d.csv.gz", y)); r.StatusCode != http.StatusOK || len(body) < 1000 {
			t.Errorf("bars of %d: status %d, %d bytes", y, r.StatusCode, len(body))
		}
	}
	truth := s.Truth()
	for d := schemas.NewDate(1990, time.January, 3); d < truth.Last(); d += 7 {
		for _, name := range []string{"RESH4R_N.WW", "RESPPLLDT_N.WW", "RESPPMA_N.WW", "RESPPALG_N.WW", "RESTBC_N.WW", "RESPPLLDD_N.WW", "RESPPALGUOB_N.WW"} {
			if v := truth.Statement(name, d); v.V <= 0 {
				t.Fatalf("%s of %s is %v", name, d, v)
			}
		}
	}
}

// The latest operations of a market without any are none.
func TestNoOperationsAtAll(t *testing.T) {
	t.Parallel()
	s := small(t, func(c *Config) {
		c.From, c.To = schemas.NewDate(1999, time.January, 1), schemas.NewDate(1999, time.December, 31)
	})
	for _, which := range []string{"latest", "lastTwoWeeks", "last/3"} {
		if r, body := ask(t, s, "/nyfed/api/rp/all/all/results/"+which+".json"); r.StatusCode != http.StatusOK || strings.Contains(string(body), "operationId") {
			t.Errorf("%s: status %d, %s", which, r.StatusCode, body)
		}
	}
}

// Readers of the archive refuse what inflates more than 25 times.
func TestArchiveInflatesModestly(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Sandbox{
		"one year":         small(t, nil),
		"thirty-six years": small(t, func(c *Config) { c.From = schemas.NewDate(1990, time.January, 1); c.Securities = 60 }),
	} {
		_, body := ask(t, s, pathH41)
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		if len(z.File) != 4 {
			t.Errorf("%s: %d members", name, len(z.File))
		}
		for _, f := range z.File {
			if ratio := float64(f.UncompressedSize64) / float64(f.CompressedSize64); ratio > 22 {
				t.Errorf("%s: %s inflates %.1f times", name, f.Name, ratio)
			}
			if f.UncompressedSize64 > 8<<20 {
				continue // reading it takes long, and it is more of the same
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(r)
			for err == nil {
				_, err = d.Token()
			}
			if !errors.Is(err, io.EOF) {
				t.Errorf("%s: %s: %v", name, f.Name, err)
			}
		}
	}
}

func TestQuestionsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	observations := "/fred/fred/series/observations?series_id=WALCL&file_type=json&api_key="
	for path, want := range map[string]int{
		"/":       http.StatusOK,
		"/nobody": http.StatusNotFound,
		"/nyfed/api/rates/secured/effr/last/1.json": http.StatusBadRequest,
		"/nyfed/api/rates/secured/sofr/search.json": http.StatusBadRequest,
		"/nyfed/api/rp/srf/all/results/latest.json": http.StatusBadRequest,
		observations:                                         http.StatusBadRequest,
		observations + "0123":                                http.StatusBadRequest,
		observations + strings.ToUpper(anyKey):               http.StatusBadRequest,
		observations + anyKey:                                http.StatusOK,
		observations + anyKey + "&limit=0x":                  http.StatusBadRequest,
		observations + anyKey + "&realtime_start=2024-01-01": http.StatusBadRequest,
		"/fred/fred/series?series_id=NONE&file_type=json&api_key=" + anyKey: http.StatusBadRequest,
		"/fred/graph/fredgraph.csv?id=NONE":                                 http.StatusNotFound,
		pathDTS + "?filter=account_type:eq:x":                               http.StatusBadRequest,
		pathDTS + "?page[size]=10001":                                       http.StatusBadRequest,
		pathDTS + "?fields=nonsense":                                        http.StatusBadRequest,
		pathDTS + "?format=xml":                                             http.StatusBadRequest,
		pathCSV + "1":                                                       http.StatusNotFound,
		pathCSV + "239726&asOfDate=June":                                    http.StatusBadRequest,
		pathSSGA + "ivv.xlsx":                                               http.StatusNotFound,
		"/vendor/bars/1980.csv.gz":                                          http.StatusNotFound,
		"/vendor/bars/2025.csv":                                             http.StatusNotFound,
		"/sp500/nothing.csv":                                                http.StatusNotFound,
	} {
		if r, body := ask(t, s, path); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d: %.200s", path, r.StatusCode, want, body)
		}
	}
}

// Pages hold together what one page holds.
func TestCashPages(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	type answer struct {
		Data []map[string]string
		Meta struct {
			Count int
			Total int `json:"total-count"`
			Pages int `json:"total-pages"`
		}
		Links struct{ Prev, Next *string }
	}
	page := func(number, size int) answer {
		_, body := ask(t, s, pathDTS+"?sort=-record_date,account_type&page[number]="+strconv.Itoa(number)+"&page[size]="+strconv.Itoa(size))
		var a answer
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	all := page(1, 10000)
	var joined []map[string]string
	for n := 1; ; n++ {
		a := page(n, 300)
		joined = append(joined, a.Data...)
		if a.Meta.Total != len(all.Data) || a.Meta.Count != len(a.Data) || (a.Links.Prev == nil) != (n == 1) || (a.Links.Next == nil) != (n == a.Meta.Pages) {
			t.Fatalf("page %d: %+v %+v", n, a.Meta, a.Links)
		}
		if n == a.Meta.Pages {
			break
		}
	}
	if fmt.Sprint(joined) != fmt.Sprint(all.Data) {
		t.Error("the pages are not the whole")
	}
}

// The two forms of the statement say the same.
func TestDownloadSaysWhatTheArchiveSays(t *testing.T) {
	t.Parallel()
	s := small(t, nil)
	truth := s.Truth()
	_, body := ask(t, s, "/h41/datadownload/Output.aspx?rel=H41&filetype=csv&series="+packageFactors+"&from=01/01/2025&to=03/31/2025")
	if bytes.HasSuffix(body, []byte("\n")) || !bytes.Contains(body, []byte("\r\n2025-01-08,")) {
		t.Error("lines are not ended as they should be")
	}
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 6+13 {
		t.Fatalf("%d lines", len(rows))
	}
	missing := 0
	for _, row := range rows[6:] {
		d, err := schemas.ParseDate(row[0])
		if err != nil {
			t.Fatal(err)
		}
		for i, cell := range row[1:] {
			name := rows[5][i+1]
			want := truth.Statement(name, d)
			if !want.OK {
				missing++
				if cell != "NA" && cell != "NC" {
					t.Errorf("%s of %s is %q, want no value", name, d, cell)
				}
				continue
			}
			if cell != strconv.FormatInt(want.V, 10) {
				t.Errorf("%s of %s is %s, want %d", name, d, cell, want.V)
			}
		}
	}
	if missing == 0 {
		t.Error("no missing values")
	}
	for _, series := range []string{"0123", packageFactors + "&lastobs=5"} {
		if r, body := ask(t, s, "/h41/datadownload/Output.aspx?rel=H41&filetype=csv&series="+series); r.StatusCode != http.StatusOK || !bytes.HasPrefix(body, []byte("<html>")) {
			t.Errorf("%s: status %d, %.100s", series, r.StatusCode, body)
		}
	}
}

// Only the newest workbook is offered, and it is that of the newest session.
func TestWorkbookNumbersLookLikeJava(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		289183866: "2.89183866E8", 1010957: "1010957.0", 7.393046: "7.393046", 0: "0.0", 10000000: "1.0E7", 0.000012: "1.2E-5", -25: "-25.0",
	} {
		if got := javaDouble(v); got != want {
			t.Errorf("%v is printed %s, want %s", v, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	s, set := clocked(t)
	set("2025-06-20 12:00")
	for kind, want := range map[Kind]string{TooMany: "", TooManySeconds: "90", TooManyDate: "Fri, 20 Jun 2025 16:01:30 GMT"} {
		s.Clear()
		s.Inject(Fault{Kind: kind, Wait: 90 * time.Second})
		r, _ := ask(t, s, "/vendor/actions.csv")
		if got := r.Header.Get("Retry-After"); r.StatusCode != http.StatusTooManyRequests || got != want {
			t.Errorf("%s: status %d, Retry-After %q, want %q", kind, r.StatusCode, got, want)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range Kinds() {
		name := k.String()
		if seen[name] || strings.HasPrefix(name, "kind ") {
			t.Errorf("kind %d is called %q", k, name)
		}
		seen[name] = true
	}
}
