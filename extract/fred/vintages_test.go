package fred

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidemark/extract/extracttest"
	"tidemark/schemas"
)

// archived answers for a series whose unit changed, from two vintages at once on.
// Its pages are of two rows.
func archived(t *testing.T, rows []string, most int) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		start, end := q.Get("realtime_start"), q.Get("realtime_end")
		if strings.HasSuffix(r.URL.Path, "/series") {
			_, _ = fmt.Fprintf(w, `{"realtime_start":%q,"realtime_end":%q,"seriess":[`+
				`{"id":"WRESBAL","title":"Reserves","units":"Millions of U.S. Dollars","frequency":"Weekly, Ending Wednesday","realtime_start":"2025-09-01","realtime_end":"9999-12-31"},`+
				`{"id":"WRESBAL","title":"Reserves","units":"Billions of U.S. Dollars","frequency":"Weekly, Ending Wednesday","realtime_start":"1996-01-01","realtime_end":"2025-08-31"}]}`, start, end)
			return
		}
		var in []string
		for _, row := range rows {
			if f := strings.Split(row, "|"); f[2] <= end && f[3] >= start {
				in = append(in, fmt.Sprintf(`{"date":%q,"value":%q,"realtime_start":%q,"realtime_end":%q}`, f[0], f[1], max(f[2], start), min(f[3], end)))
			}
		}
		if len(in) > most {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error_code":400,"error_message":"Bad Request.  This exceeds the maximum number of vintage dates allowed (2)."}`))
			return
		}
		var offset int
		_, _ = fmt.Sscan(q.Get("offset"), &offset)
		page := in[min(offset, len(in)):min(offset+2, len(in))]
		_, _ = fmt.Fprintf(w, `{"realtime_start":%q,"realtime_end":%q,"units":"lin","output_type":1,"count":%d,"offset":%d,"observations":[%s]}`, start, end, len(in), offset, strings.Join(page, ","))
	}))
	t.Cleanup(srv.Close)
	return srv
}

const (
	testKey   = "0123456789abcdef0123456789abcdef"
	testDay1  = "2025-07-30|3347.41|2025-07-31|2025-08-06"
	testDay1b = "2025-07-30|3347.44|2025-08-07|2025-08-31"
	testDay1c = "2025-07-30|3347440|2025-09-01|9999-12-31"
	testDay2  = "2025-08-06|.|2025-08-07|9999-12-31"
)

// TestVintages reads what was said of two days: a revision, a restatement in another
// unit, a day without a value; in one answer of two pages, and piece by piece.
func TestVintages(t *testing.T) {
	t.Parallel()
	day := func(m time.Month, d int) schemas.Date { return schemas.NewDate(2025, m, d) }
	row := func(d, from, to schemas.Date, v schemas.Opt[float64], unit string, multiplier float64) schemas.Vintage {
		return schemas.Vintage{Source: "alfred:WRESBAL", Series: "WRESBAL", Date: d, KnownFrom: from, KnownTo: to, Value: v, Unit: unit, Multiplier: multiplier, Frequency: "Weekly, Ending Wednesday"}
	}
	some := schemas.Some[float64]
	const billions, millions = "Billions of U.S. Dollars", "Millions of U.S. Dollars"
	july, august := day(time.July, 30), day(time.August, 6)
	want := []schemas.Vintage{
		row(july, day(time.July, 31), day(time.August, 6), some(3347.41), billions, 1e9),
		row(july, day(time.August, 7), day(time.August, 31), some(3347.44), billions, 1e9),
		row(july, day(time.September, 1), schemas.NoDate, some(3347440), millions, 1e6),
		row(august, day(time.August, 7), schemas.NoDate, schemas.None[float64](), billions, 1e9),
	}
	w := schemas.CutWhole.Window("alfred:WRESBAL", 0)
	old := schemas.NewDate(2019, time.July, 31)
	for name, c := range map[string]struct {
		rows []string
		most int
		want []schemas.Vintage
	}{
		"in pages": {[]string{testDay1, testDay1b, testDay1c, testDay2}, 100, want},
		// Where the pieces meet a value goes on.
		"in pieces": {[]string{"2019-07-31|1501.5|2019-08-01|2024-11-30", "2019-07-31|1502|2024-12-01|2025-08-31", "2019-07-31|1502000|2025-09-01|9999-12-31"}, 2, []schemas.Vintage{
			row(old, schemas.NewDate(2019, time.August, 1), schemas.NewDate(2024, time.November, 30), some(1501.5), billions, 1e9),
			row(old, schemas.NewDate(2024, time.December, 1), day(time.August, 31), some(1502), billions, 1e9),
			row(old, day(time.September, 1), schemas.NoDate, some(1502000), millions, 1e6),
		}},
	} {
		got, err := extracttest.All(t, Vintages(extracttest.Client(t), Config{Base: archived(t, c.rows, c.most).URL, Key: testKey}), w)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range got {
			if got[i].Payload == "" {
				t.Errorf("%s: row %d names no answer", name, i)
			}
			got[i].Payload = ""
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestVintagesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := schemas.CutWhole.Window("alfred:WRESBAL", 0)
	for want, row := range map[string]string{
		"two values for 2025-07-30 at once": "2025-07-30|1|2025-08-02|2025-08-03",
		"ends before it begins":             "2025-07-30|1|2025-08-10|2025-08-09",
		"is not of the form":                "2025-07-30|1|2025-08-40|2025-08-41",
		"not a number":                      "2025-07-30|NaN|2025-08-07|2025-08-08",
	} {
		_, err := extracttest.All(t, Vintages(extracttest.Client(t), Config{Base: archived(t, []string{testDay1, row}, 9).URL, Key: testKey}), w)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", row, err, want)
		}
	}
	if _, err := extracttest.All(t, Vintages(extracttest.Client(t), Config{}), w); err == nil || !strings.Contains(err.Error(), "API key") {
		t.Errorf("without a key: %v", err)
	}
	// An answer about another time than was asked for, as where the parameter is not
	// understood.
	one := `{"realtime_start":"2025-10-01","realtime_end":"2025-10-01","units":"lin","output_type":1,"count":0,"observations":[]}`
	if _, _, err := ParseVintages(strings.NewReader(one), always.Start, always.End); err == nil || !strings.Contains(err.Error(), "not 1776-07-04 to 9999-12-31") {
		t.Errorf("another period: %v", err)
	}
}

func FuzzVintages(f *testing.F) {
	f.Add(`{"realtime_start":"1776-07-04","realtime_end":"9999-12-31","units":"lin","output_type":1,"count":1,"observations":[{"realtime_start":"2025-10-01","realtime_end":"9999-12-31","date":"2025-09-30","value":"1"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		rows, total, err := ParseVintages(strings.NewReader(text), always.Start, always.End)
		for _, r := range rows {
			if err == nil && (r.KnownFrom < schemas.MinDate || r.KnownTo != schemas.NoDate && r.KnownTo < r.KnownFrom || len(rows) > total) {
				t.Errorf("%+v of %q", r, text)
			}
		}
	})
}
