package opinion

import (
	"database/sql"
	"slices"
	"testing"

	"tidemark/schemas"
	"tidemark/transform"
)

// breadthSteps make, of the prices, those of members on one basis, in millionths
// of a dollar: a member of a session is who stood in the newest file of the
// session before.
var breadthSteps = []string{
	`CREATE TEMPORARY TABLE tick ENGINE = Memory AS
		SELECT p.security AS security, p.n AS n, p.at = p.n AS printed,
			toInt64(round(1e6 * p.close * arrayFold((acc, x) -> acc * if(x.1 > p.at, x.2, 1.), e.events, 1.))) AS c
		FROM price AS p LEFT JOIN (SELECT security, groupArray((n, factor)) AS events FROM factor GROUP BY security) AS e ON e.security = p.security`,
	`CREATE TEMPORARY TABLE member ENGINE = Memory AS
		SELECT f.n + 1 AS n, l.security AS security FROM file AS f INNER JOIN line AS l ON l.as_of = f.as_of`,
	`CREATE TEMPORARY TABLE history ENGINE = Memory AS
		SELECT security, n, printed, c, count() OVER w50 AS k50, n - min(n) OVER w50 AS span50, sum(c) OVER w50 AS sum50,
			count() OVER w252 AS k252, n - min(n) OVER w252 AS span252, max(c) OVER before AS high, min(c) OVER before AS low
		FROM tick WINDOW w50 AS (PARTITION BY security ORDER BY n ROWS BETWEEN 49 PRECEDING AND CURRENT ROW),
			w252 AS (PARTITION BY security ORDER BY n ROWS BETWEEN 251 PRECEDING AND CURRENT ROW),
			before AS (PARTITION BY security ORDER BY n ROWS BETWEEN 251 PRECEDING AND 1 PRECEDING)`,
	`CREATE TEMPORARY TABLE change ENGINE = Memory AS
		SELECT security, n, c, lagInFrame(toNullable(c)) OVER w AS before, n - lagInFrame(n) OVER w AS away FROM tick WHERE printed
		WINDOW w AS (PARTITION BY security ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`,
	`CREATE TEMPORARY TABLE tally ENGINE = Memory AS
		SELECT d.n AS n, any(d.session) AS session, count() AS members, countIf(x.security != '' AND x.before IS NOT NULL AND x.away <= 252) AS both,
			countIf(x.c > x.before AND x.away <= 252) AS adv, countIf(x.c < x.before AND x.away <= 252) AS dec, both - adv - dec AS unch, countIf(x.security = '') AS no_print,
			countIf(h.k50 = 50 AND h.span50 <= 62) AS of50, countIf(h.k50 = 50 AND h.span50 <= 62 AND 50 * h.c > h.sum50) AS above50,
			countIf(h.k252 = 252 AND h.span252 <= 264) AS of252, countIf(h.k252 = 252 AND h.span252 <= 264 AND h.c > h.high) AS high,
			countIf(h.k252 = 252 AND h.span252 <= 264 AND h.c < h.low) AS low
		FROM member AS m INNER JOIN day AS d ON d.n = m.n
		LEFT JOIN change AS x ON x.security = m.security AND x.n = m.n LEFT JOIN history AS h ON h.security = m.security AND h.n = m.n
		GROUP BY d.n`,
}

func breadthFigures(t *testing.T, conn *sql.Conn, w schemas.Window) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		SELECT name, '' AS of, session AS day, value FROM tally
		ARRAY JOIN ['adv', 'dec', 'unch', 'no_print', 'breadth_members', 'adr', 'pct_above_sma_50', 'new_high_close', 'new_low_close'] AS name,
			[toNullable(toFloat64(adv)), dec, unch, no_print, members, if(dec > 0, adv / dec, NULL), if(of50 > 0, above50 / of50, NULL),
			if(of252 > 0, high, NULL), if(of252 > 0, low, NULL)] AS value
		WHERE session >= '`+w.From.String()+`' AND session < '`+w.To.String()+`'`)
}

// secondOpinionOfBreadth compares the counts of every session from the given one
// on.
func secondOpinionOfBreadth(t *testing.T, conn *sql.Conn, of transform.Universe, w schemas.Window, facts []schemas.Fact, from schemas.Date) {
	t.Helper()
	run(t, conn, slices.Concat(weightSteps, breadthSteps), "{fund}", of.Funds[0], "{publisher}", of.Prices[0])
	want := breadthFigures(t, conn, w)
	days := make(map[schemas.Date]bool)
	for f := range want {
		if f.day >= from {
			days[f.day] = true
		} else {
			delete(want, f)
		}
	}
	agree(t, factFigures(facts, days, want), want)
	if len(days) < 120 {
		t.Errorf("only %d sessions were compared", len(days))
	}
}

// trendFigures follow the counts of all sessions, one after another.
func trendFigures(t *testing.T, conn *sql.Conn, w schemas.Window) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		WITH (SELECT groupArray((session, adv, dec, unch)) FROM (SELECT session, toFloat64(adv) AS adv, toFloat64(dec) AS dec, toFloat64(unch) AS unch FROM tally
			WHERE adv + dec > 0 ORDER BY session)) AS days,
		arrayMap(d -> d.2 - d.3, days) AS net,
		(alpha, x) -> arrayFold((acc, v) -> arrayPushBack(acc, if(empty(acc), v, acc[-1] + alpha * (v - acc[-1]))), x, emptyArrayFloat64()) AS ema,
		ema(0.1, net) AS t10, ema(0.05, net) AS t5, ema(2 / 11, arrayMap(d -> d.2 / (d.2 + d.3), days)) AS zweig,
		arrayCumSum(net) AS line
		SELECT name, '' AS of, session AS day, toNullable(value) AS value FROM (
			SELECT arrayJoin(arrayZip(arrayMap(d -> d.1, days), line, t10, t5, zweig)) AS x, x.1 AS session)
		ARRAY JOIN ['ad_line', 'mcc_osc_raw', 'mcc_sum_raw', 'zbt_ema10'] AS name, [x.2, x.3 - x.4, 1000 + 19 * x.4 - 9 * x.3, x.5] AS value
		WHERE session >= '`+w.From.String()+`' AND session < '`+w.To.String()+`'`)
}

func secondOpinionOfTrend(t *testing.T, conn *sql.Conn, w schemas.Window, facts []schemas.Fact) {
	t.Helper()
	want := trendFigures(t, conn, w)
	days := make(map[schemas.Date]bool)
	for f := range want {
		days[f.day] = true
	}
	agree(t, factFigures(facts, days, want), want)
}
