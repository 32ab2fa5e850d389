package excel_test

import (
	"fmt"
	"html"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// TestKeyFigures holds the row of a figure against a calculation by hand: 30
// sessions from the end of 2024, values 0.30, 0.31, …, then a fall.
func TestKeyFigures(t *testing.T) {
	t.Parallel()
	days := sessions(schemas.NewDate(2024, 12, 30), schemas.NewDate(2025, 2, 7))
	var facts []schemas.Fact
	for i, d := range days {
		facts = append(facts, fact("conc_top10_sec", "SPX_MEMBERS", d.String(), 0.30+0.01*float64(i)))
	}
	n := len(facts)
	facts[n-1].Value.V = 0.425
	b := bookOf(facts...)
	b.AsOf = days[n-1]
	f := open(t, b)
	_, row := findCell(t, f, "Summary", "conc_top10_sec")
	got := rows(t, f, "Summary")[row-1]
	value := func(back int) float64 { return facts[n-1-back].Value.V }
	below := 0
	for _, x := range facts {
		if x.Value.V < 0.425 {
			below++
		}
	}
	for column, want := range map[int]float64{
		4:  0.425,
		7:  100 * (0.425 - value(1)),
		8:  100 * (0.425 - value(5)),
		9:  100 * (0.425 - value(21)),
		10: 100 * (0.425 - facts[1].Value.V), // 2024-12-31
		11: (float64(below) + 0.5) / float64(n),
	} {
		v, err := strconv.ParseFloat(got[column-1], 64)
		if err != nil || math.Abs(v-want) > 1e-9 {
			t.Errorf("column %d is %q, want %v", column, got[column-1], want)
		}
	}
	for column, want := range map[int]string{
		2: "Weight of the 10 largest lines", 3: "S&P 500", 5: "%", 6: strconv.Itoa(int(b.AsOf) + 25569), 12: strconv.Itoa(int(days[0]) + 25569), 13: "ok", 15: "SPX_MEMBERS",
	} {
		if got[column-1] != want {
			t.Errorf("column %d is %q, want %q", column, got[column-1], want)
		}
	}
}

// TestWeeklyFiguresHaveNoDailyChange: the change over a week of a weekly
// figure is that to the release before.
func TestWeeklyFiguresHaveNoDailyChange(t *testing.T) {
	t.Parallel()
	var facts []schemas.Fact
	for i, day := range []string{"2025-10-29", "2025-11-05", "2025-11-12", "2025-11-19", "2025-11-26", "2025-12-03"} {
		facts = append(facts, fact("reserves", "FED", day, 2900+float64(i*i)))
	}
	f := open(t, bookOf(facts...))
	_, row := findCell(t, f, "Summary", "reserves")
	got := rows(t, f, "Summary")[row-1]
	if want := []string{"", "9", "24", ""}; !slices.Equal(got[6:10], want) {
		t.Errorf("changes over day, week, month and year are %q, want %q", got[6:10], want)
	}
}

// TestNewestWithoutValue: the summary shows the last value with its own day,
// and why the newest fact has none; a change from a missing value is missing.
func TestNewestWithoutValue(t *testing.T) {
	t.Parallel()
	gone := fact("sofr", "FED", "2025-12-05", math.NaN())
	gone.Status = schemas.NotPublished
	f := open(t, bookOf(fact("sofr", "FED", "2025-12-02", 4.1), fact("sofr", "FED", "2025-12-03", math.NaN()), fact("sofr", "FED", "2025-12-04", 3.97), gone))
	_, row := findCell(t, f, "Summary", "sofr")
	got := rows(t, f, "Summary")[row-1]
	day := strconv.Itoa(int(schemas.NewDate(2025, 12, 4)) + 25569)
	if got[3] != "3.97" || got[5] != day || got[6] != "" || got[12] != "no value: not published" {
		t.Errorf("the row is %q", got)
	}
}

func TestHeadlines(t *testing.T) {
	t.Parallel()
	var facts []schemas.Fact
	series := func(metric, universe string, last float64) {
		days := sessions(schemas.NewDate(2024, 11, 1), schemas.NewDate(2025, 12, 5))
		for i, d := range days {
			v := last * (1 + float64(len(days)-1-i)/1000) // falls to the last
			facts = append(facts, fact(metric, universe, d.String(), v))
		}
	}
	series("conc_top10_sec", "SPX_MEMBERS", 0.384)
	series("conc_top10_sec", "R2000_MEMBERS", 0.06)
	series("contrib_mag7_ytd", "SPX_MEMBERS", 0.0752)
	series("index_return_ytd", "SPX_MEMBERS", 0.1788)
	series("ex_rescaled_mag7_ytd", "SPX_MEMBERS", 0.1558)
	series("lag_count_mag7_ytd", "SPX_MEMBERS", 5)
	series("index_return_ytd", "R2000_MEMBERS", 0.2)
	series("pct_above_sma_200", "SPX_MEMBERS", 0.6)
	series("new_high_close", "SPX_MEMBERS", 12)
	series("new_low_close", "SPX_MEMBERS", 3)
	series("pct_beating_ytd_live", "SPX_MEMBERS", 0.412)
	series("corr_pair_mean_63", "SPX_MEMBERS", 0.23)
	series("size_gap_arith_ytd_tr", "R2000_MEMBERS~SPX_MEMBERS", 0.01)
	series("size_gap_arith_ytd_tr", "SP600_MEMBERS~SPX_MEMBERS", -0.112)
	series("rs_ratio_tr", "SP600_MEMBERS~SPX_MEMBERS", 0.8)
	series("pe_exneg", "SPX_MEMBERS", 24.2)
	series("loss_cap_share", "SPX_MEMBERS", 0.031)
	series("rel_val_exneg", "SP600_MEMBERS~SPX_MEMBERS", 0.71)
	series("net_liq_daily", "FED", 5789.3)
	facts = append(facts, fact("spread_sofr_iorb", "FED", "2025-12-04", -2))
	b := bookOf(facts...)
	b.Names["SP600_MEMBERS"] = "S&P 600"
	f := open(t, b)
	for i, want := range []string{
		"Ten lines are 38.4 % of the S&P 500, less than on 99 % of days since November 2024.",
		"This year the S&P 500 returned 17.9 %, of which the Magnificent Seven contributed 7.5 percentage points; without them it returned 15.6 %; 5 of the seven are behind it.",
		"60.0 % of the members of the S&P 500 close above their 200-day average, less than on 99 % of days since November 2024; 12 at a new high, 3 at a new low.",
		"This year 41.2 % of the members of the S&P 500 are ahead of it, fewer than on 99 % of days since November 2024; the correlation of a pair of them is 0.23 on average.",
		"This year the S&P 600 is 11.2 percentage points behind the S&P 500 (total return); relative to it the small are weaker than on 99 % of days since November 2024.",
		"The S&P 500 costs 24.2 times the earnings of the last four quarters of its companies that have any, less than on 99 % of days since November 2024; " +
			"3.1 % of its weight loses money; the S&P 600 costs 0.71 times as much.",
		"Net liquidity is USD 5.79 trillion, USD 122 billion less than a month before; SOFR is 2 bp below interest on reserves (4 December 2025).",
	} {
		if got := value(t, f, "Summary", at(2, 4+i)); got != want {
			t.Errorf("headline %d:\n%s\nwant\n%s", i+1, got, want)
		}
	}
}

func TestKeyFiguresHaveNames(t *testing.T) {
	t.Parallel()
	f := openSmall(t)
	named := map[string]string{}
	for _, n := range f.GetDefinedName() {
		named[n.Name] = n.RefersTo
	}
	for name, id := range map[string]string{
		"SPX_MEMBERS_conc_top10_sec":            "conc_top10_sec",
		"SP600_MEMBERS_SPX_MEMBERS_rs_ratio_tr": "rs_ratio_tr",
		"FED_net_liq_daily":                     "net_liq_daily",
	} {
		_, row := findCell(t, f, "Summary", id)
		if got, want := named[name], fmt.Sprintf("'Summary'!$D$%d", row); got != want {
			t.Errorf("%s refers to %q, want %q", name, got, want)
		}
	}
}

func TestChartsReferToTheSeries(t *testing.T) {
	t.Parallel()
	parts := members(t, writtenSmall(t))
	charts, bars := 0, 0
	for name, body := range parts {
		if !strings.HasPrefix(name, "xl/charts/chart") {
			continue
		}
		if strings.Contains(body, "<barChart>") {
			bars++
			if !regexp.MustCompile(`'Contributors'!\$A\$\d+:\$A\$\d+.*'Contributors'!\$B\$\d+:\$B\$\d+`).MatchString(html.UnescapeString(body)) || strings.Contains(body, "<smooth") {
				t.Errorf("%s is no chart of contributors: %s", name, body)
			}
			continue
		}
		charts++
		if !strings.Contains(body, "<scatterChart>") || !strings.Contains(body, "$A$26:$A$95") || !strings.Contains(body, "<majorUnit") {
			t.Errorf("%s is not a line over the 70 days of the book: %s", name, body)
		}
		if strings.Contains(body, "<xVal><strRef>") {
			t.Errorf("%s takes days as text", name)
		}
	}
	// What needs more days than this book has is left out on the summary and on
	// the sheet of its family: the 200-day average, windows of 252 sessions.
	if want := 5 + 4 + 3 + 3 + 4 + 4 + 4 + 2; charts != want || bars != 2 {
		t.Errorf("%d charts, want %d; %d of contributors", charts, want, bars)
	}
	if d := parts["xl/drawings/drawing1.xml"]; strings.Count(d, `descr="Line chart: `) != 5 {
		t.Errorf("charts of the summary lack a description: %s", d)
	}
}

func TestDocumentProperties(t *testing.T) {
	t.Parallel()
	f := openSmall(t)
	got, err := f.GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	want := &excelize.DocProperties{
		Title: "Market structure", Subject: "Market concentration, breadth, size and liquidity as of 5 December 2025",
		Creator: "Tidemark", LastModifiedBy: "Tidemark", Description: "Written by Tidemark v0.1.0",
		Created: "2025-12-05T23:00:00Z", Modified: "2025-12-05T23:00:00Z", Language: "en-US",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

// TestTinyChangesHaveNoSign: a change that is shown as zero is not shown as
// minus zero, and keeps its value.
func TestTinyChangesHaveNoSign(t *testing.T) {
	t.Parallel()
	f := open(t, bookOf(fact("adv_share", "SPX_MEMBERS", "2025-12-04", 0.5), fact("adv_share", "SPX_MEMBERS", "2025-12-05", 0.4999)))
	_, row := findCell(t, f, "Summary", "adv_share")
	cell := at(7, row)
	if got := styleOf(t, f, "Summary", cell).CustomNumFmt; got == nil || *got != `#,##0.0" pp";#,##0.0" pp"` {
		t.Errorf("the format is %v", got)
	}
	if got := rows(t, f, "Summary")[row-1][6]; got != "-0.01" {
		t.Errorf("the cell holds %s, want -0.01", got)
	}
}
