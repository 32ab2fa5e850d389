package fiscaldata_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/extract/fiscaldata"
	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

func year(y int) schemas.Window {
	return schemas.CutYear.Window(fiscaldata.Statement, schemas.NewDate(y, time.January, 1))
}

// publisher answers page n with pages[n-1] and keeps what it was asked.
type publisher struct {
	mu    sync.Mutex
	asked []string
	pages []string
}

func serve(t *testing.T, pages ...string) (string, *publisher) {
	t.Helper()
	p := &publisher{pages: pages}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	return srv.URL, p
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.URL.String())
	var n int
	if _, err := fmt.Sscan(r.URL.Query().Get("page[number]"), &n); err != nil || n < 1 || n > len(p.pages) {
		http.Error(w, `{"error":"Invalid Query Param","message":"no such page"}`, http.StatusBadRequest)
		return
	}
	_, _ = w.Write([]byte(p.pages[n-1]))
}

func page(count, total, pages int, rows ...string) string {
	return fmt.Sprintf(`{"data":[%s],"meta":{"count":%d,"labels":{"record_date":"Record Date"},"dataTypes":{"open_today_bal":"CURRENCY0"},`+
		`"dataFormats":{"record_date":"YYYY-MM-DD","close_today_bal":"$1,000,000","open_today_bal":"$1,000,000"},"total-count":%d,"total-pages":%d},`+
		`"links":{"self":"&page%%5Bnumber%%5D=1","next":null}}`, strings.Join(rows, ","), count, total, pages)
}

func row(day, account, open, closing string) string {
	return fmt.Sprintf(`{"record_date":%q,"account_type":%q,"close_today_bal":%q,"open_today_bal":%q}`, day, account, closing, open)
}

const (
	openingLabel = "Treasury General Account (TGA) Opening Balance"
	closingLabel = "Treasury General Account (TGA) Closing Balance"
)

func TestOperatingCashAcrossBothChangesOfLabel(t *testing.T) {
	t.Parallel()
	src := fiscaldata.OperatingCash(extracttest.Client(t), fiscaldata.Config{Files: []string{
		"file://" + sharedtest.File(t, "upstream", "fiscaldata", "dts_operating_cash_balance_label_changes.json"),
	}})
	got := make(map[string]int64)
	count := 0
	for y := 2005; y <= 2026; y++ {
		rows, err := extracttest.All(t, src, year(y))
		if errors.Is(err, extract.ErrNoData) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		count += len(rows)
		for _, r := range rows {
			if v, ok := r.Closing(); ok {
				if _, twice := got[r.Date.String()]; twice {
					t.Errorf("%s has two closing balances", r.Date)
				}
				got[r.Date.String()] = v
			}
		}
	}
	want := map[string]int64{
		"2005-10-03": 5448, "2021-09-30": 215160, "2021-10-01": 132452, "2022-04-15": 578473, "2022-04-18": 841253, "2026-09-25": 945290,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("closing balances (-want +got):\n%s", diff)
	}
	if count != 19 {
		t.Errorf("got %d rows in all, want 19", count)
	}
}

