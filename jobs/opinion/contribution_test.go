package opinion

import (
	"database/sql"
	"math"
	"slices"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/transform"
)

// weightSteps make, of the raw tables and one fund whose lines are the members
// of its universe, the weights at the close of every session. {fund} and
// {publisher} are filled in.
var weightSteps = []string{
	`CREATE TEMPORARY TABLE rename ENGINE = Memory AS
		SELECT CAST(old_symbol, 'String') AS symbol, change_date AS at, CAST(min(new_symbol), 'String') AS later FROM raw.rename GROUP BY symbol, at`,
	`CREATE TEMPORARY TABLE bar ENGINE = Memory AS
		SELECT if(at > session, later, symbol) AS security, session, close, adjustment FROM (
			SELECT CAST(symbol, 'String') AS symbol, session, close, CAST(adjustment, 'String') AS adjustment FROM raw.bar WHERE publisher = '{publisher}' AND ifNull(volume, 1) != 0
		) AS b LEFT JOIN rename USING symbol`,
	`CREATE TEMPORARY TABLE day ENGINE = Memory AS
		SELECT session, toInt32(row_number() OVER (ORDER BY session)) AS n FROM (SELECT DISTINCT session FROM bar)`,
	// The close of each session, or the last one of the five sessions before it.
	`CREATE TEMPORARY TABLE price ENGINE = Memory AS
		SELECT g.security AS security, g.n AS n, b.n AS at, b.close AS close, b.adjustment = 'raw' AS raw
		FROM (SELECT security, n FROM (SELECT DISTINCT security FROM bar) AS s CROSS JOIN (SELECT n FROM day) AS d) AS g
		ASOF INNER JOIN (SELECT security, n, close, adjustment FROM bar INNER JOIN day USING session) AS b ON g.security = b.security AND g.n >= b.n
		WHERE g.n - b.n <= 5`,
	`CREATE TEMPORARY TABLE event ENGINE = Memory AS
		SELECT security, n, arrayProduct(groupArray(ratio)) AS ratio, sum(cash) AS cash, sum(dividend) AS dividend FROM (
			SELECT security, d.n AS n, ratio, cash, dividend FROM (
				SELECT if(at > ex, later, symbol) AS security, ex, 1 AS one,
					if(kind IN ('split', 'spin_off') AND amount IS NULL AND ratio > 0, assumeNotNull(ratio), 1.) AS ratio,
					if(kind IN ('special_dividend', 'spin_off'), ifNull(amount, 0.), 0.) AS cash, if(kind = 'dividend', ifNull(amount, 0.), 0.) AS dividend
				FROM (SELECT DISTINCT CAST(symbol, 'String') AS symbol, toDate(ex_date) AS ex, CAST(kind, 'String') AS kind, ratio, amount FROM raw.action
					WHERE ex_date > (SELECT min(session) FROM day) AND ex_date <= (SELECT max(session) FROM day)) AS a LEFT JOIN rename USING symbol
			) AS a ASOF INNER JOIN (SELECT session, n, 1 AS one FROM day) AS d ON a.one = d.one AND a.ex <= d.session
		) GROUP BY security, n`,
	// What a price before a session's open is multiplied by to stand beside its close.
	`CREATE TEMPORARY TABLE factor ENGINE = Memory AS
		SELECT e.security AS security, e.n AS n, if(p.raw, (1 - e.cash / p.close) / e.ratio, 1) AS factor, e.dividend AS dividend
		FROM event AS e INNER JOIN price AS p ON p.security = e.security AND p.n = e.n - 1`,
	`CREATE TEMPORARY TABLE line ENGINE = Memory AS
		SELECT security, as_of, sum(market_value) AS value, value / sum(value) OVER (PARTITION BY as_of) AS weight FROM (
			SELECT multiIf(ticker NOT IN ('', '-'), if(at > as_of, later, ticker), length(isin) = 12, 'isin:' || isin, 'cusip:' || cusip) AS security, as_of, assumeNotNull(market_value) AS market_value
			FROM (SELECT CAST(ticker, 'String') AS ticker, CAST(ticker, 'String') AS symbol, isin, cusip, as_of, market_value FROM raw.holding WHERE fund = '{fund}' AND lower(asset_class) = 'equity') AS h
			LEFT JOIN rename USING symbol
		) GROUP BY security, as_of`,
	// The file of each close, and the session whose close is the file's.
	`CREATE TEMPORARY TABLE file ENGINE = Memory AS
		SELECT d.n AS n, d.session AS session, f.as_of AS as_of, toInt32(b.n) AS base FROM (SELECT n, session, 1 AS one FROM day) AS d
		ASOF INNER JOIN (SELECT DISTINCT as_of, 1 AS one FROM line) AS f ON d.one = f.one AND d.session >= f.as_of
		ASOF INNER JOIN (SELECT n, session, 1 AS one FROM day) AS b ON d.one = b.one AND f.as_of >= b.session
		WHERE d.session - f.as_of <= 35`,
	// Splits and the like between the file's day and the close, for lines that have any.
	`CREATE TEMPORARY TABLE between ENGINE = Memory AS
		SELECT f.n AS n, x.security AS security, arrayProduct(groupArray(x.factor)) AS factor
		FROM file AS f CROSS JOIN factor AS x WHERE x.n > f.base AND x.n <= f.n GROUP BY n, security`,
	`CREATE TEMPORARY TABLE moved ENGINE = Memory AS
		SELECT f.n AS n, l.security AS security, l.weight AS weight, f.n = f.base AS own,
			if(now.close > 0 AND was.close > 0, now.close / (was.close * if(b.factor > 0, b.factor, 1)), 0) AS rel
		FROM file AS f INNER JOIN line AS l ON l.as_of = f.as_of
		LEFT JOIN price AS now ON now.security = l.security AND now.n = f.n
		LEFT JOIN price AS was ON was.security = l.security AND was.n = f.base
		LEFT JOIN between AS b ON b.security = l.security AND b.n = f.n`,
	`CREATE TEMPORARY TABLE weight ENGINE = Memory AS
		SELECT n, security, grown / sum(grown) OVER (PARTITION BY n) AS weight FROM (
			SELECT n, security, multiIf(own, weight, rel > 0, weight * rel, weight * sumIf(weight * rel, rel > 0) OVER (PARTITION BY n) / sumIf(weight, rel > 0) OVER (PARTITION BY n)) AS grown
			FROM moved)`,
}

