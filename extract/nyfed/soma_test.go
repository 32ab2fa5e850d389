package nyfed_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/nyfed"
	"tidemark/schemas"
)

// held writes lines of holdings as the publisher does: every value a text.
func held(lines ...string) string {
	return `{ "soma": { "holdings": [ ` + strings.Join(lines, " ,") + ` ] } }`
}

func heldLine(asOf, cusip, maturity, par, compensation, kind string) string {
	return fmt.Sprintf(`{"asOfDate":"%s","cusip":"%s","maturityDate":"%s","issuer":"","spread":"","coupon":"","parValue":"%s","inflationCompensation":"%s","percentOutstanding":"0.7","changeFromPriorWeek":"0","changeFromPriorYear":"","securityType":"%s"}`,
		asOf, cusip, maturity, par, compensation, kind)
}

func TestParsePortfolio(t *testing.T) {
	t.Parallel()
	rows, err := nyfed.ParsePortfolio(strings.NewReader(held(
		heldLine("2025-01-08", "912797LB1", "2025-01-09", "12345678900", "", "Bills"),
		heldLine("2025-01-08", "91282CLK5", "2034-07-15", "1000000000", "45600000", "TIPS"),
	)))
	if err != nil {
		t.Fatal(err)
	}
	want := []schemas.SOMAHolding{
		{AsOf: day("2025-01-08"), CUSIP: "912797LB1", Kind: "Bills", Maturity: day("2025-01-09"), Par: 12345678900},
		{AsOf: day("2025-01-08"), CUSIP: "91282CLK5", Kind: "TIPS", Maturity: day("2034-07-15"), Par: 1e9, Compensation: some(45_600_000)},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	good := heldLine("2025-01-08", "912797LB1", "2025-01-09", "5", "", "Bills")
	for name, bad := range map[string]struct{ body, says string }{
		"no day":         {held(heldLine("", "912797LB1", "2025-01-09", "5", "", "Bills")), "asOfDate"},
		"no maturity":    {held(heldLine("2025-01-08", "912797LB1", "", "5", "", "Bills")), "maturityDate"},
		"no par":         {held(heldLine("2025-01-08", "912797LB1", "2025-01-09", "", "", "Bills")), "parValue"},
		"no number":      {held(heldLine("2025-01-08", "912797LB1", "2025-01-09", "NaN", "", "Bills")), "parValue"},
		"no CUSIP":       {held(heldLine("2025-01-08", "912", "2025-01-09", "5", "", "Bills")), "CUSIP"},
		"twice":          {held(good, good), "stands twice"},
		"another answer": {`{"refRates": []}`, "another kind"},
		"cut off":        {held(good)[:40], "cut off"},
		"a page":         {"<html><body>Sorry</body></html>", "web page"},
	} {
		if _, err := nyfed.ParsePortfolio(strings.NewReader(bad.body)); err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: error %v does not say %q", name, err, bad.says)
		}
	}
}

// TestPortfolioAsksOnce has a year of which three Wednesdays are out: the old ones
// are asked for the first time only.
func TestPortfolioAsksOnce(t *testing.T) {
	t.Parallel()
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		date := strings.TrimSuffix(filepath.Base(r.URL.Path), ".json")
		body := `{"soma": {"asOfDates": ["2024-01-10", {"asOfDate": "2024-01-03"}, "2024-01-17", "2023-12-27"]}}`
		if date != "list" {
			body = held(heldLine(date, "912810TX6", "2054-02-15", "7", "", "NotesBonds"), heldLine(date, "912797LB1", "2024-12-09", "5", "", "Bills"))
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	g := extracttest.Client(t)
	weekly := func(schemas.Window) []schemas.Date {
		return []schemas.Date{day("2024-01-03"), day("2024-01-10"), day("2024-01-24")}
	}
	for range 2 {
		rows, err := extracttest.All(t, nyfed.Portfolio(g, nyfed.Config{Base: srv.URL}, weekly), year(nyfed.Treasury, 2024))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rows {
			got = append(got, r.AsOf.String()+" "+r.CUSIP)
		}
		if want := []string{"2024-01-03 912797LB1", "2024-01-03 912810TX6", "2024-01-10 912797LB1", "2024-01-10 912810TX6"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	list, first, second := "/api/soma/asofdates/list.json", "/api/soma/tsy/get/asof/2024-01-03.json", "/api/soma/tsy/get/asof/2024-01-10.json"
	if want := []string{list, first, second, list}; !slices.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

func TestPortfolioRefusesAnotherDay(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "list.json") {
			_, _ = w.Write([]byte(`{"soma": {"asOfDates": ["2024-01-10"]}}`))
			return
		}
		_, _ = w.Write([]byte(held(heldLine("2024-01-03", "912797LB1", "2024-12-09", "5", "", "Bills"))))
	}))
	t.Cleanup(srv.Close)
	_, err := extracttest.All(t, nyfed.Portfolio(extracttest.Client(t), nyfed.Config{Base: srv.URL}, nil), year(nyfed.Treasury, 2024))
	if _, breach := errors.AsType[*extract.ContractError](err); !breach {
		t.Errorf("got %v, want a breach of contract", err)
	}
}

func TestPortfolioOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for name, body := range map[string]string{
		"a.json": held(heldLine("2024-01-03", "912797LB1", "2024-12-09", "5", "", "Bills"), heldLine("2024-01-10", "912797LB1", "2024-12-09", "5", "", "Bills")),
		"b.json": held(heldLine("2024-01-10", "912810TX6", "2054-02-15", "7", "", "NotesBonds")),
		"c.json": `{"soma": {"summary": []}}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, "file://"+path)
	}
	slices.Sort(files)
	rows, err := extracttest.All(t, nyfed.Portfolio(extracttest.Client(t), nyfed.Config{Files: files}, nil), year(nyfed.Treasury, 2024))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].CUSIP != "912797LB1" || rows[1].CUSIP != "912810TX6" || rows[1].AsOf != day("2024-01-10") {
		t.Errorf("got %+v: of a day that two files have, the later counts", rows)
	}
	if _, err := extracttest.All(t, nyfed.Portfolio(extracttest.Client(t), nyfed.Config{Files: files}, nil), year(nyfed.Treasury, 2023)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a year of which there is nothing: %v", err)
	}
}

func FuzzParsePortfolio(f *testing.F) {
	f.Add(held(heldLine("2025-01-08", "912797LB1", "2025-01-09", "5", "1", "Bills")))
	f.Add(`{"soma":{"holdings":[]}}`)
	f.Fuzz(func(t *testing.T, body string) {
		rows, err := nyfed.ParsePortfolio(strings.NewReader(body))
		if err != nil && rows != nil {
			t.Errorf("rows beside the error %v", err)
		}
		for _, r := range rows {
			if len(r.CUSIP) != 9 || r.AsOf == schemas.NoDate || r.Maturity == schemas.NoDate {
				t.Errorf("row %+v", r)
			}
		}
	})
}
