package excel

import (
	"fmt"
	"math"
	"strings"
)

// headline says in one sentence how a family stands.
func (x *workbook) headline(f *family) string {
	if len(f.columns) == 0 {
		return f.sheet + ": there are no figures in this book."
	}
	var said string
	switch f.id {
	case "concentration":
		said = x.concentrationLine(f)
	case "contribution_summary":
		said = x.contributionLine(f)
	case "breadth":
		said = x.breadthLine(f)
	case "dispersion":
		said = x.dispersionLine(f)
	case "size":
		said = x.sizeLine(f)
	case "valuation":
		said = x.valuationLine(f)
	case "liquidity":
		said = x.liquidityLine(f)
	case "allocation":
		said = x.allocationLine(f)
	}
	if said == "" {
		c := f.columns[0]
		_, row := c.newest()
		said = fmt.Sprintf("%s of %s: %s%s.", c.metric.Name, x.universeName(c.universe), shown(c.metric, c.facts[row].Value.V), x.dated(c, row))
	}
	return clean(said)
}

// lead returns the first column of the metrics, and the row of its newest value.
func (f *family) lead(metrics string) (c *column, row int) {
	if all := f.choose(metrics); len(all) > 0 {
		_, row = all[0].newest()
		return all[0], row
	}
	return nil, 0
}

// dated names the day of a figure where it is not that of the book.
func (x *workbook) dated(c *column, row int) string {
	if d := c.facts[row].Session; d != x.book.AsOf {
		return " (" + longDate(d) + ")"
	}
	return ""
}

// standing compares the newest value with its history: "more than on 97 % of
// days since January 2022". Less than a year of values says nothing.
func standing(c *column, row int, more, less string) string {
	r := c.rank(row)
	p := c.pace()
	if r.n < p.enough {
		return ""
	}
	word, part := more, r.below
	if r.above > r.below {
		word, part = less, r.above
	}
	// Rounded down, so that "100 %" is said of no value that was ever passed.
	return fmt.Sprintf(", %s than on %.0f %% of %ss since %s", word, math.Floor(100*part), p.every, r.since.Time().Format("January 2006"))
}

func (x *workbook) concentrationLine(f *family) string {
	c, row := f.lead("conc_top10_sec|conc_top10_iss")
	if c == nil {
		return ""
	}
	what := "Ten lines"
	if c.metric.ID == "conc_top10_iss" {
		what = "Ten issuers"
	}
	said := fmt.Sprintf("%s are %s of the %s%s%s", what, percent(c.facts[row].Value.V), x.universeName(c.universe), x.dated(c, row), standing(c, row, "more", "less"))
	if n, at := f.lead("conc_neff_sec"); n != nil && n.universe == c.universe {
		said += fmt.Sprintf("; its weights are spread as if over %s equal names", number(n.facts[at].Value.V, 0))
	}
	return said + "."
}

func (x *workbook) contributionLine(f *family) string {
	c, row := f.lead("contrib_mag7_ytd|contrib_top10_ytd")
	if c == nil {
		return ""
	}
	who, id := "the Magnificent Seven", "mag7"
	if strings.Contains(c.metric.ID, "top10") {
		who, id = "the ten largest lines", "top10"
	}
	at := func(metric string) (float64, bool) {
		for _, o := range f.choose(metric) {
			if o.universe == c.universe && hasValue(o.facts[row]) {
				return o.facts[row].Value.V, true
			}
		}
		return 0, false
	}
	index, ok := at("index_return_ytd")
	if !ok {
		return ""
	}
	said := fmt.Sprintf("This year the %s returned %s, of which %s contributed %s percentage points%s", x.universeName(c.universe), percent(index), who,
		number(100*c.facts[row].Value.V, 1), x.dated(c, row))
	if rest, ok := at("ex_rescaled_" + id + "_ytd"); ok {
		said += "; without them it returned " + percent(rest)
	}
	if behind, ok := at("lag_count_mag7_ytd"); ok && id == "mag7" {
		said += fmt.Sprintf("; %s of the seven are behind it", number(behind, 0))
	}
	return said + "."
}

func (x *workbook) breadthLine(f *family) string {
	c, row := f.lead("pct_above_sma_200|pct_above_sma_50")
	if c == nil {
		return ""
	}
	said := fmt.Sprintf("%s of the members of the %s close above their %s-day average%s%s", percent(c.facts[row].Value.V), x.universeName(c.universe),
		c.metric.Window, x.dated(c, row), standing(c, row, "more", "less"))
	high, at := f.lead("new_high_close")
	low, other := f.lead("new_low_close")
	if high != nil && low != nil && high.universe == c.universe && low.universe == c.universe && at == other {
		said += fmt.Sprintf("; %s at a new high, %s at a new low", number(high.facts[at].Value.V, 0), number(low.facts[at].Value.V, 0))
	}
	return said + "."
}