// contributionSteps make, of the weights, what each line added to each
// session's return.
var contributionSteps = []string{
	`CREATE TEMPORARY TABLE gain ENGINE = Memory AS
		SELECT now.security AS security, now.n AS n, was.close * if(x.factor != 0, x.factor, 1) AS base,
			(if(now.at = now.n, now.close, base) + x.dividend) / base - 1 AS ret, if(now.at = now.n, now.close, base) / base - 1 AS plain
		FROM price AS now INNER JOIN price AS was ON was.security = now.security AND was.n = now.n - 1
		LEFT JOIN factor AS x ON x.security = now.security AND x.n = now.n`,
	`CREATE TEMPORARY TABLE part ENGINE = Memory AS
		SELECT w.n + 1 AS n, w.security AS security, w.weight / sum(w.weight) OVER (PARTITION BY w.n) AS weight, g.ret AS ret, g.plain AS plain, weight * ret AS c
		FROM weight AS w INNER JOIN gain AS g ON g.security = w.security AND g.n = w.n + 1`,
	`CREATE TEMPORARY TABLE total ENGINE = Memory AS
		SELECT n, session, r, plain, mean, exp(sum(log1p(r)) OVER (ORDER BY n)) AS level FROM (
			SELECT n, sum(c) AS r, sum(weight * plain) AS plain, avg(ret) AS mean FROM part GROUP BY n) AS t INNER JOIN day USING n`,
	`CREATE TEMPORARY TABLE span ENGINE = Memory AS
		SELECT t.n AS t, t.session AS session, w AS w, toInt32(if(w = 'ytd', y.n, t.n - toInt32OrZero(w))) AS b
		FROM (SELECT n, session, toYear(session) AS year, arrayJoin(['1', '21', 'ytd', '63', '126', '252']) AS w FROM total WHERE session >= '{from}' AND session < '{to}' AND n % 9 = 0) AS t
		LEFT JOIN (SELECT max(n) AS n, toYear(session) + 1 AS year FROM day GROUP BY year) AS y ON y.year = t.year
		WHERE b >= (SELECT min(n) FROM total) - 1 AND b > 0`,
	`CREATE TEMPORARY TABLE walk ENGINE = Memory AS
		SELECT s.t AS t, s.session AS session, s.w AS w, s.b AS b, d.n AS n, d.r AS r, d.mean AS mean,
			exp(ifNull(sum(log1p(d.r)) OVER (PARTITION BY s.t, s.w ORDER BY d.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)) AS before
		FROM span AS s CROSS JOIN total AS d WHERE d.n > s.b AND d.n <= s.t`,
	`CREATE TEMPORARY TABLE whole ENGINE = Memory AS
		SELECT t, w, any(session) AS session, any(b) AS b, count() AS days, arrayProduct(groupArray(1 + r)) - 1 AS ret, arrayProduct(groupArray(1 + mean)) - 1 AS equal,
			(ret / days) / (pow(1 + ret, 1 / days) - 1) AS scale, (ret - scale * sum(r)) / sum(r * r) AS slope FROM walk GROUP BY t, w HAVING days = t - b`,
	`CREATE TEMPORARY TABLE linked ENGINE = Memory AS
		SELECT x.t AS t, x.w AS w, p.security AS security, any(v.session) AS session, any(v.days) AS days,
			sum(p.c * x.before) AS held, sum(p.c * log1p(x.r) / x.r) / (log1p(any(v.ret)) / any(v.ret)) AS carino, sum(p.c * (v.scale + v.slope * x.r)) AS menchero,
			arrayProduct(groupArray(1 + p.ret)) - 1 AS ret, count() = any(v.days) AS throughout
		FROM walk AS x INNER JOIN part AS p ON p.n = x.n INNER JOIN whole AS v ON v.t = x.t AND v.w = x.w GROUP BY t, w, security`,
}