func TestOperatingCashReadsEveryPage(t *testing.T) {
	t.Parallel()
	base, p := serve(t,
		page(2, 3, 2, row("2026-09-24", closingLabel, "924627", "null"), row("2026-09-25", openingLabel, "924627", "null")),
		page(1, 3, 2, row("2026-09-25", closingLabel, "945290", "null")))
	rows, err := extracttest.All(t, fiscaldata.OperatingCash(extracttest.Client(t), fiscaldata.Config{Base: base}), year(2026))
	if err != nil {
		t.Fatal(err)
	}
	asked := "/services/api/fiscal_service/v1/accounting/dts/operating_cash_balance?fields=record_date%%2Caccount_type%%2Cclose_today_bal%%2Copen_today_bal" +
		"&filter=record_date%%3Agte%%3A2026-01-01%%2Crecord_date%%3Alt%%3A2027-01-01&format=json&page%%5Bnumber%%5D=%d&page%%5Bsize%%5D=10000&sort=record_date%%2Caccount_type"
	if diff := cmp.Diff([]string{fmt.Sprintf(asked, 1), fmt.Sprintf(asked, 2)}, p.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if len(rows) != 3 || rows[0].Payload == rows[1].Payload && rows[1].Payload == rows[2].Payload {
		t.Errorf("got %d rows with payloads of one page only: %+v", len(rows), rows)
	}
	last := rows[1] // "…Closing" sorts before "…Opening"
	last.Payload = ""
	want := schemas.CashBalance{Statement: "dts", Date: schemas.NewDate(2026, 9, 25), AccountType: closingLabel, Open: schemas.Some[int64](945290)}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOperatingCashNoDataIsNotAFailure(t *testing.T) {
	t.Parallel()
	base, p := serve(t, page(0, 0, 0))
	src := fiscaldata.OperatingCash(extracttest.Client(t), fiscaldata.Config{Base: base})
	if _, err := extracttest.All(t, src, year(2004)); !errors.Is(err, extract.ErrNoData) || len(p.asked) > 0 {
		t.Errorf("before the table begins: got %v, asked %v", err, p.asked)
	}
	if _, err := extracttest.All(t, src, year(2030)); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("an empty year: got %v", err)
	}
	if _, err := extracttest.All(t, src, schemas.CutYear.Window("mts", schemas.NewDate(2024, 1, 1))); err == nil || errors.Is(err, extract.ErrNoData) {
		t.Errorf("an unknown statement: got %v", err)
	}
}

func TestOperatingCashRefusesHostileAnswers(t *testing.T) {
	t.Parallel()
	good := page(1, 1, 1, row("2026-09-25", closingLabel, "945290", "null"))
	change := func(old, repl string) []string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the answer", old)
		}
		return []string{strings.Replace(good, old, repl, 1)}
	}
	for name, tc := range map[string]struct {
		pages []string
		want  string
	}{
		"web page":            {[]string{"<!doctype html><title>Maintenance</title>"}, "Maintenance"},
		"empty":               {[]string{""}, "empty"},
		"truncated":           {[]string{good[:60]}, "cut off"},
		"csv":                 {[]string{"Record Date,Type of Account\n"}, "JSON"},
		"an error":            {[]string{`{"error":"Invalid Query Param","message":"Invalid field"}`}, "Invalid field"},
		"no data":             {[]string{`{"meta":{"count":0,"total-count":0,"total-pages":1}}`}, "data is missing"},
		"no meta":             {[]string{`{"data":[]}`}, "meta lacks"},
		"renamed column":      {change("open_today_bal\":\"945290", "opening_bal\":\"945290"), "opening_bal"},
		"missing column":      {change(`"close_today_bal":"null",`, ""), "close_today_bal is missing"},
		"extra column":        {change(`"account_type"`, `"region":"x","account_type"`), "region"},
		"another unit":        {change(`"open_today_bal":"$1,000,000"`, `"open_today_bal":"$1,000"`), "unit has changed"},
		"unit no longer said": {change(`,"open_today_bal":"$1,000,000"`, ""), "unit has changed"},
		"in dollars":          {change("945290", "945290000000"), "too large"},
		"a fraction":          {change("945290", "945.290"), "whole number"},
		"NaN":                 {change("945290", "NaN"), "whole number"},
		"1e309":               {change("945290", "1e309"), "whole number"},
		"not text":            {change(`"945290"`, "945290"), "JSON"},
		"empty amount":        {change(`"945290"`, `""`), "open_today_bal is missing"},
		"bad date":            {change("2026-09-25", "9/25/2026"), "record_date"},
		"a day not asked for": {change("2026-09-25", "2025-09-25"), "not asked for"},
		"renamed label":       {change("Closing Balance", "End of Day"), "End of Day"},
		"fewer rows":          {change(`"total-count":1`, `"total-count":2`), "promised"},
		"count differs":       {change(`"count":1`, `"count":2`), "meta.count"},
		"too many pages":      {change(`"total-pages":1`, `"total-pages":1000000`), "believable"},
		"a row twice":         {[]string{page(2, 2, 1, row("2026-09-25", closingLabel, "1", "null"), row("2026-09-25", closingLabel, "2", "null"))}, "second row"},
		"a row on two pages": {[]string{
			page(1, 2, 2, row("2026-09-25", closingLabel, "1", "null")),
			page(1, 2, 2, row("2026-09-25", closingLabel, "1", "null")),
		}, "second row"},
		"rows move between pages": {[]string{
			page(1, 2, 2, row("2026-09-24", closingLabel, "1", "null")),
			page(1, 3, 2, row("2026-09-25", closingLabel, "1", "null")),
		}, "page 1 promised"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, _ := serve(t, tc.pages...)
			_, err := extracttest.All(t, fiscaldata.OperatingCash(extracttest.Client(t), fiscaldata.Config{Base: base}), year(2026))
			var broken *extract.ContractError
			if !errors.As(err, &broken) {
				t.Fatalf("got %v, want a ContractError", err)
			}
			if broken.Publisher != "fiscaldata" || broken.Window != year(2026) || len(broken.Payload) != 64 {
				t.Errorf("the error names %q, %v, %q", broken.Publisher, broken.Window, broken.Payload)
			}
			if !strings.Contains(broken.What, tc.want) {
				t.Errorf("got %q, want it to contain %q", broken.What, tc.want)
			}
		})
	}
}

func TestOperatingCashLaterFileCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for i, amount := range []string{"945290", "945291"} {
		path := fmt.Sprintf("%s/%d.json", dir, i)
		if err := os.WriteFile(path, []byte(page(1, 1, 1, row("2026-09-25", closingLabel, amount, "null"))), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, "file://"+path)
	}
	rows, err := extracttest.All(t, fiscaldata.OperatingCash(extracttest.Client(t), fiscaldata.Config{Files: files}), year(2026))
	if err != nil || len(rows) != 1 || rows[0].Open.V != 945291 {
		t.Errorf("got %+v, %v", rows, err)
	}
}

func TestProbeSaysWhatCameBack(t *testing.T) {
	t.Parallel()
	base, p := serve(t, page(2, 5200, 260, row("2026-09-25", openingLabel, "924627", "null"), row("2026-09-25", closingLabel, "945290", "null")))
	got, err := fiscaldata.Probe(t.Context(), extracttest.Client(t), fiscaldata.Config{Base: base})
	if err != nil || got != "Treasury cash of USD 945290 mn at the close of 2026-09-25" {
		t.Errorf("got %q, %v", got, err)
	}
	if len(p.asked) != 1 || !strings.Contains(p.asked[0], "page%5Bsize%5D=20&sort=-record_date") {
		t.Errorf("asked %v", p.asked)
	}
	base, _ = serve(t, page(1, 1, 1, row("2026-09-25", "Treasury Cash", "1", "null")))
	var broken *extract.ContractError
	if _, err := fiscaldata.Probe(t.Context(), extracttest.Client(t), fiscaldata.Config{Base: base}); !errors.As(err, &broken) {
		t.Errorf("a renamed label: got %v, want a ContractError", err)
	}
}

func FuzzParseOperatingCash(f *testing.F) {
	f.Add(page(1, 1, 1, row("2026-09-25", closingLabel, "945290", "null")))
	f.Add(page(1, 1, 1, row("2005-10-03", "Federal Reserve Account", "4381", "5448")))
	f.Add(page(1, 1, 1, row("2026-09-25", "null", "1e3", "-0")))
	f.Fuzz(func(t *testing.T, body string) {
		rows, _, err := fiscaldata.ParseOperatingCash(strings.NewReader(body))
		if err != nil && rows != nil {
			t.Error("rows beside an error")
		}
		for _, r := range rows {
			if r.AccountType == "" || r.AccountType == "null" || r.Statement != "dts" {
				t.Errorf("believed %+v", r)
			}
		}
	})
}

func TestOperatingCashHasManners(t *testing.T) {
	t.Parallel()
	extracttest.Manners[schemas.CashBalance]{
		New: func(g extract.Getter, base string) extract.Source[schemas.CashBalance] {
			return fiscaldata.OperatingCash(g, fiscaldata.Config{Base: base})
		},
		Publisher: &publisher{pages: []string{
			page(1, 2, 2, row("2026-09-24", closingLabel, "924627", "null")),
			page(1, 2, 2, row("2026-09-25", closingLabel, "945290", "null")),
		}},
		Window: year(2026),
		Date:   func(r *schemas.CashBalance) schemas.Date { return r.Date },
	}.Hold(t)
}
