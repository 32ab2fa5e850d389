package excel

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// chartPlan is a chart: one or more figures of all universes that have them.
type chartPlan struct {
	title   string
	metrics []string // ids; of those apart by | the first that has values
}

// chartPlans are the charts of each family; the first also stands on the
// summary.
var chartPlans = map[string][]chartPlan{
	"concentration": {
		{"Weight of the ten largest lines", []string{"conc_top10_sec|conc_top10_iss"}},
		{"Effective number of lines", []string{"conc_neff_sec"}},
		{"Weight of the Magnificent Seven", []string{"conc_mag7"}},
		{"Gini coefficient of lines", []string{"conc_gini_sec"}},
	},
	"contribution_summary": {
		{"Share of the return of the Magnificent Seven, year to date", []string{"share_mag7_ytd|share_top10_ytd"}},
		{"Return with and without them, year to date", []string{"index_return_ytd", "ex_rescaled_mag7_ytd|ex_rescaled_top10_ytd"}},
		{"Cap-weighted less equal-weighted, 252 sessions", []string{"cw_minus_ew_daily_252|cw_minus_ew_daily_ytd"}},
		{"Magnificent Seven behind the index, 252 sessions", []string{"lag_count_mag7_252|lag_count_mag7_ytd"}},
	},
	"breadth": {
		{"Members above their 200-day average", []string{"pct_above_sma_200"}},
		{"Members above their 50-day average", []string{"pct_above_sma_50"}},
		{"McClellan summation index, ratio-adjusted", []string{"mcc_sum_ratio"}},
		{"Advance-decline line, ratio form", []string{"ad_line_ratio"}},
	},
	"dispersion": {
		{"Members ahead of the index, 252 sessions", []string{"pct_beating_252_live|pct_beating_ytd_live"}},
		{"Mean correlation of pairs, 63 sessions", []string{"corr_pair_mean_63|corr_pair_mean_21"}},
		{"Dispersion of returns by weight, 21 sessions", []string{"dispersion_w_21|dispersion_w_1"}},
		{"Median return of the lines, year to date", []string{"ret_median_ytd|ret_median_21"}},
	},
	"size": {
		{"Small to large, relative strength", []string{"rs_ratio_tr|rs_ratio_pr"}},
		{"Small less large, year to date", []string{"size_gap_arith_ytd_tr|size_gap_arith_ytd_pr"}},
		{"Return, year to date", []string{"ret_ytd_tr|ret_ytd_pr"}},
		{"Drawdown", []string{"drawdown_tr|drawdown_pr"}},
	},
	"valuation": {
		{"Earnings yield, aggregate", []string{"ey_agg"}},
		{"Price to earnings without loss makers", []string{"pe_exneg"}},
		{"Weight of loss makers", []string{"loss_cap_share"}},
		{"Small to large, price to earnings without loss makers", []string{"rel_val_exneg"}},
	},
	"liquidity": {
		{"Net liquidity, USD bn", []string{"net_liq_daily|net_liq_weekly"}},
		{"Total assets and reserves, USD bn", []string{"fed_assets", "reserves"}},
		{"Treasury cash and reverse repos, USD bn", []string{"tga_daily|tga", "onrrp|onrrp_wed"}},
		{"Overnight rates less interest on reserves, bp", []string{"spread_sofr_iorb", "spread_effr_iorb"}},
	},
	"allocation": {
		{"Portfolios, rebalanced monthly", []string{"pf_nav_100_0", "pf_nav_60_40_monthly", "pf_nav_50_50_monthly", "pf_nav_50_10_40_monthly"}},
		{"Correlation of stocks and bonds", []string{"sb_corr_252|sb_corr_126|sb_corr_63"}},
		{"Weight of bonds at equal risk", []string{"erc_weight_bonds"}},
		{"Share of the risk of 60/40 in stocks", []string{"risk_contrib_60_40_large"}},
	},
}

// maxLines is how many lines a chart can have and still be read.
const maxLines = 4

// lines returns the columns that the chart shows.
func (p chartPlan) lines(f *family) []*column {
	var out []*column
	for _, choice := range p.metrics {
		for _, c := range f.choose(choice) {
			if len(out) < maxLines && !c.flat() {
				out = append(out, c)
			}
		}
	}
	return out
}

