package sec

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

const contact = "Example Research research@example.com"

// income is an answer about one company, some of whose words are others.
func income(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"cik":320193,"taxonomy":"us-gaap","tag":"NetIncomeLoss","label":"Net Income (Loss)","description":"x","entityName":"Apple Inc.","units":{"USD":[` +
		`{"start":"2024-09-29","end":"2024-12-28","val":36330000000,"accn":"0000320193-25-000008","fy":2025,"fp":"Q1","form":"10-Q","filed":"2025-01-31","frame":"CY2024Q4"},` +
		`{"start":"2024-09-29","end":"2024-12-28","val":36330000000,"accn":"0000320193-25-000008","fy":2025,"fp":"Q1","form":"10-Q","filed":"2025-01-31"},` +
		`{"start":"2023-10-01","end":"2023-12-30","val":33916000000,"accn":"0000320193-24-000006","fy":null,"fp":null,"form":"10-Q","filed":"2024-02-02"}]}}`)
}

func TestConcept(t *testing.T) {
	t.Parallel()
	day := schemas.NewDate
	want := []Figure{
		{Filed: day(2024, time.February, 2), Start: day(2023, time.October, 1), End: day(2023, time.December, 30), Value: 33916000000},
		{Filed: day(2025, time.January, 31), Start: day(2024, time.September, 29), End: day(2024, time.December, 28), Value: 36330000000}, // once, of two frames
	}
	got, err := ParseConcept(strings.NewReader(income()), 320193, NetIncome)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if got, err = ParseConcept(strings.NewReader(income(`"USD"`, `"CAD"`)), 320193, NetIncome); err != nil || len(got) > 0 {
		t.Errorf("in another currency: %v, error %v", got, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"another company": {income("320193,", "320194,"), "another company"},
		"another tag":     {income("NetIncomeLoss", "Revenues"), "us-gaap/Revenues"},
		"no units":        {income(`"units":{"USD"`, `"unit":{"USD"`), "unit"},
		"no day":          {income(`"filed":"2025-01-31"`, `"filed":"soon"`), "filed"},
		"no period":       {income(`"start":"2024-09-29",`, ""), "start"},
		"no value":        {income(`"val":33916000000,`, ""), "val is missing"},
		"not a number":    {income("33916000000", "1e309"), "val"},
		"a page":          {"<html></html>", ""},
		"cut off":         {income()[:200], "cut off"},
	} {
		if _, err := ParseConcept(strings.NewReader(c.text), 320193, NetIncome); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

func TestCompanies(t *testing.T) {
	t.Parallel()
	const list = `{"10":{"cik_str":3,"ticker":"C","title":"Third"},"2":{"cik_str":1,"ticker":"A-B","title":"First"},"0":{"cik_str":2,"ticker":"B","title":"Second"},"3":{"cik_str":2,"ticker":"B-A","title":"Second"}}`
	got, err := ParseCompanies(strings.NewReader(list))
	if diff := cmp.Diff([]int64{2, 1, 3}, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"{}", `{"x":{"cik_str":1,"ticker":"A","title":""}}`, `{"0":{"cik_str":0,"ticker":"A","title":""}}`, `{"0":{"cik_str":"1","ticker":"A","title":""}}`, "[]", "<html>"} {
		if got, err := ParseCompanies(strings.NewReader(text)); err == nil {
			t.Errorf("%s gives %v", text, got)
		}
	}
	f, err := os.Open(sharedtest.File(t, "upstream", "sec", "company_tickers_first400.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if got, err = ParseCompanies(f); err != nil || len(got) < 300 || got[0] != 789019 || got[1] != 320193 {
		t.Errorf("of the recorded list: %d companies, error %v", len(got), err)
	}
}

func TestContact(t *testing.T) {
	t.Parallel()
	if err := CheckContact(contact); err != nil {
		t.Error(err)
	}
	for _, c := range []string{"", "research@example.com", "Example Research", "Example @example.com", "Example me@localhost", "A\nB a@b.c"} {
		if CheckContact(c) == nil {
			t.Errorf("%q is taken", c)
		}
	}
}

// TestManners has the rate exceeded, a client that is not accepted, a company that
// never filed a count, and different figures for one period.
func TestManners(t *testing.T) {
	t.Parallel()
	status, body := http.StatusForbidden, "<html><title>SEC.gov | Request Rate Threshold Exceeded</title></html>"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") != contact {
			t.Errorf("asked as %q", r.Header.Get("User-Agent"))
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "company_tickers.json"):
			_, _ = w.Write([]byte(`{"0":{"cik_str":320193,"ticker":"AAPL","title":"Apple Inc."}}`))
		default:
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}))
	defer srv.Close()
	now := time.Now()
	cfg := Config{Base: srv.URL, FilesBase: srv.URL, Contact: contact, Companies: 10, Now: now}
	w := schemas.CutYear.Window(Publisher, schemas.NewDate(2025, time.January, 31))
	_, err := extracttest.All(t, Earnings(extracttest.Client(t), cfg), w)
	if later, ok := errors.AsType[*extract.NotYetError](err); !ok || !later.Until.Equal(now.Add(Rest)) {
		t.Errorf("the rate is exceeded: %v", err)
	}
	body = "<html><title>Your Request Originates from an Undeclared Automated Tool</title></html>"
	if _, err := extracttest.All(t, Earnings(extracttest.Client(t), cfg), w); err == nil || !strings.Contains(err.Error(), "publishers.sec.contact") {
		t.Errorf("who asks is not accepted: %v", err)
	}
	status = http.StatusNotFound
	if _, err := extracttest.All(t, Shares(extracttest.Client(t), cfg), w); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("a company without a count: %v", err)
	}
	status, body = http.StatusOK, income(`"val":36330000000,"accn":"0000320193-25-000008","fy":2025,"fp":"Q1","form":"10-Q","filed":"2025-01-31"}`, `"val":36.33,"accn":"x","fy":2025,"fp":"Q1","form":"10-Q","filed":"2025-01-31"}`)
	if rows, err := extracttest.All(t, Earnings(extracttest.Client(t), cfg), w); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("two figures for one period: %v, error %v", rows, err)
	}
	body = income()
	rows, err := extracttest.All(t, Earnings(extracttest.Client(t), cfg), w)
	if err != nil || len(rows) != 1 || rows[0].Company != "320193" || rows[0].NetIncome != 36330000000 {
		t.Errorf("%+v, error %v", rows, err)
	}
}

func FuzzConcept(f *testing.F) {
	f.Add(income())
	f.Fuzz(func(t *testing.T, text string) {
		figures, err := ParseConcept(strings.NewReader(text), 320193, NetIncome)
		for i, x := range figures {
			if err == nil && (i > 0 && (x == figures[i-1] || x.Filed < figures[i-1].Filed)) {
				t.Errorf("%+v of %q", x, text)
			}
		}
	})
}
