package jobs

import (
	"strings"
	"testing"
	"time"

	"tidemark/schemas"
)

// A saved file that no job reads would go unnoticed, and its publisher would be
// asked instead.
func TestSavedFilesThatNothingReads(t *testing.T) {
	t.Parallel()
	files := map[string][]string{"X": {"x.csv"}}
	for _, test := range []struct {
		name string
		p    Publishers
		want string // nothing where all files are read
	}{
		{"rates by name", Publishers{NYFed: &NYFed{Rates: []string{"X"}, RateFiles: files}}, ""},
		{"a rate that is not asked for", Publishers{NYFed: &NYFed{Rates: []string{"SOFR"}, RateFiles: files}}, "publishers.nyfed.rate_files: X is not among the rates"},
		{"series by id", Publishers{FRED: &FRED{Series: []string{"X"}, SeriesFiles: files}}, ""},
		{"a series that is not asked for", Publishers{FRED: &FRED{SeriesFiles: files}}, "publishers.fred.series_files: X is not among the series"},
		{"funds by ticker", Publishers{IShares: &IShares{Funds: []string{"X"}, FundFiles: files, AsOf: map[string]schemas.Date{"X": 1}}}, ""},
		{"a fund that is not asked for", Publishers{SSGA: &SSGA{FundFiles: files}}, "publishers.ssga.fund_files: X is not among the funds"},
		{"the day of a fund that is not asked for", Publishers{IShares: &IShares{AsOf: map[string]schemas.Date{"X": 1}}}, "publishers.ishares.as_of: X is not among the funds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := Config{History: History{From: schemas.NewDate(2021, time.January, 1)}, Publishers: test.p}
			err := c.Validate()
			if test.want == "" {
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
