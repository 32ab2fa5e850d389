package transform

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/schemas/sharedtest"
)

// appendix says what of the register each line of the definitions' own register
// is: patterns of whole ids, each with how many there must be.
var appendix = []struct {
	line string // how it begins
	ids  map[string]int
}{
	{"conc_topN", map[string]int{`conc_top(1|3|5|10|25|50)_(sec|iss)`: 12}},
	{"conc_mag7", map[string]int{`conc_mag7`: 1}},
	{"conc_hhi,", map[string]int{`conc_hhi(|10k|_norm)_(sec|iss)`: 6}},
	{"conc_neff,", map[string]int{`conc_neff(|_entropy)_(sec|iss)`: 4}},
	{"conc_entropy,", map[string]int{`conc_(entropy|evenness)_(sec|iss)`: 4}},
	{"conc_gini", map[string]int{`conc_gini_(sec|iss)`: 2}},
	{"conc_fullcap_gap", map[string]int{`conc_fullcap_gap_top(1|3|5|10|25|50)`: 6}},
	{"contrib_i (daily)", map[string]int{`contrib_i`: 1}},
	{"contrib_i_linked", map[string]int{`contrib_(bh|carino|menchero)_(ytd|63|126|252)`: 12, `contrib_(top10|mag7)_(ytd|63|126|252)`: 8}},
	{"share_group", map[string]int{`share_(top10|mag7)_(ytd|63|126|252)`: 8}},
	{"ex_points", map[string]int{`ex_(points|rescaled)_(top10|mag7)_(ytd|63|126|252)`: 16}},
	{"lag_count_mag7", map[string]int{`lag_count_mag7_(ytd|63|126|252)`: 4}},
	{"overlap_K", map[string]int{`(overlap_10|jaccard_10|rank_corr)_(ytd|63|126|252)`: 12}},
	{"cw_minus_ew", map[string]int{`(cw_minus_ew_daily|mean_minus_median)_(1|21|ytd|252)`: 8}},
	{"active_share_topN", map[string]int{`active_share_top(1|3|5|10|25|50)`: 6}},
	{"adv,", map[string]int{`adv|dec|unch|no_print|no_prev`: 5}},
	{"up_vol", map[string]int{`up_vol|down_vol|up_vol_share`: 3}},
	{"ad_line", map[string]int{`ad_line(|_ratio)`: 2}},
	{"adr", map[string]int{`adr`: 1}},
	{"trin,", map[string]int{`trin(|_sma10|_open10)`: 3}},
	{"mcc_osc", map[string]int{`mcc_(osc|sum)_(raw|ratio)`: 4}},
	{"pct_above_sma", map[string]int{`pct_above_sma_(20|50|100|200)`: 4}},
	{"new_high", map[string]int{`new_(high|low)_(close|intraday|cal52w)`: 6}},
	{"rec_high_pct", map[string]int{`(rec_high_pct|high_low_index)(|_intraday)`: 4}},
	{"zbt_ema10", map[string]int{`zbt_(|signal_)(ema10|sma10)`: 4}},
	{"hindenburg", map[string]int{`hindenburg_(k22|k28)`: 2}},
	{"pct_beating", map[string]int{`pct_beating_(21|63|126|252|ytd)_(live|pit)`: 10}},
	{"ret_mean", map[string]int{`ret_(mean|median)_(1|21|63|126|252|ytd)`: 12}},
	{"dispersion", map[string]int{`dispersion_(w|pop|sample)_(1|21)`: 6}},
	{"corr_pair_mean", map[string]int{`(corr_pair_mean|corr_implied|vol_ratio2)_(21|63|252)`: 9}},
	{"dist_ath", map[string]int{`dist_(ath|52w|52w_median|52w_within_2|52w_within_10|52w_below_20)`: 6}},
	{"rs_ratio", map[string]int{`rs_(ratio|log|z|pctl)_(tr|pr)`: 8}},
	{"size_gap", map[string]int{`size_gap_(arith|geo)_(ytd|qtd|1y|3y|5y|10y)_(tr|pr)`: 24}},
	{"drawdown", map[string]int{`(drawdown|mdd|days_under)_(tr|pr)`: 6}},
	{"sector_weight", map[string]int{`sector_weight_[a-z_]+`: 12, `sector_distance`: 1, `gap_sector_neutral_(ytd|qtd|1y)_pr`: 3}},
	{"pe_agg", map[string]int{`pe_agg|ey_agg|pe_exneg|pe_median|loss_cap_share`: 5}},
	{"rel_val", map[string]int{`rel_val_(agg|exneg|median|pctl)`: 4}},
	{"div_flag", map[string]int{`div_(flag|episode)_(tr|pr)`: 4, `fwd_ret_(21|63|126|252)_(large|small|gap)_(tr|pr)`: 24}},
	{"fed_assets", map[string]int{`fed_assets|soma_outright|reserves|tga|onrrp|foreign_rrp|repo_srf|discount_window|currency`: 9}},
	{"net_liq", map[string]int{`net_liq_(weekly|daily)`: 2}},
	{"res_gdp", map[string]int{`res_(gdp|bank_assets)`: 2}},
	{"chg_1w", map[string]int{`(fed_assets|reserves|net_liq)_(chg_(1|4|13|52)w|z156)`: 15}},
	{"h41_identity_k", map[string]int{`h41_identity_[1-5]`: 5}},
	{"soma_wam", map[string]int{`soma_(wam|bucket_(1y|5y|10y|later))`: 5}},
	{"spread_sofr_iorb", map[string]int{`spread_(sofr_iorb|effr_iorb|sofr_rrp|sofr_upper)`: 4}},
	{"sofr_p99_p25", map[string]int{`sofr_(p99_p25|p75_p25|p99_p1|volume)`: 4}},
	{"cal_flags", map[string]int{`cal_((month|quarter|year)_end(|_m1|_p1)|tax_date|coupon_settlement)`: 11, `target_(lower|upper|change)`: 3}},
	{"sb_corr", map[string]int{`sb_corr_(63|126|252|36m)`: 4}},
	{"pf_nav", map[string]int{`pf_(nav|turnover|cost)_(100_0|(60_40|50_50|50_10_40)_(monthly|quarterly|band5|none))`: 39}},
	{"pf_cagr", map[string]int{`pf_(cagr|vol|sharpe|mdd|worst_month|turnover_pa)_(full|36m)_(100_0|(60_40|50_50|50_10_40)_(monthly|quarterly|band5|none))`: 156}},
	{"erc_weight", map[string]int{`erc_(weight_(large|small|bonds)|vol)`: 4, `risk_contrib_(60_40_(large|bonds)|50_50_(large|bonds)|50_10_40_(large|small|bonds))`: 7}},
}

