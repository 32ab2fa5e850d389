package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tidemark/schemas"
)

// divergenceEpisodeView lists the episodes in which a large index at its high
// had left the small one behind, with what followed the start of each, and
// beside it what followed any session. There are few of them: a list, and not a
// sample.
func divergenceEpisodeView() view {
	v := view{
		name: "divergence_episode",
		comment: "Episodes in which the large index of a pair was at its high and had left the small one behind as rarely before, and what followed the first session " +
			"of each. Beside it stands what followed any session, of which there are only independent_N windows that do not overlap.",
		columns: []viewColumn{
			{"universe", "String", "The small index and the large one: SMALL~LARGE."},
			{"basis", "String", "Levels that are compared: pr (price) or tr (total return)."},
			{"first_flag", "Date", "First flagged session: what followed is counted from its close."},
			{"last_flag", "Date", "Last flagged session so far."},
			{"flags", "Int64", "Flagged sessions; unit: sessions"},
			{"ended_known_at", "Nullable(DateTime64(3, 'UTC'))", "When it was known that the episode had ended, 22 sessions after its last flag; empty while it may go on; unit: UTC"},
		},
	}
	for _, w := range schemas.ForwardWindows {
		for _, leg := range divergenceLegs {
			v.columns = append(v.columns, viewColumn{leg.id + "_" + w, "Nullable(Float64)", leg.name + " over the " + w + " sessions that followed; empty while they are not over; unit: fraction"})
		}
		v.columns = append(v.columns,
			viewColumn{"any_gap_" + w, "Nullable(Float64)", "Median over all sessions of the return of the small index less that of the large one over " + w + " sessions; unit: fraction"},
			viewColumn{"independent_" + w, "Int64", "Windows of " + w + " sessions that do not overlap; unit: windows"})
	}
	v.query = divergenceEpisodes("", time.Time{})
	return v
}

var divergenceLegs = []struct{ id, name string }{
	{"large", "Return of the large index"}, {"small", "Return of the small index"}, {"gap", "Return of the small index less that of the large one"},
}

// divergenceEpisodes selects what the view shows; known limits it to facts that
// were public by a moment, and at to those that stood at an instant.
func divergenceEpisodes(known string, at time.Time) string {
	size := TableAt(schemas.Size.Dataset, at)
	var episode, whole, shown []string
	for _, w := range schemas.ForwardWindows {
		for _, leg := range divergenceLegs {
			name := leg.id + "_" + w
			episode = append(episode, fmt.Sprintf("anyIf(value, metric LIKE 'fwd_ret_%s_%s_%%') AS %s", w, leg.id, name))
			shown = append(shown, "f."+name+" AS "+name)
		}
		whole = append(whole,
			fmt.Sprintf("quantileExactInclusiveIf(0.5)(value, metric LIKE 'fwd_ret_%s_gap_%%' AND value IS NOT NULL) AS any_gap_%[1]s", w),
			fmt.Sprintf("toInt64(intDiv(countIf(metric LIKE 'fwd_ret_%s_gap_%%' AND value IS NOT NULL), %[1]s)) AS independent_%[1]s", w))
		shown = append(shown, fmt.Sprintf("u.any_gap_%s AS any_gap_%[1]s, u.independent_%[1]s AS independent_%[1]s", w))
	}
	const of, list = "universe, right(metric, 2) AS basis", ",\n        "
	return "SELECT e.universe AS universe, e.basis AS basis, e.first_flag AS first_flag, e.last_flag AS last_flag, e.flags AS flags, e.ended_known_at AS ended_known_at,\n    " +
		strings.Join(shown, ",\n    ") + "\nFROM (\n" +
		"    SELECT " + of + ", toDate(extract(detail, '=([0-9-]+)')) AS first_flag, toDate(argMax(extract(detail, '[.][.]([0-9-]+)'), session)) AS last_flag,\n" +
		"        toInt64(argMax(extract(detail, 'flags=([0-9]+)'), session)) AS flags, max(if(startsWith(detail, 'ended='), toNullable(known_at), NULL)) AS ended_known_at\n" +
		"    FROM " + size + " WHERE metric IN ('div_episode_pr', 'div_episode_tr') AND detail != ''" + known + " GROUP BY universe, basis, first_flag\n) AS e\n" +
		"LEFT JOIN (\n    SELECT " + of + ", session" + list + strings.Join(episode, list) + "\n" +
		"    FROM " + size + " WHERE metric LIKE 'fwd_ret_%'" + known + " GROUP BY universe, basis, session\n) AS f ON f.universe = e.universe AND f.basis = e.basis AND f.session = e.first_flag\n" +
		"LEFT JOIN (\n    SELECT " + of + list + strings.Join(whole, list) + "\n" +
		"    FROM " + size + " WHERE metric LIKE 'fwd_ret_%'" + known + " GROUP BY universe, basis\n) AS u ON u.universe = e.universe AND u.basis = e.basis"
}

// Episodes returns the episodes in which a large index had left the small one
// behind, as they were public by the end of a day: by pair and basis, newest first.
// Where an instant is given they come from the facts that stood then.
func (w *Warehouse) Episodes(ctx context.Context, last schemas.Date, at time.Time) ([]schemas.Episode, error) {
	columns := []string{"universe", "basis", "toInt32(first_flag)", "toInt32(last_flag)", "flags", "ifNull(toUnixTimestamp64Milli(ended_known_at), 0)"}
	for _, n := range schemas.ForwardWindows {
		for _, leg := range divergenceLegs {
			columns = append(columns, leg.id+"_"+n)
		}
		columns = append(columns, "any_gap_"+n, "independent_"+n)
	}
	sql := "SELECT " + strings.Join(columns, ", ") + " FROM (" + divergenceEpisodes(" AND known_at < {next:DateTime64(3)}", at) + ") ORDER BY universe, basis, first_flag DESC"
	var out []schemas.Episode
	err := w.each(ctx, sql, []any{Named("next", (last + 1).Time())}, func() { out = nil }, func(rows driver.Rows) error {
		var e schemas.Episode
		var first, newest int32
		var ended int64
		into := []any{&e.Universe, &e.Basis, &first, &newest, &e.Flags, &ended}
		var values [len(schemas.ForwardWindows)][4]*float64
		for i := range e.After {
			for k := range values[i] {
				into = append(into, &values[i][k])
			}
			into = append(into, &e.After[i].Independent)
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		e.First, e.Last = schemas.Date(first), schemas.Date(newest)
		if ended != 0 {
			e.EndKnown = time.UnixMilli(ended).UTC()
		}
		for i := range e.After {
			a := &e.After[i]
			for k, to := range []*schemas.Opt[float64]{&a.Large, &a.Small, &a.Gap, &a.AnyGap} {
				if v := values[i][k]; v != nil {
					*to = schemas.Some(*v)
				}
			}
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: read the episodes: %w", err)
	}
	return out, nil
}
