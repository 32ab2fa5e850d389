package stooq

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

const (
	key   = "0123456789abcdef"
	table = "Date,Open,High,Low,Close,Volume\r\n2015-01-02,172.834,173.274,171.016,172.069,144993270\r\n2015-01-05,171.006,171.148,168.662,168.957,202423620.5\r\n"
)

func TestDaily(t *testing.T) {
	t.Parallel()
	want := []schemas.Observation{
		{Date: schemas.NewDate(2015, time.January, 2), Value: schemas.Some(172.069)}, {Date: schemas.NewDate(2015, time.January, 5), Value: schemas.Some(168.957)},
	}
	for name, text := range map[string]string{
		"of a fund": table, "with other ends of lines": strings.ReplaceAll(table, "\r", ""),
		"of an index, without volume": strings.NewReplacer(",Volume", "", ",144993270", "", ",202423620.5", "").Replace(table),
	} {
		got, err := ParseDaily(strings.NewReader(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
	for text, want := range map[string]string{
		"":                              "empty",
		"Get your apikey:\r\n1. Open …": "publishers.stooq.key",
		"Exceeded the daily hits limit": "used up",
		"No data":                       "no data",
		"<html><script></script>":       "",
		strings.Replace(table, "Close", "Last", 1):            "names of the columns",
		strings.Replace(table, "172.069", "NaN", 1):           "Close",
		strings.Replace(table, "172.069", "-1", 1):            "cannot be",
		strings.Replace(table, "172.069", "17.2", 1):          "not between",
		strings.Replace(table, "2015-01-05", "2015-01-02", 1): "after one of",
		table + "2015-01-06,1\r\n":                            "2 cells",
		table + "2015-01-06,1,1,1,1e309,1\n":                  "Close",
	} {
		if got, err := ParseDaily(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, error %v, want one that says %q", text, got, err, want)
		}
	}
}

func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		day  schemas.Date
		want float64
		rows int
	}{
		// Adjusted for dividends: 205.43 was traded.
		"spy_us_d_2015-01-02_2026-04-17.csv": {schemas.NewDate(2015, time.January, 2), 172.069, 2800},
		"aapl_us_d_trimmed_1984_2026.csv":    {schemas.NewDate(1984, time.September, 7), 0.0992653, 20},
	} {
		f, err := os.Open(sharedtest.File(t, "upstream", "stooq", name))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := ParseDaily(f)
		_ = f.Close()
		if err != nil || len(rows) < c.rows || rows[0].Date != c.day || rows[0].Value.V != c.want {
			t.Errorf("%s: %d rows, error %v", name, len(rows), err)
		}
	}
}

// TestWords has the service say in words what it has to say, under HTTP 200.
func TestWords(t *testing.T) {
	t.Parallel()
	body := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("apikey") != key || r.URL.Query().Get("s") != "spy.us" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = w.Write([]byte(body))
	}))
	defer srv.Close()
	now := time.Date(2025, time.March, 31, 22, 17, 0, 0, time.UTC)
	cfg := Config{Base: srv.URL, Key: key, Series: map[string]string{"fund:SPY": "spy.us"}, Now: now}
	ask := func(text string) ([]schemas.Observation, error) {
		body = text
		return extracttest.All(t, Levels(extracttest.Client(t), cfg), schemas.CutWhole.Window("fund:SPY", 0))
	}
	if rows, err := ask(table); err != nil || len(rows) != 2 || rows[0].Unit != "USD per share" || rows[0].Source != "fund:SPY" {
		t.Errorf("%+v, error %v", rows, err)
	}
	_, err := ask("Exceeded the daily hits limit\n")
	if later, ok := errors.AsType[*extract.NotYetError](err); !ok || !later.Until.Equal(now.Add(Rest)) {
		t.Errorf("used up: %v", err)
	}
	if _, err = ask("No data\n"); !errors.Is(err, extract.ErrNoData) {
		t.Errorf("nothing: %v", err)
	}
	for text, want := range map[string]string{"Get your apikey: http://x\n": "publishers.stooq.key", strings.TrimSpace(table): "cut off", "": "empty"} {
		if _, err = ask(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), key) {
			t.Errorf("%q: %v, want an error that says %q", text, err, want)
		}
	}
	for part, symbol := range map[string]string{"SPY": "spy.us", "fund:": "spy.us", "fund:SPY": "SPY.US", "index:SPX": "^spx&x=1", "fund:X": ""} {
		if (Config{Series: map[string]string{part: symbol}}).Check() == nil {
			t.Errorf("%q of %q is taken", part, symbol)
		}
	}
}

func FuzzDaily(f *testing.F) {
	f.Add(table)
	f.Add("No data")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ParseDaily(strings.NewReader(text))
		for i, r := range rows {
			if err == nil && (r.Value.V <= 0 || i > 0 && r.Date <= rows[i-1].Date) {
				t.Errorf("%+v of %q", r, text)
			}
		}
	})
}
