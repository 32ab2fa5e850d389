package clickhouse

import (
	"fmt"
	"strings"

	"tidemark/schemas"
)

// forEver is when a row that still stands is replaced, for those who compare.
// Clients that count in nanoseconds know no instant after 2262.
const forEver = "toDateTime64('2200-01-01 00:00:00', 3, 'UTC')"

// versionsSQL selects every version that the rows of some tables have had, with
// the instants between which each stood: from known_from on, and until before
// known_to. The tables have the key and the columns in common.
//
// Of a key the witnesses follow each other: what one saw stood since the one
// before. The first version has stood since the first build by which the window
// reached the row's day, and the row that stands now since the last witness.
func versionsSQL(datasets []schemas.Dataset, columns []string) string {
	if len(datasets) == 0 {
		return ""
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = schemas.QuoteName(c)
	}
	list := strings.Join(quoted, ", ")
	part, date := schemas.QuoteName(datasets[0].PartColumn), schemas.QuoteName(datasets[0].DateColumn)
	key := strings.Trim(keySQL(datasets[0]), "()")
	var stand, stood []string
	for _, d := range datasets {
		own := fmt.Sprintf("SELECT %s, %s AS dataset, %s AS in_window", list, schemas.QuoteText(d.String()), windowStart(d))
		stand = append(stand, own+" FROM "+qualified(d.Database, d.Name))
		stood = append(stood, fmt.Sprintf("%s, %s, %s FROM %s", own, schemas.WitnessStood, schemas.WitnessAt, qualified(d.History().Database, d.History().Name)))
	}
	const union = "\n        UNION ALL "
	return fmt.Sprintf("WITH past AS (\n        %s)\nSELECT %s, ifNull(before, since) AS known_from, known_to\nFROM (\n", strings.Join(stood, union), list) +
		fmt.Sprintf("    SELECT %s, dataset, in_window, before, %s AS known_to FROM (\n        SELECT *, lagInFrame(toNullable(%[2]s)) OVER (PARTITION BY %[3]s ORDER BY %[2]s) AS before FROM past) WHERE %[4]s\n", list, schemas.WitnessAt, key, schemas.WitnessStood) +
		fmt.Sprintf("    UNION ALL SELECT %s, dataset, in_window, nullIf(w.at, fromUnixTimestamp64Milli(0, 'UTC')) AS before, %s AS known_to FROM (\n        %s) AS t\n", list, forEver, strings.Join(stand, union)) +
		fmt.Sprintf("        LEFT JOIN (SELECT %s, max(%s) AS at FROM past GROUP BY %[1]s) AS w USING (%[1]s)\n) AS v\n", key, schemas.WitnessAt) +
		"ASOF LEFT JOIN (\n    SELECT CAST(dataset, 'String') AS dataset, CAST(part, 'String') AS part, toDate32(from_date) AS in_window, assumeNotNull(reach) AS reach, min(built_at) AS since\n" +
		"    FROM ops.window WHERE reach IS NOT NULL GROUP BY ALL\n" +
		fmt.Sprintf(") AS b ON b.dataset = v.dataset AND b.part = CAST(v.%s, 'String') AND b.in_window = v.in_window AND toDate32(v.%s) <= b.reach", part, date)
}

// windowStart is the first day of the window in which a row of d lies.
func windowStart(d schemas.Dataset) string {
	date := schemas.QuoteName(d.DateColumn)
	switch d.Cut {
	case schemas.CutYear:
		return "toDate32(toStartOfYear(" + date + "))"
	case schemas.CutMonth:
		return "toDate32(toStartOfMonth(" + date + "))"
	default:
		return "toDate32(0)"
	}
}

// asKnownView is every fact with everything that it was before.
func asKnownView(register []schemas.Metric, datasets []schemas.Dataset) view {
	v := factView(register, datasets)
	v.name = "as_known"
	v.comment = "Every fact as it was known: each version with the instants between which it stood in the warehouse. What was known at an instant T are the rows with known_from <= T and known_to > T."
	v.columns = append(v.columns,
		viewColumn{"known_from", "DateTime64(3, 'UTC')", "Since when the warehouse has had this version; unit: UTC"},
		viewColumn{"known_to", "DateTime64(3, 'UTC')", "When another took its place; 2200-01-01 where none has; unit: UTC"})
	v.query = factQuery(register, ", known_from, known_to", versionsSQL(factTables(datasets), factColumns))
	return v
}
