package opinion

import (
	"database/sql"
	"strings"
	"testing"

	"tidemark/schemas"
)

// bothLevels are the levels of two sources, {x} and {y}, on the days on which both
// have one, under the names {a} and {b}.
const bothLevels = `both AS (
			SELECT obs_date AS session, toInt32(row_number() OVER (ORDER BY obs_date)) AS n, x.value AS {a}, y.value AS {b} FROM
				(SELECT obs_date, assumeNotNull(value) AS value FROM raw.observation WHERE source = '{x}' AND value IS NOT NULL) AS x
				INNER JOIN (SELECT obs_date, assumeNotNull(value) AS value FROM raw.observation WHERE source = '{y}' AND value IS NOT NULL) AS y USING obs_date)`

// levelFigures holds the levels of a small universe against those of a large one,
// by the tables of observations.
func levelFigures(t *testing.T, conn *sql.Conn, small, large string) map[figure]float64 {
	t.Helper()
	return ask(t, conn, strings.NewReplacer("{a}", "s", "{b}", "l", "{x}", small, "{y}", large).Replace(`
		WITH `+bothLevels+`,
		year AS (SELECT toYear(session) + 1 AS year, argMax(s, session) AS s, argMax(l, session) AS l FROM both GROUP BY year),
		start AS (SELECT argMin(s, session) AS s, argMin(l, session) AS l FROM both)
		SELECT name, '' AS of, session AS day, value FROM (
			SELECT session, toNullable(b.s / x.s / (b.l / x.l)) AS ratio, toNullable(log(ratio)) AS logs, if(y.year = toYear(session), toNullable(b.s / y.s - b.l / y.l), NULL) AS gap,
				if(y.year = toYear(session), toNullable(b.s / y.s / (b.l / y.l) - 1), NULL) AS geo
			FROM both AS b CROSS JOIN start AS x LEFT JOIN year AS y ON y.year = toYear(b.session)
		) ARRAY JOIN ['rs_ratio_pr', 'rs_log_pr', 'size_gap_arith_ytd_pr', 'size_gap_geo_ytd_pr'] AS name, [ratio, logs, gap, geo] AS value
		UNION ALL SELECT name, '', b.session, value FROM both AS b INNER JOIN both AS f ON f.n = b.n + 21
			ARRAY JOIN ['fwd_ret_21_large_pr', 'fwd_ret_21_small_pr', 'fwd_ret_21_gap_pr'] AS name, [toNullable(f.l / b.l - 1), f.s / b.s - 1, f.s / b.s - f.l / b.l] AS value
		UNION ALL SELECT 'div_gap_pr', '', f.session, toNullable(f.l / b.l - f.s / b.s) FROM both AS b INNER JOIN both AS f ON f.n = b.n + 252`))
}

// depthFigures are the distances of a level from its highs.
func depthFigures(t *testing.T, conn *sql.Conn, source string) map[figure]float64 {
	t.Helper()
	return ask(t, conn, strings.ReplaceAll(`
		SELECT name, '' AS of, session AS day, value FROM (
			SELECT session, toNullable(depth) AS depth, toNullable(min(depth) OVER (ORDER BY session)) AS worst, year_high FROM (
				SELECT obs_date AS session, v / max(v) OVER (ORDER BY obs_date) - 1 AS depth, if(count() OVER year = 252, toNullable(v / max(v) OVER year - 1), NULL) AS year_high
				FROM (SELECT obs_date, assumeNotNull(value) AS v FROM raw.observation WHERE source = '{source}' AND value IS NOT NULL)
				WINDOW year AS (ORDER BY obs_date ROWS BETWEEN 251 PRECEDING AND CURRENT ROW))
		) ARRAY JOIN ['dist_ath', 'drawdown_pr', 'mdd_pr', 'dist_52w'] AS name, [depth, depth, worst, year_high] AS value`, "{source}", source))
}

