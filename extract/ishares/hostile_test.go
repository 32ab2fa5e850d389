package ishares

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"tidemark/extract"
	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	day := date("2025-01-03")
	good := smallCSV(day, "250.00")
	goodJSON := fmt.Sprintf(smallJSON, "20250103", smallTickers, smallValues)
	for _, test := range []struct{ name, answer, want string }{
		{"web page of two megabytes", "\n\n<!DOCTYPE html>\n<html><head><title>iShares ETFs</title></head>" + strings.Repeat("<div>prospectus</div>\n", 100_000), "web page"},
		{"empty", "", "empty"},
		{"cut in a line", good[:strings.Index(good, `States","NASDAQ"`)], "not closed"},
		{"cut between lines", good[:strings.Index(good, `"USD","USD CASH"`)-1] + "\n", ""}, // one line of 0.1 % is within tolerance
		{"lines lost", strings.Replace(good, `"99.90"`, `"89.90"`, 1), "sum to 90.00 %"},
		{"weights as fractions", strings.NewReplacer(`"99.90"`, `"0.999"`, `"0.10"`, `"0.001"`).Replace(good), "the unit has changed"},
		{"renamed column", strings.Replace(good, "Weight (%)", "Weight", 1), `missing: "Weight (%)"; not expected: "Weight"`},
		{"column more", strings.Replace(good, "Accrual Date\n", "Accrual Date,ESG\n", 1), `not expected: "ESG"`},
		{"share count missing", strings.Replace(good, ",Quantity,", ",Location,", 1), "Location"},
		{"both share counts", strings.NewReplacer("Notional Value", "Shares").Replace(good), `one of "Quantity" and "Shares"`},
		{"not a number", smallCSV(day, "NaN"), `"NaN" is not a number`},
		{"too large", smallCSV(day, "1e309"), "too large"},
		{"hexadecimal", smallCSV(day, "0x1p4"), "not a number"},
		{"another day", smallCSV(date("2025-01-02"), "250.00"), "asked for the holdings of 2025-01-03, the answer is of 2025-01-02"},
		{"rows under the template", strings.Replace(good, `"Jan 03, 2025"`, `"-"`, 1), "names no day"},
		{"no rows under a day", strings.Replace(templateCSV, `"-"`, `"Jan 03, 2025"`, 1), "lists no holdings"},
		{"strange day", strings.Replace(good, "Jan 03, 2025", "03/01/2025", 1), "not of the form"},
		{"JSON of another fund", strings.Replace(goodJSON, "239726", "239710", 1), "asked for product 239726, the answer is of 239710"},
		{"JSON of another day", strings.Replace(goodJSON, "20250103}", "20250102}", 1), "the answer is of 2025-01-02"},
		{"JSON cut", goodJSON[:len(goodJSON)-40], "unexpected end of JSON"},
		{"JSON with text after it", goodJSON + "{}", "after top-level value"},
		{"JSON column missing", strings.Replace(goodJSON, `"unitPrice"`, `"unitPrices"`, 1), `unknown data point "unitPrices"`},
		{"JSON column gone", strings.Replace(goodJSON, `"unitPrice":{"value":[250.0,100.0]},`, "", 1), `no data point "unitPrice"`},
		{"JSON market values in thousands", strings.Replace(goodJSON, "250.0,", "250000.0,", 1), "a unit has changed"},
		{"JSON column shorter", strings.Replace(goodJSON, "[250.0,100.0]", "[250.0]", 1), "1 values where others have 2"},
		{"JSON too large a number", strings.Replace(goodJSON, "250.0,", "1e309,", 1), "1e309"},
		{"JSON text for a number", strings.Replace(goodJSON, "250.0,", `"250.0",`, 1), "unitPrice"},
		{"JSON half a template", fmt.Sprintf(smallJSON, "20250103", "null", smallValues), "market values without tickers"},
		{"JSON without lines", fmt.Sprintf(smallJSON, "20250103", "[]", "[]"), "values where others have 0"},
		{"JSON of something else", `{"error":"try again"}`, "no component holdings.all"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPublisher(t, func(*http.Request) string { return test.answer })
			w := schemas.CutYear.Window("IVV", day)
			rows, err := extracttest.All(t, Holdings(extracttest.Client(t), Config{Base: p.URL, Days: days("2025-01-03")}), w)
			if test.want == "" {
				if err != nil || len(rows) == 0 {
					t.Errorf("got %d rows, %v; want them accepted", len(rows), err)
				}
				return
			}
			broken, ok := errors.AsType[*extract.ContractError](err)
			if !ok || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v; want a contract error about %q", err, test.want)
			}
			if broken.Window != w || broken.Publisher != Publisher || len(broken.Payload) != 64 {
				t.Errorf("the error names %q %s %q", broken.Publisher, broken.Window, broken.Payload)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the error is %d characters long", len(err.Error()))
			}
		})
	}
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, fund, want string
		cfg              Config
	}{
		{"unknown fund", "XYZ", `fund "XYZ" is not known`, Config{Days: days()}},
		{"no days", "IVV", "which days", Config{}},
		{"unknown format", "IVV", `format "xml"`, Config{Format: "xml", Days: days("2025-01-03")}},
	} {
		_, err := extracttest.All(t, Holdings(extracttest.Client(t), test.cfg), schemas.CutYear.Window(test.fund, date("2025-01-03")))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestStopsWithTheContext(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, func(*http.Request) string { return templateCSV })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range Holdings(extracttest.Client(t), Config{Base: p.URL, Days: days("2025-01-03")}).Fetch(ctx, schemas.CutYear.Window("IVV", date("2025-01-03"))) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's end", err)
		}
	}
	if len(p.asked) != 0 {
		t.Errorf("asked %d times after the end", len(p.asked))
	}
}

// The rows of a year go out only when all its answers have been found sound.
func TestLaterBrokenAnswerHoldsBackTheDaysBefore(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, func(r *http.Request) string {
		if r.URL.Query().Get("asOfDate") == "20250103" {
			return "<html>"
		}
		return smallCSV(date("2025-01-02"), "250.00")
	})
	s := Holdings(extracttest.Client(t), Config{Base: p.URL, Days: days("2025-01-02", "2025-01-03")})
	batches := 0
	for rows, err := range s.Fetch(t.Context(), schemas.CutYear.Window("IVV", date("2025-01-03"))) {
		if batches++; err == nil {
			t.Errorf("%d rows were yielded", len(rows))
		}
	}
	if batches != 1 || len(p.asked) != 2 {
		t.Errorf("%d batches after %d requests, want the error alone after 2", batches, len(p.asked))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(smallCSV(20000, "250.00")))
	f.Add([]byte(templateCSV))
	f.Add(fmt.Appendf(nil, smallJSON, "20250103", smallTickers, smallValues))
	f.Add(fmt.Appendf(nil, smallJSON, "20250107", "null", "null"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parse(bytes.NewReader(body))
		if err != nil {
			return
		}
		for _, r := range a.rows {
			for _, v := range []schemas.Opt[float64]{r.MarketValue, r.Weight, r.Quantity, r.Price} {
				if math.IsNaN(v.V) || math.IsInf(v.V, 0) {
					t.Fatalf("%v comes out of %q", v.V, body)
				}
			}
		}
		if len(a.rows) > 0 && math.Abs(a.weights()-100) > weightTolerance {
			t.Fatalf("weights sum to %v", a.weights())
		}
	})
}