// run runs statements with their blanks filled in.
func run(t *testing.T, conn *sql.Conn, steps []string, blanks ...string) {
	t.Helper()
	fill := strings.NewReplacer(blanks...)
	for _, step := range steps {
		if _, err := conn.ExecContext(t.Context(), fill.Replace(step)); err != nil {
			t.Fatalf("%v in\n%s", err, fill.Replace(step))
		}
	}
}

// sampled keeps the sessions that the queries look at.
func sampled(t *testing.T, conn *sql.Conn) map[schemas.Date]bool {
	t.Helper()
	out := make(map[schemas.Date]bool)
	for f := range ask(t, conn, "SELECT 'day' AS name, '' AS of, session AS day, toNullable(1) AS value FROM span") {
		out[f.day] = true
	}
	return out
}

// lineFigures asks for the figures of each line, as the columns of
// facts.contribution name them.
func lineFigures(t *testing.T, conn *sql.Conn) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		SELECT name, security AS of, d.session AS day, toNullable(value) AS value FROM part AS p INNER JOIN day AS d ON d.n = p.n
			ARRAY JOIN ['weight', 'security_return', 'contrib_i'] AS name, [weight, ret, c] AS value WHERE d.session IN (SELECT session FROM span)
		UNION ALL SELECT name || w, security, session, toNullable(value) FROM linked
			ARRAY JOIN ['contrib_bh_', 'contrib_carino_', 'contrib_menchero_'] AS name, [held, carino, menchero] AS value WHERE w NOT IN ('1', '21')
		UNION ALL SELECT 'return_' || w, security, session, toNullable(ret) FROM linked WHERE throughout AND w NOT IN ('1', '21')`)
}

// summaryFigures asks for the figures of the index.
func summaryFigures(t *testing.T, conn *sql.Conn) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		WITH ranked AS (
			SELECT *, toInt64(row_number() OVER (PARTITION BY t, w ORDER BY round(ret * 1e12) DESC, security)) AS best,
				toInt64(row_number() OVER (PARTITION BY t, w ORDER BY round(held * 1e12) DESC, security)) AS most
			FROM linked WHERE throughout),
		start AS (SELECT v.t AS t, v.w AS w, p.security AS security, row_number() OVER (PARTITION BY v.t, v.w ORDER BY p.weight DESC, p.security) AS place
			FROM whole AS v INNER JOIN part AS p ON p.n = v.b + 1),
		top AS (SELECT x.t AS t, x.w AS w, x.n AS n, any(x.session) AS session, any(x.r) AS r, any(x.before) AS before, sum(p.c) AS c, sum(p.weight) AS weight
			FROM walk AS x INNER JOIN whole AS v ON v.t = x.t AND v.w = x.w INNER JOIN start AS s ON s.t = x.t AND s.w = x.w INNER JOIN part AS p ON p.n = x.n AND p.security = s.security
			WHERE s.place <= 10 GROUP BY t, w, n),
		grouped AS (SELECT t, w, any(session) AS session, sum(c * before) AS gc, arrayProduct(groupArray(1 + (r - c) / (1 - weight))) - 1 AS rest FROM top GROUP BY t, w)
		SELECT name || w AS name, '' AS of, session AS day, value FROM (
			SELECT 'index_return_' AS name, w, session, toNullable(ret) AS value FROM whole WHERE w != '21'
			UNION ALL SELECT 'cw_minus_ew_daily_', w, session, toNullable(ret - equal) FROM whole WHERE w IN ('1', '21', 'ytd', '252')
			UNION ALL SELECT 'mean_minus_median_', w, session, toNullable(avg(ret) - quantileExactInclusive(0.5)(ret)) FROM (SELECT w, session, ret FROM linked WHERE throughout AND w IN ('1', '21', 'ytd', '252')) GROUP BY w, session
			UNION ALL SELECT 'overlap_10_', w, session, toNullable(countIf(best <= 10 AND most <= 10) / 10) FROM ranked WHERE w NOT IN ('1', '21') GROUP BY w, session
			UNION ALL SELECT 'jaccard_10_', w, session, toNullable(countIf(best <= 10 AND most <= 10) / countIf(best <= 10 OR most <= 10)) FROM ranked WHERE w NOT IN ('1', '21') GROUP BY w, session
			UNION ALL SELECT 'rank_corr_', w, session, toNullable(corr(best, most)) FROM ranked WHERE w NOT IN ('1', '21') GROUP BY w, session
			UNION ALL SELECT 'contrib_top10_', w, session, toNullable(gc) FROM grouped WHERE w NOT IN ('1', '21')
			UNION ALL SELECT 'ex_rescaled_top10_', w, session, toNullable(rest) FROM grouped WHERE w NOT IN ('1', '21')
			UNION ALL SELECT 'ex_points_top10_', g.w, g.session, toNullable(v.ret - g.gc) FROM grouped AS g INNER JOIN whole AS v ON v.t = g.t AND v.w = g.w WHERE g.w NOT IN ('1', '21')
			UNION ALL SELECT 'share_top10_', g.w, g.session, if(abs(v.ret) < 0.005, NULL, toNullable(g.gc / v.ret)) FROM grouped AS g INNER JOIN whole AS v ON v.t = g.t AND v.w = g.w WHERE g.w NOT IN ('1', '21')
		)
		UNION ALL SELECT 'index_return_1_pr', '', session, toNullable(plain) FROM total WHERE session IN (SELECT session FROM span)`)
}

