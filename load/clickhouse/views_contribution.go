package clickhouse

import (
	"fmt"
	"strings"

	"tidemark/schemas"
)

const (
	securityComment = "Permanent id of the security."
	windowComment   = "ytd (since the last session of the year before), or a number of sessions that end with this one."
)

// shownKinds are the types in which the columns of a table are shown.
var shownKinds = map[schemas.Kind]string{
	schemas.KindSymbol: "String", schemas.KindDate: "Date", schemas.KindOptFloat: "Nullable(Float64)", schemas.KindInt: "Int64", schemas.KindTime: "DateTime64(3, 'UTC')",
}

// contributionView is facts.contribution with plain types.
func contributionView() view {
	d := schemas.Contributions.Dataset
	v := view{name: "contribution", comment: d.Comment + " Those of a session add up to index_return of the same window in mart.contribution_summary."}
	var names []string
	for _, c := range d.Columns {
		kind, ok := shownKinds[c.Kind]
		if !ok {
			panic(fmt.Sprintf("clickhouse: column %s of %s is of a kind that no view shows", c.Name, d))
		}
		v.columns = append(v.columns, viewColumn{c.Name, kind, schemas.DocWithUnit(strings.TrimSuffix(c.Comment, "."), c.Unit)})
		names = append(names, schemas.QuoteName(c.Name))
	}
	v.query = fmt.Sprintf("SELECT %s\nFROM %s", strings.Join(names, ", "), d)
	return v
}

// windowArrays returns an array of what is stored in a column of each window:
// to be unrolled by ARRAY JOIN.
func windowArrays(prefix string) string {
	names := make([]string, len(schemas.ContributionWindows))
	for i, w := range schemas.ContributionWindows {
		names[i] = schemas.QuoteName(prefix + w)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func windowNames() string {
	names := make([]string, len(schemas.ContributionWindows))
	for i, w := range schemas.ContributionWindows {
		names[i] = schemas.QuoteText(w)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// indexMoverView answers who moved an index: a row for each window, which a
// query orders by contribution.
func indexMoverView() view {
	return view{
		name: "index_mover",
		comment: "Who moved an index: SELECT security, contribution FROM mart.index_mover WHERE universe = 'SPX_MEMBERS' AND time_window = 'ytd' " +
			"AND session = (SELECT max(session) FROM mart.index_mover WHERE universe = 'SPX_MEMBERS') ORDER BY contribution DESC LIMIT 10.",
		columns: []viewColumn{
			{"universe", "String", universeComment},
			{"session", "Date", "Session that the window ends with."},
			{"time_window", "String", windowComment},
			{"security", "String", securityComment},
			{"contribution", "Float64", "Contribution to the return of the index, bought and held; unit: fraction"},
			{"contribution_carino", "Float64", "The same, linked after Carino; unit: fraction"},
			{"contribution_menchero", "Float64", "The same, linked after Menchero; unit: fraction"},
			{"security_return", "Nullable(Float64)", "Return of the security; empty where it was not in throughout; unit: fraction"},
			{"weight", "Nullable(Float64)", "Weight at the open of the session; 0 for one that has left; unit: fraction"},
			{"basis", "String", "What the returns are: tr, pr or mixed."},
		},
		query: fmt.Sprintf("SELECT universe, session, time_window, security, assumeNotNull(held) AS contribution,\n"+
			"    assumeNotNull(carino) AS contribution_carino, assumeNotNull(menchero) AS contribution_menchero, grown AS security_return, weight, basis\n"+
			"FROM %s\nARRAY JOIN %s AS time_window, %s AS held, %s AS carino,\n    %s AS menchero, %s AS grown\nWHERE held IS NOT NULL",
			schemas.Contributions, windowNames(), windowArrays("contrib_bh_"), windowArrays("contrib_carino_"), windowArrays("contrib_menchero_"), windowArrays("return_")),
	}
}

// performerContributorView sets the best performers beside the largest
// contributors: a row for each place.
func performerContributorView() view {
	ranked := fmt.Sprintf("SELECT universe, session, time_window,\n"+
		"        arraySlice(arraySort(x -> (-round(x.2 * 1e12), x.1), groupArray((CAST(security, 'String'), assumeNotNull(grown)))), 1, %[1]d) AS best,\n"+
		"        arraySlice(arraySort(x -> (-round(x.2 * 1e12), x.1), groupArray((CAST(security, 'String'), assumeNotNull(held)))), 1, %[1]d) AS most\n"+
		"    FROM %[2]s\n    ARRAY JOIN %[3]s AS time_window, %[4]s AS held, %[5]s AS grown\n"+
		"    WHERE held IS NOT NULL AND grown IS NOT NULL\n    GROUP BY universe, session, time_window",
		schemas.PerformerCount, schemas.Contributions, windowNames(), windowArrays("contrib_bh_"), windowArrays("return_"))
	return view{
		name: "performer_contributor",
		comment: fmt.Sprintf("The %d best performers of an index beside its %[1]d largest contributors, of the securities that were in throughout the window; the same "+
			"name in both is what overlap_%[1]d of mart.contribution_summary counts.", schemas.PerformerCount),
		columns: []viewColumn{
			{"universe", "String", universeComment},
			{"session", "Date", "Session that the window ends with."},
			{"time_window", "String", windowComment},
			{"place", "Int64", "Place, from 1; equals stand in order of their ids."},
			{"performer", "String", "Security with the place by return."},
			{"performer_return", "Float64", "Its return; unit: fraction"},
			{"contributor", "String", "Security with the place by contribution."},
			{"contribution", "Float64", "Its contribution, bought and held; unit: fraction"},
			{"performer_contributes", "Bool", "Whether the performer is among the contributors."},
		},
		query: "SELECT universe, session, time_window, toInt64(at) AS place, p.1 AS performer, p.2 AS performer_return, c.1 AS contributor, c.2 AS contribution,\n" +
			"    toBool(has(arrayMap(x -> x.1, most), p.1)) AS performer_contributes\nFROM (\n    " + ranked + "\n)\n" +
			"ARRAY JOIN arrayEnumerate(best) AS at, best AS p, most AS c",
	}
}
