package opinion

import (
	"database/sql"
	"slices"
	"testing"

	"tidemark/schemas"
	"tidemark/transform"
)

// dispersionSteps make the returns over each window of every security, whether
// it was in the index or not, and for some days those of its sessions one by
// one.
var dispersionSteps = []string{
	`CREATE TEMPORARY TABLE alone ENGINE = Memory AS
		SELECT v.t AS t, v.w AS w, g.security AS security, any(v.session) AS session, any(v.b) AS b, any(v.days) AS days, any(v.ret) AS index,
			count() AS known, toInt32(max(g.n)) AS newest, arrayProduct(groupArray(1 + g.ret)) - 1 AS ret
		FROM whole AS v CROSS JOIN gain AS g WHERE g.n > v.b AND g.n <= v.t GROUP BY t, w, security`,
	`CREATE TEMPORARY TABLE vector ENGINE = Memory AS
		SELECT a.t AS t, a.w AS w, a.security AS security, any(a.session) AS session, any(p.weight) AS weight,
			arrayMap(x -> x.2, arraySort(groupArray((g.n, g.ret)))) AS rets, arrayReduce('stddevSampStable', rets) AS s
		FROM alone AS a INNER JOIN part AS p ON p.n = a.t AND p.security = a.security INNER JOIN gain AS g ON g.security = a.security
		WHERE a.w IN ('21', '63', '252') AND a.t % 45 = 0 AND a.known = a.days AND g.n > a.b AND g.n <= a.t
		GROUP BY t, w, security HAVING s >= 1e-12`,
}

func dispersionFigures(t *testing.T, conn *sql.Conn) map[figure]float64 {
	t.Helper()
	return ask(t, conn, `
		WITH held AS (SELECT l.t AS t, l.w AS w, l.session AS session, l.ret AS ret, p.weight / sum(p.weight) OVER (PARTITION BY l.t, l.w) AS weight
			FROM linked AS l INNER JOIN whole AS v ON v.t = l.t AND v.w = l.w INNER JOIN part AS p ON p.security = l.security AND p.n = v.b + 1 WHERE l.throughout),
		apart AS (SELECT w, session, sqrt(sum(weight * pow(ret - mean, 2))) AS weighted, stddevPopStable(ret) AS pop, stddevSampStable(ret) AS sample
			FROM (SELECT h.*, m.mean AS mean FROM held AS h INNER JOIN (SELECT t, w, sum(weight * ret) AS mean FROM held GROUP BY t, w) AS m ON m.t = h.t AND m.w = h.w)
			WHERE w IN ('1', '21') GROUP BY w, session),
		pairs AS (SELECT x.w AS w, x.session AS session, avg(arrayReduce('corrStable', x.rets, y.rets)) AS rho
			FROM vector AS x INNER JOIN vector AS y ON y.t = x.t AND y.w = x.w WHERE x.security < y.security GROUP BY w, session),
		basket AS (SELECT w, session, arrayReduce('varSampStable', sumForEach(arrayMap(r -> weight * r, rets))) AS var, sum(weight * s) AS linear, sum(pow(weight * s, 2)) AS squares
			FROM vector GROUP BY w, session)
		SELECT name || w || suffix AS name, '' AS of, session AS day, value FROM (
			SELECT 'pct_beating_' AS name, a.w AS w, '_live' AS suffix, a.session AS session, toNullable(avg(round(a.ret * 1e12) > round(a.index * 1e12))) AS value
				FROM alone AS a INNER JOIN part AS p ON p.n = a.t AND p.security = a.security WHERE a.known = a.days AND a.w != '1' GROUP BY a.w, a.session
			UNION ALL SELECT 'pct_beating_', a.w, '_pit', a.session, toNullable(avg(round(a.ret * 1e12) > round(a.index * 1e12)))
				FROM alone AS a INNER JOIN part AS p ON p.n = a.b + 1 AND p.security = a.security WHERE a.known = a.newest - a.b AND a.w != '1' GROUP BY a.w, a.session
			UNION ALL SELECT 'ret_mean_', w, '', session, toNullable(avg(ret)) FROM linked WHERE throughout GROUP BY w, session
			UNION ALL SELECT 'ret_median_', w, '', session, toNullable(quantileExactInclusive(0.5)(ret)) FROM linked WHERE throughout GROUP BY w, session
			UNION ALL SELECT 'dispersion_w_', w, '', session, toNullable(weighted) FROM apart
			UNION ALL SELECT 'dispersion_pop_', w, '', session, toNullable(pop) FROM apart
			UNION ALL SELECT 'dispersion_sample_', w, '', session, toNullable(sample) FROM apart
			UNION ALL SELECT 'corr_pair_mean_', w, '', session, toNullable(rho) FROM pairs
			UNION ALL SELECT 'corr_implied_', w, '', session, toNullable((var - squares) / (pow(linear, 2) - squares)) FROM basket
			UNION ALL SELECT 'vol_ratio2_', w, '', session, toNullable(var / pow(linear, 2)) FROM basket
		)`)
}

// secondOpinionOfDispersion compares the figures of every ninth session, and the
// correlations of every forty-fifth.
func secondOpinionOfDispersion(t *testing.T, conn *sql.Conn, of transform.Universe, w schemas.Window, facts []schemas.Fact) {
	t.Helper()
	run(t, conn, slices.Concat(weightSteps, contributionSteps, dispersionSteps), "{fund}", of.Funds[0], "{publisher}", of.Prices[0], "{from}", w.From.String(), "{to}", w.To.String())
	want := dispersionFigures(t, conn)
	days, rare := sampled(t, conn), make(map[schemas.Date]bool)
	for f := range want {
		if f.name == "corr_implied_21" {
			rare[f.day] = true
		}
	}
	got := factFigures(facts, days, want)
	for f := range got {
		if !rare[f.day] && slices.Contains(correlations(), f.name) {
			delete(got, f)
		}
	}
	agree(t, got, want)
	if len(rare) < 3 {
		t.Errorf("correlations of %d sessions were compared", len(rare))
	}
}

func correlations() []string {
	var out []string
	for _, w := range schemas.CorrelationWindows {
		out = append(out, "corr_pair_mean_"+w, "corr_implied_"+w, "vol_ratio2_"+w)
	}
	return out
}
