package opinion

import (
	"database/sql"
	"testing"
)

// liquidityFigures are those of the Federal Reserve's balance sheet, its
// operations and the money market, in USD bn, percent and basis points.
func liquidityFigures(t *testing.T, conn *sql.Conn) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		WITH week AS (
			SELECT obs_date AS session, toInt32(row_number() OVER (ORDER BY obs_date)) AS n, anyIf(value, series = 'RESPPMA_N.WW') / 1e3 AS assets, anyIf(value, series = 'RESH4R_N.WW') / 1e3 AS reserves,
				anyIf(value, series = 'RESPPLLDT_N.WW') / 1e3 AS tga, anyIf(value, series = 'RESPPLLRD_N.WW') / 1e3 AS rrp, anyIf(value, series = 'RESTBC_N.WW') / 1e3 AS currency,
				(anyIf(value, series = 'RESPPALDP_N.WW') + anyIf(value, series = 'RESPPALDQ_N.WW') + anyIf(value, series = 'RESPPALDS_N.WW')) / 1e3 AS window
			FROM raw.observation WHERE startsWith(source, 'h41') GROUP BY session HAVING assets IS NOT NULL),
		rates AS (
			SELECT s.effective_date AS session, s.rate AS sofr, e.rate AS effr, s.p99 AS p99, s.p75 AS p75, s.p25 AS p25, s.p1 AS p1, s.volume AS volume, e.target_to AS upper FROM
				(SELECT * FROM raw.reference_rate WHERE name = 'SOFR') AS s INNER JOIN (SELECT * FROM raw.reference_rate WHERE name = 'EFFR') AS e ON e.effective_date = s.effective_date),
		iorb AS (SELECT obs_date AS session, value FROM raw.observation WHERE series = 'IORB')
		SELECT name, '' AS of, session AS day, value FROM (
			SELECT name, session, value FROM week ARRAY JOIN ['fed_assets', 'reserves', 'tga', 'onrrp_wed', 'currency', 'discount_window', 'net_liq_weekly'] AS name,
				[assets, reserves, tga, rrp, currency, window, assets - tga - rrp] AS value
			UNION ALL SELECT 'reserves_chg_4w', b.session, b.reserves - a.reserves FROM week AS a INNER JOIN week AS b ON b.n = a.n + 4
			UNION ALL SELECT 'net_liq_chg_1w', b.session, b.assets - b.tga - b.rrp - (a.assets - a.tga - a.rrp) FROM week AS a INNER JOIN week AS b ON b.n = a.n + 1
			UNION ALL SELECT name, session, value FROM rates ARRAY JOIN ['sofr', 'effr', 'target_upper', 'sofr_volume', 'spread_sofr_upper', 'sofr_p99_p25', 'sofr_p75_p25', 'sofr_p99_p1'] AS name,
				[sofr, effr, upper, volume, round(100 * (sofr - upper), 6), round(100 * (p99 - p25), 6), round(100 * (p75 - p25), 6), round(100 * (p99 - p1), 6)] AS value
			UNION ALL SELECT name, r.session, value FROM rates AS r INNER JOIN iorb AS i ON i.session = r.session
				ARRAY JOIN ['spread_sofr_iorb', 'spread_effr_iorb'] AS name, [round(100 * (r.sofr - i.value), 6), round(100 * (r.effr - i.value), 6)] AS value
			UNION ALL SELECT 'onrrp', operation_date, toNullable(argMax(toFloat64(assumeNotNull(total_accepted)), close_time)) / 1e9 FROM raw.repo_operation
				WHERE line = 0 AND operation_type = 'Reverse Repo' AND term = 'Overnight' AND auction_status = 'Results' AND total_accepted IS NOT NULL GROUP BY operation_date
			UNION ALL SELECT 'repo_srf', operation_date, toNullable(sum(toFloat64(assumeNotNull(total_accepted)))) / 1e9 FROM raw.repo_operation
				WHERE line = 0 AND operation_type = 'Repo' AND auction_status = 'Results' AND total_accepted IS NOT NULL GROUP BY operation_date
		)`)
}

// maturityFigures are those of the Treasuries of the Federal Reserve, in years and
// fractions.
func maturityFigures(t *testing.T, conn *sql.Conn) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		WITH line AS (
			SELECT as_of, par, maturity, age('year', as_of, toDate(maturity)) AS whole, addYears(as_of, whole) AS since, addYears(as_of, whole + 1) AS next,
				whole + (toDate(maturity) - since) / (next - since) AS years
			FROM raw.soma_holding WHERE maturity > as_of)
		SELECT name, '' AS of, as_of AS day, toNullable(value) AS value FROM (
			SELECT as_of, sum(par) AS total, sum(par * years) / total AS wam, sumIf(par, maturity <= addYears(as_of, 1)) / total AS one, sumIf(par, maturity <= addYears(as_of, 5)) / total AS five,
				sumIf(par, maturity <= addYears(as_of, 10)) / total AS ten FROM line GROUP BY as_of)
		ARRAY JOIN ['soma_wam', 'soma_bucket_1y', 'soma_bucket_5y', 'soma_bucket_10y', 'soma_bucket_later'] AS name, [wam, one, five - one, ten - five, 1 - ten] AS value`)
}