// Beyond the definitions' register stand what other figures are made of, and
// what people ask for beside them.
var beyondAppendix = regexp.MustCompile(`^(conc_(members|issuers)|residual_weight|index_return_(1|ytd|63|126|252|1_pr)|(contrib|share)_top10_reset_(ytd|63|126|252)|` +
	`contrib_residual_(tr|pr)|breadth_members|net_adv|adv_share|rana|mcc_(t10|t5)_(raw|ratio)|div_(gap|pctl)_(tr|pr)|ret_(ytd|qtd|1y|3y|5y|10y)_(tr|pr)|rel_yield|` +
	`soma_(treasuries|mbs)|(reserves|tga|onrrp|repo_srf)_avg|(onrrp|repo)_wed|tga_daily|sofr|effr|iorb|onrrp_rate|sofr_iorb_abnormal)$`)

// TestRegisterIsTheDefinitions holds the register, which is held against the
// code, against the list of metrics at the end of the definitions: all of that,
// and nothing that nobody knows of.
func TestRegisterIsTheDefinitions(t *testing.T) {
	t.Parallel()
	ids := make(map[string]bool)
	for _, m := range schemas.Register() {
		ids[m.ID] = true
	}
	for _, f := range schemas.Contributions.Fields {
		if strings.HasPrefix(f.Name, "contrib_") {
			ids[f.Name] = true
		}
	}
	claimed := make(map[string]string)
	for _, a := range appendix {
		for pattern, want := range a.ids {
			whole, found := regexp.MustCompile(`^(`+pattern+`)$`), 0
			for id := range ids {
				if !whole.MatchString(id) {
					continue
				}
				found++
				if other, twice := claimed[id]; twice {
					t.Errorf("%s is of %q and of %q", id, other, a.line)
				}
				claimed[id] = a.line
			}
			if found != want {
				t.Errorf("%q: %d metrics are like %s, want %d", a.line, found, pattern, want)
			}
		}
	}
	for id := range ids {
		if _, ok := claimed[id]; ok == beyondAppendix.MatchString(id) {
			t.Errorf("%s: is it in the definitions or beyond them?", id)
		}
	}

	text, err := os.ReadFile(sharedtest.File(t, "METRICS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "## Appendix A")
	list, _, _ = strings.Cut(list, "## Appendix B")
	var lines []string
	for line := range strings.Lines(list) {
		if cells := strings.Split(line, "|"); len(cells) > 7 && strings.Trim(cells[1], " -") != "" && strings.TrimSpace(cells[1]) != "id" {
			lines = append(lines, strings.TrimSpace(cells[1]))
		}
	}
	if len(lines) < 45 {
		t.Fatalf("the definitions list %d lines", len(lines))
	}
	for _, line := range lines {
		known := false
		for _, a := range appendix {
			known = known || strings.HasPrefix(line, a.line)
		}
		if !known {
			t.Errorf("the definitions have %q", line)
		}
	}
	for _, a := range appendix {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, a.line) }) {
			t.Errorf("the definitions no longer have %q", a.line)
		}
	}
}
