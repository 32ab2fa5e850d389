package excel

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"tidemark/schemas"
)

// keyFigures are the figures of the summary, in its order. Of those apart by |
// the first that a family has is shown.
var keyFigures = map[string][]string{
	"concentration": {"conc_top10_sec", "conc_top10_iss", "conc_mag7", "conc_hhi10k_sec", "conc_neff_sec"},
	"contribution_summary": {
		"index_return_ytd", "contrib_mag7_ytd", "share_mag7_ytd", "ex_rescaled_mag7_ytd", "lag_count_mag7_ytd", "overlap_10_ytd", "cw_minus_ew_daily_ytd",
	},
	"breadth": {
		"adv_share", "pct_above_sma_50", "pct_above_sma_200", "new_high_close", "new_low_close",
		"trin_open10", "mcc_osc_ratio", "mcc_sum_ratio", "dist_52w_median",
	},
	"dispersion": {
		"pct_beating_ytd_live", "pct_beating_252_live", "ret_median_ytd", "dispersion_w_21", "corr_pair_mean_63", "corr_implied_63",
	},
	"size": {
		"rs_ratio_tr|rs_ratio_pr", "size_gap_arith_ytd_tr|size_gap_arith_ytd_pr", "size_gap_arith_1y_tr|size_gap_arith_1y_pr",
		"ret_ytd_tr|ret_ytd_pr", "dist_ath", "sector_distance",
	},
	"valuation": {
		"pe_agg", "pe_exneg", "pe_median", "ey_agg", "loss_cap_share", "rel_val_agg", "rel_val_exneg", "rel_val_pctl",
	},
	"liquidity": {
		"net_liq_daily|net_liq_weekly", "fed_assets", "reserves", "tga_daily|tga", "onrrp|onrrp_wed", "repo_srf|repo_wed",
		"sofr", "spread_sofr_iorb", "sofr_p99_p25", "soma_wam",
	},
	"allocation": {
		"sb_corr_252|sb_corr_63", "erc_weight_bonds", "risk_contrib_60_40_large", "pf_nav_60_40_monthly", "pf_cagr_36m_60_40_monthly|pf_cagr_full_60_40_monthly",
		"pf_sharpe_36m_60_40_monthly|pf_sharpe_full_60_40_monthly", "pf_mdd_36m_60_40_monthly|pf_mdd_full_60_40_monthly",
	},
}

// Columns of the table of key figures.
var summaryHeads = []struct {
	name  string
	width float64
	right bool
	inset bool
}{
	{"", 2, false, false},
	{"Figure", 44, false, false},
	{"Universe", 28, false, false},
	{"Latest", 12, true, false},
	{"Unit", 9, false, true},
	{"As of", 11, true, false},
	{"Day", 12, true, false},
	{"Week", 12, true, false},
	{"Month", 12, true, false},
	{"Year to date", 12, true, false},
	{"Percentile", 10, true, false},
	{"Since", 11, true, false},
	{"Status", 19, false, true},
	{"tidemark trace", 22, false, false},
	{"--universe", 28, false, false},
}

const (
	figureColumn   = 2 // of the table of key figures, counted from 1
	universeColumn = 3
	latestColumn   = 4
	widestUniverse = 50
	widestFigure   = 64
	summaryBand    = 15
	chartsAbreast  = 4
	summaryChartH  = summaryBand*rowPixels - 10
)

// writeSummary writes the first sheet: the headlines in words, a chart for
// each family, and the key figures.
func (x *workbook) writeSummary() error {
	var widths []float64
	for _, h := range summaryHeads {
		widths = append(widths, h.width)
	}
	for _, f := range x.families {
		for _, c := range f.columns {
			name := float64(utf8.RuneCountInString(x.universeName(c.universe)))
			widths[universeColumn-1] = min(max(widths[universeColumn-1], name), widestUniverse)
		}
		for _, metrics := range keyFigures[f.id] {
			for _, c := range f.choose(metrics) {
				name := float64(utf8.RuneCountInString(c.metric.Name))
				widths[figureColumn-1] = min(max(widths[figureColumn-1], name), widestFigure)
			}
		}
	}
	if err := x.prepare(summarySheet, layout{widths: widths, tab: inkColor}); err != nil {
		return err
	}
	headRows := 3 + len(x.families)
	const gap = 10
	total := gap
	for _, w := range widths[1:] {
		total += pixels(w)
	}
	width := total/chartsAbreast - gap
	drawn := 0
	for _, f := range x.families {
		if len(f.columns) == 0 {
			continue
		}
		at, inside := cellAt(widths, drawn%chartsAbreast*(width+gap), headRows+2+drawn/chartsAbreast*summaryBand)
		ok, err := x.chart(f, chartPlans[f.id][0], summarySheet, at, inside, width, summaryChartH)
		if err != nil {
			return err
		}
		if ok {
			drawn++
		}
	}
	s, err := x.open(summarySheet)
	if err != nil {
		return err
	}
	s.add(30, cell{}, text(x.title(), style{size: 20, bold: true}))
	known := "What was known by " + moment(x.book.KnownAt)
	if seen := x.book.SeenAt; !seen.IsZero() {
		known = "As the warehouse held it at " + moment(seen) + ", corrections since then left out"
	}
	s.add(18, cell{}, text(fmt.Sprintf("As of %s. %s. Tidemark %s.", longDate(x.book.AsOf), known, x.book.Version), style{color: dimColor}))
	s.skip()
	for _, f := range x.families {
		s.add(20, cell{nil, style{fill: f.accent}}, text(x.headline(f), style{size: 11, indent: 1}))
	}
	s.skip()
	s.band((drawn + chartsAbreast - 1) / chartsAbreast * summaryBand)
	names, err := s.keyFigures()
	if err != nil {
		return err
	}
	if err := s.close(); err != nil {
		return err
	}
	for _, n := range names {
		if err := x.file.SetDefinedName(&n); err != nil {
			return fmt.Errorf("name %s: %w", n.Name, err)
		}
	}
	return nil
}

