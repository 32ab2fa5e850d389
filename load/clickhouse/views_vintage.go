package clickhouse

import "tidemark/schemas"

// vintageView is raw.vintage in one unit for each series, so that a restatement of
// the unit is no revision.
func vintageView() view {
	return view{
		name: "vintage", comment: "What a publisher has said of each day of a series, and when: first what it said then, last what it says now. A value that stands is known until 2200-01-01.",
		columns: []viewColumn{
			{"series", "String", "The publisher's identifier of the series, such as WALCL."},
			{"obs_date", "Date", "Day the value speaks of."},
			{"known_from", "Date32", "First day on which the publisher gave this value."},
			{"known_to", "Date32", "First day on which it no longer did; 2200-01-01 where it still does."},
			{"value", "Nullable(Float64)", "The value with its multiplier applied: dollars, percent or points; empty where the publisher had none."},
			{"unit", "String", "Unit as published at the time, of which the multiplier has been applied."},
		},
		query: "SELECT series, obs_date, known_from, ifNull(toDate32(v.known_to) + 1, toDate32('2200-01-01')) AS known_to,\n" +
			"    v.value * multiplier AS value, unit\n" +
			"FROM " + schemas.Vintages.String() + " AS v",
	}
}
