package opinion

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/transform"
)

// concentrationSteps make, of the weights at every close, those of lines and of
// issuers in descending order. Who issued a line its CUSIP says, or an ISIN
// that is made of one.
var concentrationSteps = []string{
	`CREATE TEMPORARY TABLE issuer ENGINE = Memory AS
		SELECT if(at > as_of, later, symbol) AS security, max(multiIf(length(cusip) = 9, left(cusip, 6),
			length(isin) = 12 AND left(isin, 2) IN ('US', 'CA', 'BM', 'KY', 'VG', 'PA', 'MH'), substring(isin, 3, 6), '')) AS base
		FROM (SELECT CAST(ticker, 'String') AS symbol, as_of, cusip, isin FROM raw.holding WHERE fund = '{fund}' AND lower(asset_class) = 'equity') AS h
		LEFT JOIN rename USING symbol GROUP BY security`,
	`CREATE TEMPORARY TABLE ranked ENGINE = Memory AS
		SELECT v, session, w, toInt32(row_number() OVER (PARTITION BY v, session ORDER BY w DESC)) AS place, toInt32(count() OVER (PARTITION BY v, session)) AS many FROM (
			SELECT '_sec' AS v, session, weight AS w FROM weight INNER JOIN day USING n
			UNION ALL SELECT '_iss', session, sum(weight) FROM weight INNER JOIN day USING n LEFT JOIN issuer USING security GROUP BY session, if(base = '', security, base)
		) WHERE session >= '{from}' AND session < '{to}'`,
}

func concentrationFigures(t *testing.T, conn *sql.Conn) map[figure]float64 {
	t.Helper()
	var tops strings.Builder
	for _, n := range schemas.ConcentrationTops {
		fmt.Fprintf(&tops, "UNION ALL SELECT 'conc_top%d' || v, '', session, toNullable(if(many <= %[1]d, 1, sumIf(w, place <= %[1]d))) FROM ranked GROUP BY v, session, many\n", n)
	}
	return ask(t, conn, `
		SELECT name || v AS name, '' AS of, session AS day, value FROM (
			SELECT v, session, any(many) AS n, sum(w * w) AS hhi, -sum(if(w > 0, w * log(w), 0)) AS h, sum((2 * (many - place + 1) - many - 1) * w) / n AS g
			FROM ranked GROUP BY v, session)
		ARRAY JOIN ['conc_hhi', 'conc_hhi10k', 'conc_neff', 'conc_entropy', 'conc_neff_entropy', 'conc_gini', 'conc_hhi_norm', 'conc_evenness'] AS name,
			[toNullable(hhi), 10000 * hhi, 1 / hhi, h, exp(h), g, if(n > 1, (hhi - 1 / n) / (1 - 1 / n), NULL), if(n > 1, h / log(n), NULL)] AS value
		UNION ALL SELECT if(v = '_sec', 'conc_members', 'conc_issuers'), '', session, toNullable(toFloat64(count())) FROM ranked GROUP BY v, session
		UNION ALL SELECT 'conc_mag7', '', session, toNullable(sumIf(weight, security IN ('AAPL', 'AMZN', 'GOOG', 'GOOGL', 'META', 'MSFT', 'NVDA', 'TSLA')))
			FROM weight INNER JOIN day USING n WHERE session IN (SELECT session FROM ranked) GROUP BY session
		`+tops.String())
}

// secondOpinionOfConcentration compares every figure of the window.
func secondOpinionOfConcentration(t *testing.T, conn *sql.Conn, of transform.Universe, w schemas.Window, facts []schemas.Fact) {
	t.Helper()
	run(t, conn, slices.Concat(weightSteps, concentrationSteps), "{fund}", of.Funds[0], "{publisher}", of.Prices[0], "{from}", w.From.String(), "{to}", w.To.String())
	want := concentrationFigures(t, conn)
	days := make(map[schemas.Date]bool)
	for f := range want {
		days[f.day] = true
	}
	agree(t, factFigures(facts, days, want), want)
	if len(days) < 150 {
		t.Errorf("only %d sessions were compared", len(days))
	}
}