// rowFigures are the program's figures of each line on the given sessions. Those
// of windows that a line has not been in are left out: the queries know none.
func rowFigures(rows []schemas.Contribution, days map[schemas.Date]bool, known map[figure]float64) map[figure]float64 {
	out := make(map[figure]float64)
	for i := range rows {
		r := &rows[i]
		if !days[r.Session] {
			continue
		}
		for _, f := range schemas.Contributions.Fields {
			if f.OptFloat == nil {
				continue
			}
			k := figure{f.Name, r.Security, r.Session}
			v := f.OptFloat(r)
			if _, ok := known[k]; v.OK && (v.V != 0 || ok) {
				out[k] = v.V
			}
		}
	}
	return out
}

func factFigures(facts []schemas.Fact, days map[schemas.Date]bool, known map[figure]float64) map[figure]float64 {
	asked := make(map[string]bool)
	for k := range known {
		asked[k.name] = true
	}
	out := make(map[figure]float64)
	for _, f := range facts {
		if f.Value.OK && days[f.Session] && asked[f.Metric] {
			out[figure{f.Metric, "", f.Session}] = f.Value.V
		}
	}
	return out
}

// secondOpinion compares what the program made of the raw tables with what the
// queries make of them.
func secondOpinion(t *testing.T, conn *sql.Conn, of transform.Universe, w schemas.Window, rows []schemas.Contribution, facts []schemas.Fact) {
	t.Helper()
	run(t, conn, slices.Concat(weightSteps, contributionSteps), "{fund}", of.Funds[0], "{publisher}", of.Prices[0], "{from}", w.From.String(), "{to}", w.To.String())
	days := sampled(t, conn)
	t.Run("lines", func(t *testing.T) {
		want := lineFigures(t, conn)
		agree(t, rowFigures(rows, days, want), want)
	})
	t.Run("summary", func(t *testing.T) {
		want := summaryFigures(t, conn)
		agree(t, factFigures(facts, days, want), want)
	})
}

// residuals holds the contributions against the index of the sandbox, which is
// worked out from the simulated market itself.
func residuals(t *testing.T, levels []schemas.Fact) {
	t.Helper()
	var apart []float64
	for _, f := range levels {
		if f.Metric == "contrib_residual_pr" && f.Value.OK {
			apart = append(apart, math.Abs(f.Value.V))
		}
	}
	slices.Sort(apart)
	if len(apart) < 500 {
		t.Fatalf("%d sessions have a residual", len(apart))
	}
	// What has joined the index has no weight until the next file, on a week's end.
	if apart[len(apart)/2] > 0.1 || apart[len(apart)*9/10] > 5 {
		t.Errorf("the contributions of a day are %.3f bp from the index in the median, and %.3f bp on one day in ten", apart[len(apart)/2], apart[len(apart)*9/10])
	}
	t.Logf("residual: median %.3f bp, 95 %% %.3f, largest %.3f", apart[len(apart)/2], apart[len(apart)*95/100], apart[len(apart)-1])
}