// keyFigures writes the table of key figures and returns the names under which
// formulas find their latest values.
func (s *sheet) keyFigures() ([]excelize.DefinedName, error) {
	var names []excelize.DefinedName
	for _, f := range s.x.families {
		head := make([]cell, len(summaryHeads))
		for i, h := range summaryHeads {
			st := style{size: 9, color: dimColor, right: h.right, rule: f.accent}
			if h.inset {
				st.indent = 1
			}
			head[i] = text(h.name, st)
		}
		head[0] = cell{}
		head[1] = text(f.sheet, style{size: 12, bold: true, color: f.accent, rule: f.accent})
		s.add(22, head...)
		rows := s.row
		for _, metrics := range keyFigures[f.id] {
			for _, c := range f.choose(metrics) {
				if c.flat() {
					continue
				}
				s.add(16, s.x.keyFigure(c)...)
				if n := s.x.definedName(c); n != "" {
					col, err := excelize.ColumnNumberToName(latestColumn)
					if err != nil {
						return nil, err
					}
					names = append(names, excelize.DefinedName{
						Name: n, RefersTo: fmt.Sprintf("'%s'!$%s$%d", s.name, col, s.row),
						Comment: clean(c.metric.Name + ", " + s.x.universeName(c.universe)),
					})
				}
			}
		}
		if s.row == rows {
			s.add(16, cell{}, text("No figures in this book.", style{color: dimColor}))
		}
		s.skip()
	}
	note := style{size: 9, color: dimColor}
	s.add(14, cell{}, text("Day, week, month: change over 1, 5 and 21 observations; for weekly figures over 1 and 4 weeks. Changes of shares are percentage points (pp); others are in the unit of the figure.", note))
	s.add(14, cell{}, text("Percentile: share of values since the date beside it that lie below the latest, ties counted half. Each figure is defined under "+definitionSheet+".", note))
	s.add(14, cell{}, text("Any figure can be followed to the bytes it came from: tidemark trace METRIC DATE --universe UNIVERSE.", note))
	return names, nil
}

// figure is what the summary says of a column.
type figure struct {
	*column
	row                    int // of the newest value
	day, week, month, year schemas.Opt[float64]
	rank                   rank
	status                 string
	silent                 bool // there is no value of the newest day; the status says why
}

func (c *column) figure() figure {
	newest, row := c.newest()
	change := func(observations int) schemas.Opt[float64] {
		if observations == 0 {
			return schemas.None[float64]()
		}
		return points(c.metric, c.change(row, observations))
	}
	every := c.pace()
	out := figure{
		column: c, row: row, day: change(every.day), week: change(every.week), month: change(every.month), year: points(c.metric, c.changeOfYear(row)),
		rank: c.rank(row), status: statusText(c.facts[newest].Status),
	}
	if newest != row {
		out.status, out.silent = "no value: "+out.status, true
	}
	return out
}

// keyFigure is the row of one figure.
func (x *workbook) keyFigure(c *column) []cell {
	plain := style{line: true}
	dim := style{line: true, color: dimColor, indent: 1}
	small := style{line: true, color: dimColor, size: 9}
	f, m := c.figure(), c.metric
	move := func(v schemas.Opt[float64]) cell { return optCell(v, style{line: true, format: changeFormat(m, v.V)}) }
	status := dim
	if f.silent {
		status.color = badColor
	}
	return []cell{
		{},
		text(m.Name, plain), text(x.universeName(c.universe), plain),
		{c.facts[f.row].Value.V, style{line: true, bold: true, format: formatOf(m)}},
		text(unitText(m), dim), dayCell(c.facts[f.row].Session, style{line: true, color: dimColor, right: true}),
		move(f.day), move(f.week), move(f.month), move(f.year),
		{f.rank.percentile, style{line: true, format: "0 %"}},
		dayCell(f.rank.since, style{line: true, color: dimColor, right: true}),
		text(f.status, status), text(m.ID, small), text(c.universe, small),
	}
}

// points turns a change of a share into percentage points. Changes are rounded
// to ten digits after the point, so that the difference of 38.40 and 38.01 does
// not read 0.390000000000001.
func points(m schemas.Metric, v schemas.Opt[float64]) schemas.Opt[float64] {
	if m.Unit == "fraction" {
		v.V *= 100
	}
	const digit = 1e10
	if r := math.Round(v.V*digit) / digit; !math.IsInf(r, 0) {
		v.V = r
	}
	return v
}

// definedName is the name under which formulas find a figure, such as
// SPX_MEMBERS_conc_top10_sec; empty when it is taken.
func (x *workbook) definedName(c *column) string {
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
			return r
		}
		return '_'
	}, c.universe+"_"+c.metric.ID)
	if name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	const longest = 255
	if key := strings.ToLower(name); x.names[key] || len(name) > longest {
		return ""
	}
	x.names[strings.ToLower(name)] = true
	return name
}
