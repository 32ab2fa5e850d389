package opinion

import (
	"database/sql"
	"slices"
	"testing"

	"tidemark/schemas"
	"tidemark/transform"
)

// valuationSteps make, of what companies have filed, the market value and the
// last four quarters of each line, for every ninth session.
var valuationSteps = []string{
	`CREATE TEMPORARY TABLE filing ENGINE = Memory AS
		SELECT if(at > filed, later, symbol) AS security, filed, toDate(period_from) AS since, toDate(period_until) AS until, net_income AS v
		FROM (SELECT CAST(company, 'String') AS symbol, filed, period_from, period_until, net_income FROM raw.earning) AS e LEFT JOIN rename USING symbol`,
	// The fourth quarter is the year without the nine months.
	`CREATE TEMPORARY TABLE fiscal ENGINE = Memory AS
		SELECT security, until, filed, v FROM filing WHERE until - since < 100
		UNION ALL SELECT y.security, y.until, y.filed, y.v - n.v FROM filing AS y INNER JOIN filing AS n ON n.security = y.security AND n.since = y.since
			WHERE y.until - y.since > 350 AND n.until - n.since BETWEEN 250 AND 290`,
	`CREATE TEMPORARY TABLE earned ENGINE = Memory AS
		SELECT security, filed, until, v FROM filing WHERE until - since > 350
		UNION ALL SELECT a.security, max(a.filed), a.until, sum(b.v) FROM fiscal AS a INNER JOIN fiscal AS b ON b.security = a.security
			WHERE b.until <= a.until AND a.until - b.until < 300 GROUP BY a.security, a.until HAVING count() = 4 AND toMonth(a.until) != 12`,
	`CREATE TEMPORARY TABLE counted ENGINE = Memory AS
		SELECT l.as_of AS as_of, l.security AS security, any(h.price) AS price, argMax(s.shares, s.as_of) AS shares, max(s.as_of) AS counted
		FROM line AS l
		INNER JOIN (SELECT if(at > as_of, later, symbol) AS security, as_of, price FROM (SELECT CAST(ticker, 'String') AS symbol, as_of, price FROM raw.holding WHERE fund = '{fund}') AS h LEFT JOIN rename USING symbol) AS h
			ON h.security = l.security AND h.as_of = l.as_of
		INNER JOIN (SELECT if(at > filed, later, symbol) AS security, filed, as_of, shares FROM (SELECT CAST(company, 'String') AS symbol, filed, toDate(as_of) AS as_of, shares FROM raw.share_count) AS c LEFT JOIN rename USING symbol) AS s
			ON s.security = l.security
		WHERE s.filed <= l.as_of AND l.as_of - s.as_of <= 460 GROUP BY l.as_of, l.security`,
	`CREATE TEMPORARY TABLE worth ENGINE = Memory AS
		SELECT c.as_of AS as_of, c.security AS security, any(c.price * c.shares) * exp(sum(if(x.ex > c.counted AND x.ex <= c.as_of, log(x.ratio), 0))) AS value FROM counted AS c
		LEFT JOIN (SELECT if(at > ex, later, symbol) AS security, ex, ratio FROM (SELECT CAST(symbol, 'String') AS symbol, toDate(ex_date) AS ex, assumeNotNull(ratio) AS ratio FROM raw.action WHERE kind = 'split') AS a
			LEFT JOIN rename USING symbol) AS x ON x.security = c.security GROUP BY c.as_of, c.security`,
	`CREATE TEMPORARY TABLE company ENGINE = Memory AS
		SELECT w.n AS n, f.session AS session, w.security AS security, w.weight AS weight, o.value * if(m.own, 1, m.rel) AS value, e.v AS income
		FROM weight AS w INNER JOIN file AS f ON f.n = w.n INNER JOIN moved AS m ON m.n = w.n AND m.security = w.security
		INNER JOIN worth AS o ON o.as_of = f.as_of AND o.security = w.security
		INNER JOIN (SELECT d.n AS n, e.security AS security, argMax(e.v, e.filed) AS v, argMax(e.until, e.filed) AS until FROM day AS d CROSS JOIN earned AS e
			WHERE e.filed < d.session AND d.n % 9 = 0 GROUP BY d.n, e.security) AS e ON e.n = w.n AND e.security = w.security
		WHERE w.n % 9 = 0 AND f.session - e.until <= 280 AND value > 0`,
}

func valuationFigures(t *testing.T, conn *sql.Conn, w schemas.Window) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		SELECT name, '' AS of, session AS day, value FROM (
			SELECT session, sum(weight * income / value) / sum(weight) AS yield, sumIf(weight, income <= 0) / sum(weight) AS losses,
				sumIf(weight, income > 0) / sumIf(weight * income / value, income > 0) AS earners, quantileExactInclusiveIf(0.5)(value / income, income > 0) AS middle
			FROM company WHERE session >= '`+w.From.String()+`' AND session < '`+w.To.String()+`' GROUP BY session HAVING sum(weight) >= 0.8)
		ARRAY JOIN ['ey_agg', 'pe_agg', 'pe_exneg', 'pe_median', 'loss_cap_share'] AS name,
			[toNullable(yield), if(yield > 0, 1 / yield, NULL), earners, middle, losses] AS value`)
}

func secondOpinionOfValuation(t *testing.T, conn *sql.Conn, of transform.Universe, w schemas.Window, facts []schemas.Fact) {
	t.Helper()
	run(t, conn, slices.Concat(weightSteps, valuationSteps), "{fund}", of.Funds[0], "{publisher}", of.Prices[0])
	want := valuationFigures(t, conn, w)
	days := make(map[schemas.Date]bool)
	for f := range want {
		days[f.day] = true
	}
	agree(t, factFigures(facts, days, want), want)
	if len(days) < 20 {
		t.Errorf("only %d sessions were compared", len(days))
	}
}