func (x *workbook) dispersionLine(f *family) string {
	c, row := f.lead("pct_beating_ytd_live|pct_beating_252_live")
	if c == nil {
		return ""
	}
	since := "This year"
	if c.metric.Window != "YTD" {
		since = "Over " + c.metric.Window + " sessions"
	}
	said := fmt.Sprintf("%s %s of the members of the %s are ahead of it%s%s", since, percent(c.facts[row].Value.V), x.universeName(c.universe),
		x.dated(c, row), standing(c, row, "more", "fewer"))
	if o, at := f.lead("corr_pair_mean_63"); o != nil && o.universe == c.universe {
		said += fmt.Sprintf("; the correlation of a pair of them is %s on average%s", number(o.facts[at].Value.V, 2), x.dated(o, at))
	}
	return said + "."
}

func (x *workbook) sizeLine(f *family) string {
	c, row := f.lead("size_gap_arith_ytd_tr|size_gap_arith_ytd_pr")
	if c == nil {
		return ""
	}
	small, large, ok := strings.Cut(c.universe, "~")
	if !ok {
		return ""
	}
	v := c.facts[row].Value.V
	verb := "ahead of"
	if v < 0 {
		verb = "behind"
	}
	basis := "price"
	if strings.HasSuffix(c.metric.ID, "_tr") {
		basis = "total return"
	}
	said := fmt.Sprintf("This year the %s is %s percentage points %s the %s (%s)%s", x.universeName(small), number(math.Abs(100*v), 1), verb,
		x.universeName(large), basis, x.dated(c, row))
	if r, at := f.lead("rs_ratio_" + c.metric.ID[len(c.metric.ID)-2:]); r != nil && r.universe == c.universe {
		if s := standing(r, at, "stronger", "weaker"); s != "" {
			said += "; relative to it the small are" + strings.TrimPrefix(s, ",")
		}
	}
	return said + "."
}

func (x *workbook) valuationLine(f *family) string {
	c, row := f.lead("pe_exneg|pe_median")
	if c == nil {
		return ""
	}
	said := fmt.Sprintf("The %s costs %s times the earnings of the last four quarters of its companies that have any%s%s", x.universeName(c.universe),
		number(c.facts[row].Value.V, 1), x.dated(c, row), standing(c, row, "more", "less"))
	if l, at := f.lead("loss_cap_share"); l != nil && l.universe == c.universe {
		said += fmt.Sprintf("; %s of its weight loses money", percent(l.facts[at].Value.V))
	}
	if r, at := f.lead("rel_val_exneg"); r != nil {
		small, _, _ := strings.Cut(r.universe, "~")
		said += fmt.Sprintf("; the %s costs %s times as much", x.universeName(small), number(r.facts[at].Value.V, 2))
	}
	return said + "."
}

func (x *workbook) liquidityLine(f *family) string {
	c, row := f.lead("net_liq_daily|net_liq_weekly")
	if c == nil {
		return ""
	}
	said := fmt.Sprintf("Net liquidity is %s%s", billions(c.facts[row].Value.V), x.dated(c, row))
	if d := c.change(row, c.pace().month); d.OK {
		word := "more"
		if d.V < 0 {
			word = "less"
		}
		said += fmt.Sprintf(", %s %s than a month before", billions(math.Abs(d.V)), word)
	}
	if s, at := f.lead("spread_sofr_iorb"); s != nil {
		v := s.facts[at].Value.V
		side := "above"
		if v < 0 {
			side = "below"
		}
		said += fmt.Sprintf("; SOFR is %s bp %s interest on reserves%s", number(math.Abs(v), 0), side, x.dated(s, at))
	}
	return said + "."
}

func (x *workbook) allocationLine(f *family) string {
	c, row := f.lead("sb_corr_252|sb_corr_63")
	if c == nil {
		return ""
	}
	said := fmt.Sprintf("%s: over %s sessions their correlation is %s%s%s", x.universeName(c.universe), c.metric.Window, number(c.facts[row].Value.V, 2), x.dated(c, row),
		standing(c, row, "more", "less"))
	if w, at := f.lead("erc_weight_bonds"); w != nil && w.universe == c.universe {
		said += "; at equal risk " + percent(w.facts[at].Value.V) + " would be in bonds"
	}
	if d, at := f.lead("pf_mdd_36m_60_40_monthly"); d != nil && d.universe == c.universe {
		said += fmt.Sprintf("; 60/40 has fallen by at most %s in 36 months%s", percent(-d.facts[at].Value.V), x.dated(d, at))
	}
	return said + "."
}

func percent(v float64) string { return number(100*v, 1) + " %" }

// billions writes an amount of USD bn as people say it.
func billions(v float64) string {
	if math.Abs(v) >= 1000 {
		return "USD " + number(v/1000, 2) + " trillion"
	}
	return "USD " + number(v, 0) + " billion"
}