// chart draws a plan on a sheet, with its upper left corner at the cell.
// It reports whether there was anything to draw.
func (x *workbook) chart(f *family, p chartPlan, on, at string, offset, width, height int) (bool, error) {
	lines := p.lines(f)
	if len(lines) == 0 {
		return false, nil
	}
	first, last := f.firstRow(), f.lastRow()
	shades := shadesOf(f.accent)
	blanks := "gap"
	var series []excelize.ChartSeries
	oldest := f.days[0]
	for i, c := range lines {
		col, err := excelize.ColumnNumberToName(c.cell)
		if err != nil {
			return false, err
		}
		name := universeRow
		if len(p.metrics) > 1 {
			name = metricRow
		}
		series = append(series, excelize.ChartSeries{
			Name:       fmt.Sprintf("'%s'!$%s$%d", f.sheet, col, name),
			Categories: fmt.Sprintf("'%s'!$A$%d:$A$%d", f.sheet, first, last),
			Values:     fmt.Sprintf("'%s'!$%s$%d:$%s$%d", f.sheet, col, first, col, last),
			Line:       excelize.LineOptions{Type: excelize.LineSolid, Width: 1.5},
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{shades[i]}},
			Marker:     excelize.ChartMarker{Symbol: "none"},
		})
		n, since := c.spread()
		oldest = min(oldest, since)
		if n < 90 {
			blanks = "span" // comes less often than the rows: without spans there would be no line
		}
	}
	from, step := timeAxis(oldest, f.days[0])
	to := float64(serial(f.days[0]) + 1)
	axis := valueAxis(lines)
	small := &excelize.Font{Family: fontName, Size: 8, Color: dimColor}
	legend := excelize.ChartLegend{Position: "bottom", Font: small}
	if len(lines) == 1 {
		legend.Position = "none"
	}
	x.charts++
	err := x.file.AddChart(on, at, &excelize.Chart{
		Type: excelize.Scatter, Series: series,
		Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{
			Text: p.title, Font: &excelize.Font{Family: fontName, Size: 10, Bold: true, Color: inkColor},
		}}},
		Legend:    legend,
		Dimension: excelize.ChartDimension{Width: uint(width), Height: uint(height)},
		XAxis: excelize.ChartAxis{
			Minimum: &from, Maximum: &to, Font: *small, TickLabelPosition: excelize.ChartTickLabelLow,
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: step.format},
		},
		YAxis: excelize.ChartAxis{
			Font: *small, MajorGridLines: true, TickLabelPosition: excelize.ChartTickLabelLow,
			NumFmt: excelize.ChartNumFmt{CustomNumFmt: axis.format}, Minimum: axis.low, Maximum: axis.high,
		},
		ShowBlanksAs: blanks,
		Border:       excelize.LineOptions{Type: excelize.LineNone},
		Format: excelize.GraphicOptions{
			Name: fmt.Sprintf("Chart %d", x.charts), OffsetX: offset, OffsetY: 4, Positioning: "twoCell",
			AltText: fmt.Sprintf("Line chart: %s, %s to %s", p.title, longDate(oldest), longDate(f.days[0])),
		},
	})
	if err != nil {
		return false, fmt.Errorf("chart %s: %w", p.title, err)
	}
	return true, x.finishChart(step.days, len(lines))
}

// cellAt returns the cell of the row in which the given pixel lies, counted from
// the second column, and the offset in it.
func cellAt(widths []float64, p, row int) (at string, offset int) {
	column := 'B'
	for _, w := range widths[1:] {
		if p < pixels(w) || column == 'Z' {
			break
		}
		p, column = p-pixels(w), column+1
	}
	return fmt.Sprintf("%c%d", column, row), p
}

// pixels is the width of a column of so many characters as excelize counts.
func pixels(width float64) int { return int(width*8 + 0.5) }

// flat reports whether the figure is zero throughout, as is the weight of the
// largest companies in an index of small ones. It would be a line on the axis.
func (c *column) flat() bool {
	return !slices.ContainsFunc(c.facts, func(f *schemas.Fact) bool { return hasValue(f) && f.Value.V != 0 })
}

// scale is how a value axis is drawn; nil leaves an end to the program.
type scale struct {
	low, high *float64
	format    string
}

// valueAxis lets an axis begin near the lowest value where the lines would
// otherwise be flat, and never lets shares run above 100 %.
func valueAxis(lines []*column) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range lines {
		for _, f := range c.facts {
			if hasValue(f) {
				low, high = min(low, f.Value.V), max(high, f.Value.V)
			}
		}
	}
	m := lines[0].metric
	s := scale{format: digits(min(m.Decimals, 2))}
	switch {
	case m.Unit == "fraction":
		s.format = "0%"
	case max(math.Abs(low), math.Abs(high)) >= 100:
		s.format = countFormat
	}
	if one := 1.0; m.Unit == "fraction" && low >= 0 && high <= 1 && high > 0.8 {
		s.high = &one
	}
	if span := high - low; low > 0 && span > 0 && span < high/2 {
		step := math.Pow(10, math.Floor(math.Log10(span)))
		floor := math.Floor(low/step) * step
		s.low = &floor
	}
	return s
}