// allocationFigures are what one can say of two assets without a solver: two
// assets bear equal risk where each has a weight by the inverse of its
// volatility.
func allocationFigures(t *testing.T, conn *sql.Conn, stocks, bonds string) map[figure]float64 {
	t.Helper()
	return ask(t, conn, strings.NewReplacer("{a}", "s", "{b}", "b", "{x}", stocks, "{y}", bonds).Replace(`
		WITH `+bothLevels+`,
		move AS (SELECT y.session AS session, y.n AS n, y.s / x.s - 1 AS s, y.b / x.b - 1 AS b FROM both AS x INNER JOIN both AS y ON y.n = x.n + 1),
		near AS (SELECT t.session AS session, t.n AS n, t.n - m.n AS away, m.s AS s, m.b AS b FROM move AS t CROSS JOIN move AS m WHERE m.n <= t.n AND t.n - m.n < 252 AND t.n % 21 = 0),
		risk AS (SELECT session, count() AS k, stddevSampStable(s) AS vs, stddevSampStable(b) AS vb, covarSampStable(s, b) AS cov FROM near GROUP BY session HAVING k >= 126),
		month AS (SELECT last AS session, s, b, toInt32(row_number() OVER (ORDER BY last)) AS k FROM (
			SELECT toStartOfMonth(session) AS month, max(session) AS last, argMax(s, session) AS s, argMax(b, session) AS b FROM both GROUP BY month)
			WHERE month < (SELECT toStartOfMonth(max(session)) FROM both)),
		base AS (SELECT s, b FROM month WHERE k = 1),
		path AS (SELECT y.session AS session, y.k AS k, y.s / x.s AS rs, y.b / x.b AS rb, 0.6 * rs + 0.4 * rb AS grown, abs(0.6 * rs / grown - 0.6) * 2 AS traded
			FROM month AS x INNER JOIN month AS y ON y.k = x.k + 1)
		SELECT name, '' AS of, session AS day, value FROM (
			SELECT 'sb_corr_63' AS name, session, toNullable(corrStable(s, b)) AS value FROM near WHERE away < 63 AND n > 63 GROUP BY session HAVING count() = 63
			UNION ALL SELECT name, session, value FROM risk ARRAY JOIN ['erc_weight_large', 'erc_weight_bonds', 'erc_vol', 'risk_contrib_60_40_large'] AS name,
				[toNullable(1 / vs / (1 / vs + 1 / vb)), 1 / vb / (1 / vs + 1 / vb), sqrt(252 * (2 + 2 * cov / (vs * vb))) / (1 / vs + 1 / vb),
				0.6 * (0.6 * vs * vs + 0.4 * cov) / (0.36 * vs * vs + 0.48 * cov + 0.16 * vb * vb)] AS value
			UNION ALL SELECT 'pf_nav_100_0', m.session, toNullable(m.s / b.s) FROM month AS m CROSS JOIN base AS b
			UNION ALL SELECT 'pf_nav_60_40_none', m.session, toNullable(0.6 * m.s / b.s + 0.4 * m.b / b.b) FROM month AS m CROSS JOIN base AS b
			UNION ALL SELECT 'pf_turnover_60_40_monthly', session, toNullable(traded / 2) FROM path
			UNION ALL SELECT 'pf_nav_60_40_monthly', session, toNullable(exp(sum(log(grown * (1 - traded * 0.001))) OVER (ORDER BY k))) FROM path
			UNION ALL SELECT 'pf_nav_60_40_monthly', session, toNullable(1.) FROM month WHERE k = 1
		)`))
}

// secondOpinionOfFacts compares all that the query tells.
func secondOpinionOfFacts(t *testing.T, facts []schemas.Fact, want map[figure]float64) {
	t.Helper()
	days := make(map[schemas.Date]bool)
	named := make(map[string]map[schemas.Date]bool) // by metric
	for f := range want {
		days[f.day] = true
		if named[f.name] == nil {
			named[f.name] = make(map[schemas.Date]bool)
		}
		named[f.name][f.day] = true
	}
	got := factFigures(facts, days, want)
	for f := range got {
		if !named[f.name][f.day] {
			delete(got, f) // a figure of a day that the query passes over
		}
	}
	agree(t, got, want)
}