// spread returns how many percent of the days since its first value the column
// has a value on, and that day.
func (c *column) spread() (percent int, since schemas.Date) {
	n, oldest := 0, 0
	for i, f := range c.facts {
		if hasValue(f) {
			n, oldest = n+1, i
		}
	}
	return 100 * n / (oldest + 1), c.facts[oldest].Session
}

// tick is the distance between the labels of a time axis.
type tick struct {
	days   float64
	format string
}

// timeAxis returns where an axis from the oldest to the newest day begins, and
// its labels: years, or months where there are few. The day after the start of
// a year keeps steps of 365.25 days within that year.
func timeAxis(oldest, newest schemas.Date) (from float64, step tick) {
	switch span := int(newest - oldest); {
	case span > 9*365:
		return float64(serial(schemas.NewDate(oldest.Year(), 1, 2))), tick{2 * 365.25, "yyyy"}
	case span > 2*365:
		return float64(serial(schemas.NewDate(oldest.Year(), 1, 2))), tick{365.25, "yyyy"}
	case span > 200:
		return float64(serial(schemas.NewDate(oldest.Year(), oldest.Month(), 2))), tick{365.25 / 4, "mmm yy"}
	case span > 40:
		return float64(serial(schemas.NewDate(oldest.Year(), oldest.Month(), 2))), tick{365.25 / 12, "mmm yy"}
	default:
		return float64(serial(oldest)), tick{7, "d mmm"}
	}
}

// finishChart completes the chart drawn last: straight lines, days that are
// numbers and not text, and the distance of the labels on the time axis, which
// excelize knows for other axes only. What it writes in its place belongs to
// category axes and bars, and is taken out.
func (x *workbook) finishChart(step float64, lines int) error {
	return x.editChart(
		chartEdit{1, `<scatterStyle val="smoothMarker">`, `<scatterStyle val="lineMarker">`},
		chartEdit{lines, `<invertIfNegative val="0"></invertIfNegative>`, ``},
		chartEdit{lines, `<xVal><strRef>`, `<xVal><numRef>`},
		chartEdit{lines, `</strRef></xVal>`, `</numRef></xVal>`},
		chartEdit{
			1, `<auto val="1"></auto><lblAlgn val="ctr"></lblAlgn><lblOffset val="100"></lblOffset><noMultiLvlLbl val="0"></noMultiLvlLbl>`,
			fmt.Sprintf(`<crossBetween val="midCat"></crossBetween><majorUnit val="%g"></majorUnit>`, step),
		},
	)
}

// chartEdit replaces what must stand so many times in a chart.
type chartEdit struct {
	times    int
	from, to string
}

// editChart changes the chart drawn last.
func (x *workbook) editChart(edits ...chartEdit) error {
	path := fmt.Sprintf("xl/charts/chart%d.xml", x.charts)
	loaded, ok := x.file.Pkg.Load(path)
	if !ok {
		return fmt.Errorf("chart %d is not in the workbook", x.charts)
	}
	body, _ := loaded.([]byte)
	for _, edit := range edits {
		if n := bytes.Count(body, []byte(edit.from)); n != edit.times {
			return fmt.Errorf("chart %d has %s %d times, not %d", x.charts, edit.from, n, edit.times)
		}
		body = bytes.ReplaceAll(body, []byte(edit.from), []byte(edit.to))
	}
	x.file.Pkg.Store(path, body)
	return nil
}

// shadesOf returns the colours of the lines of a chart.
func shadesOf(accent string) [maxLines]string {
	return [maxLines]string{accent, blend(accent, 0xff, 0.45), "8A94A0", blend(accent, 0x00, 0.45)}
}

// misplaced is what excelize writes of a bar chart's series in another order than
// the schema has it (ISO/IEC 29500-1, CT_BarSer).
var misplaced = regexp.MustCompile(`(<dLbls>.*?</dLbls>)(<invertIfNegative [^>]*></invertIfNegative>)`)

// orderCharts puts the parts of all charts into the order of the schema.
func (x *workbook) orderCharts() {
	x.file.Pkg.Range(func(name, part any) bool {
		path, isPath := name.(string)
		content, isBytes := part.([]byte)
		if isPath && isBytes && strings.HasPrefix(path, "xl/charts/chart") {
			x.file.Pkg.Store(path, misplaced.ReplaceAll(content, []byte("$2$1")))
		}
		return true
	})
}

// blend mixes a colour with the given part of grey.
func blend(color string, grey int, part float64) string {
	var r, g, b int
	if _, err := fmt.Sscanf(color, "%02X%02X%02X", &r, &g, &b); err != nil {
		return color
	}
	mix := func(v int) int { return int(float64(v)*(1-part) + float64(grey)*part) }
	return fmt.Sprintf("%02X%02X%02X", mix(r), mix(g), mix(b))
}
