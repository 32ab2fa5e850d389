package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
)

// view is one of the tables that people look at.
type view struct {
	name    string
	comment string
	columns []viewColumn
	query   string // with a column of the same name for each of columns
}

// viewColumn names its type itself: what tools are shown is plain, where the
// stored column may be a dictionary.
type viewColumn struct{ name, kind, comment string }

// statement returns the SQL that makes the view or puts it in the place of
// the one there was, in one step for whoever reads. The view reads with the
// rights of the user who makes it, so that its readers need none on the
// tables behind it.
func (v view) statement() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s\n(\n", qualified("mart", v.name))
	for i, c := range v.columns {
		fmt.Fprintf(&b, "    %s %s COMMENT %s", schemas.QuoteName(c.name), c.kind, schemas.QuoteText(c.comment))
		if i < len(v.columns)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, ")\nDEFINER = CURRENT_USER SQL SECURITY DEFINER AS\n%s\nCOMMENT %s", v.query, schemas.QuoteText(v.comment))
	return b.String()
}

// Views makes the views of database mart anew from the metric register and
// the tables of this version: a wide table for each family of metrics, the
// contributions of securities, and fact, as_known, metric, freshness, quality and source.
func (w *Warehouse) Views(ctx context.Context) error {
	return w.makeViews(ctx, views(schemas.Register(), schemas.Datasets()))
}

func (w *Warehouse) makeViews(ctx context.Context, all []view) error {
	for _, v := range all {
		if err := w.exec(ctx, v.statement()); err != nil {
			return fmt.Errorf("clickhouse: make view mart.%s: %w", v.name, err)
		}
	}
	return nil
}

func views(register []schemas.Metric, datasets []schemas.Dataset) []view {
	var out []view
	for _, family := range families(register, datasets) {
		out = append(out, family.view())
	}
	out = append(out, contributionView(), indexMoverView(), performerContributorView(), divergenceEpisodeView(), securityView(), vintageView())
	return append(out, factView(register, datasets), asKnownView(register, datasets), metricView(register), freshnessView(datasets), qualityView(), sourceView(datasets))
}

// family is a group of metrics that are shown as one wide table.
type family struct {
	name    string
	metrics []schemas.Metric
	tables  []string // fact tables that hold them
}

// families returns the families of the register, and for each fact table whose
// family has no metrics yet an empty one, so that the view exists from the
// first day.
func families(register []schemas.Metric, datasets []schemas.Dataset) []family {
	var out []family
	get := func(name string) *family {
		if i := slices.IndexFunc(out, func(f family) bool { return f.name == name }); i >= 0 {
			return &out[i]
		}
		out = append(out, family{name: name})
		return &out[len(out)-1]
	}
	for _, m := range register {
		f := get(m.Family)
		f.metrics = append(f.metrics, m)
		if !slices.Contains(f.tables, m.Dataset) {
			f.tables = append(f.tables, m.Dataset)
		}
	}
	for _, d := range factTables(datasets) {
		if !slices.ContainsFunc(out, func(f family) bool {
			return slices.Contains(f.tables, d.String()) || strings.HasPrefix(d.Name, f.name+"_")
		}) {
			f := get(d.Name)
			f.tables = append(f.tables, d.String())
		}
	}
	return out
}

// factTables are the tables of facts among the datasets: those with a metric in
// each row.
func factTables(datasets []schemas.Dataset) []schemas.Dataset {
	return slices.DeleteFunc(slices.Clone(datasets), func(d schemas.Dataset) bool {
		_, ok := d.Column("metric")
		return d.Database != "facts" || !ok
	})
}

const (
	universeComment = "Whose figures they are: an index universe, a pair of them, or the Federal Reserve."
	sessionComment  = "Session, or day the figures speak of."
)

func (f family) view() view {
	v := view{
		name:    f.name,
		comment: fmt.Sprintf("Facts of the family %s, one row per universe and session. An empty cell has its reason in mart.fact.", f.name),
		columns: []viewColumn{
			{"universe", "String", universeComment},
			{"session", "Date", sessionComment},
			{"known_at", "DateTime64(3, 'UTC')", "When the last of the row's inputs was public; unit: UTC"},
		},
	}
	ids := make([]string, 0, len(f.metrics))
	exprs := []string{"universe", "session", "max(known_at) AS known_at"}
	for _, m := range f.metrics {
		ids = append(ids, schemas.QuoteText(m.ID))
		exprs = append(exprs, fmt.Sprintf("anyIf(value, metric = %s) AS %s", schemas.QuoteText(m.ID), schemas.QuoteName(m.ID)))
		v.columns = append(v.columns, viewColumn{m.ID, "Nullable(Float64)", metricComment(m)})
	}
	where := ""
	if len(ids) > 0 {
		where = " WHERE metric IN (" + strings.Join(ids, ", ") + ")"
	}
	var from []string
	for _, table := range f.tables {
		from = append(from, "SELECT universe, session, metric, value, known_at FROM "+table+where)
	}
	v.query = fmt.Sprintf("SELECT %s\nFROM (%s)\nGROUP BY universe, session",
		strings.Join(exprs, ",\n    "), strings.Join(from, "\n    UNION ALL "))
	return v
}

// metricComment says in one line what a person must know about a metric.
func metricComment(m schemas.Metric) string {
	c := schemas.DocWithUnit(m.Name, m.Unit)
	if m.Formula != "" {
		c += "; formula: " + m.Formula
	}
	return c
}

// factColumns are those of the fact tables that people are shown.
var factColumns = []string{"universe", "session", "metric", "value", "status", "members", "excluded", "coverage", "basis", "detail", "method", "known_at", "run_id"}

// factQuery selects facts with what the register says of their metrics.
func factQuery(register []schemas.Metric, more, from string) string {
	var ids, names, fams, units []string
	for _, m := range register {
		ids = append(ids, schemas.QuoteText(m.ID))
		names = append(names, schemas.QuoteText(m.Name))
		fams = append(fams, schemas.QuoteText(m.Family))
		units = append(units, schemas.QuoteText(m.Unit))
	}
	fromRegister := func(values []string, otherwise string) string {
		if len(ids) == 0 {
			return otherwise
		}
		return fmt.Sprintf("transform(CAST(metric, 'String'), [%s], [%s], %s)", strings.Join(ids, ", "), strings.Join(values, ", "), otherwise)
	}
	return fmt.Sprintf("SELECT universe, session, metric, %s AS name, %s AS family, %s AS unit,\n"+
		"    value, status, members, excluded, coverage, basis, detail, method, known_at, run_id%s\nFROM (%s)",
		fromRegister(names, "CAST(metric, 'String')"), fromRegister(fams, "''"), fromRegister(units, "''"), more, from)
}

// factView is every fact with its reason and its origin, one row each.
func factView(register []schemas.Metric, datasets []schemas.Dataset) view {
	var from []string
	for _, d := range factTables(datasets) {
		from = append(from, "SELECT "+strings.Join(factColumns, ", ")+" FROM "+d.String())
	}
	return view{
		name: "fact", comment: "Every fact, one row per metric, universe and session: the value, or the reason why there is none.",
		columns: []viewColumn{
			{"universe", "String", universeComment},
			{"session", "Date", sessionComment},
			{"metric", "String", "Id in mart.metric."},
			{"name", "String", "Name of the metric."},
			{"family", "String", "Family of the metric."},
			{"unit", "String", "Unit of the value."},
			{"value", "Nullable(Float64)", "The value; empty where status gives the reason; unit: see unit"},
			{"status", "String", "ok, partial, warmup, or the reason why there is no value."},
			{"members", "Int64", "Members of the universe, or inputs of the figure; unit: members"},
			{"excluded", "Int64", "Members left out; unit: members"},
			{"coverage", "Nullable(Float64)", "Share of weight or of members with valid inputs; unit: fraction"},
			{"basis", "String", "What the inputs are."},
			{"detail", "String", "What else a reader must know."},
			{"method", "Int64", "Version of the definition."},
			{"known_at", "DateTime64(3, 'UTC')", "When all inputs were public; unit: UTC"},
			{"run_id", "String", "Run that built the row."},
		},
		query: factQuery(register, "", strings.Join(from, "\n    UNION ALL ")),
	}
}

// metricView is the metric register.
func metricView(register []schemas.Metric) view {
	texts := []struct {
		name, comment string
		value         func(schemas.Metric) string
	}{
		{"metric", "Id; the name of its column in the table of its family.", func(m schemas.Metric) string { return m.ID }},
		{"name", "Name for people.", func(m schemas.Metric) string { return m.Name }},
		{"family", "Family, and the view its column is in.", func(m schemas.Metric) string { return m.Family }},
		{"unit", "Unit of the value.", func(m schemas.Metric) string { return m.Unit }},
		{"formula", "Formula.", func(m schemas.Metric) string { return m.Formula }},
		{"source", "Author or publisher of the definition.", func(m schemas.Metric) string { return m.Source }},
		{"inputs", "What it is computed from.", func(m schemas.Metric) string { return m.Inputs }},
		{"time_window", "Days or observations it looks back on.", func(m schemas.Metric) string { return m.Window }},
		{"edge_cases", "Edge cases.", func(m schemas.Metric) string { return m.Edge }},
	}
	numbers := []struct {
		name, comment string
		value         func(schemas.Metric) int64
	}{
		{"position", "Order in which to show metrics.", nil},
		{"warmup", "Observations needed before the first value; unit: observations", func(m schemas.Metric) int64 { return int64(m.Warmup) }},
		{"method", "Version of the definition.", func(m schemas.Metric) int64 { return m.Method }},
		{"decimals", "Digits shown after the point.", func(m schemas.Metric) int64 { return int64(m.Decimals) }},
	}
	v := view{name: "metric", comment: "The metric register: what each figure means."}
	var structure []string
	add := func(name, kind, comment string) {
		v.columns = append(v.columns, viewColumn{name, kind, comment})
		structure = append(structure, name+" "+kind)
	}
	for _, c := range texts {
		add(c.name, "String", c.comment)
	}
	for _, c := range numbers {
		add(c.name, "Int64", c.comment)
	}
	var rows []string
	for i, m := range register {
		var cells []string
		for _, c := range texts {
			cells = append(cells, tabbed.Replace(c.value(m)))
		}
		for _, c := range numbers {
			n := int64(i + 1)
			if c.value != nil {
				n = c.value(m)
			}
			cells = append(cells, strconv.FormatInt(n, 10))
		}
		rows = append(rows, strings.Join(cells, "\t"))
	}
	if len(rows) == 0 {
		v.query = fmt.Sprintf("SELECT * FROM null(%s)", schemas.QuoteText(strings.Join(structure, ", ")))
		return v
	}
	// As one text, which the server reads in a tenth of the time that so many
	// expressions take it.
	v.query = fmt.Sprintf("SELECT * FROM format(TSV, %s, %s)", schemas.QuoteText(strings.Join(structure, ", ")), schemas.QuoteText(strings.Join(rows, "\n")))
	return v
}

// tabbed writes a text as TSV wants it.
var tabbed = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")

// freshnessView says how far each part of each table reaches.
func freshnessView(datasets []schemas.Dataset) view {
	from := []string{"SELECT CAST(dataset, 'String') AS dataset, CAST(part, 'String') AS part, NULL::Nullable(Date32) AS oldest, NULL::Nullable(Date32) AS newest, 0::Int64 AS rows, max(built_at) AS built_at FROM ops.window GROUP BY dataset, part"}
	for _, d := range datasets {
		if d.Log() {
			continue
		}
		part, date := schemas.QuoteName(d.PartColumn), schemas.QuoteName(d.DateColumn)
		from = append(from, fmt.Sprintf("SELECT %s, CAST(%s, 'String'), toNullable(toDate32(min(%s))), toNullable(toDate32(max(%[3]s))), toInt64(count()), fromUnixTimestamp64Milli(0, 'UTC') FROM %s GROUP BY %[2]s",
			schemas.QuoteText(d.String()), part, date, qualified(d.Database, d.Name)))
	}
	return view{
		name: "freshness", comment: "How far the data of each part of each table reaches, and when it was last found up to date.",
		columns: []viewColumn{
			{"dataset", "String", "Table."},
			{"part", "String", "Part of the table: a fund, a publisher, a universe."},
			{"oldest", "Nullable(Date32)", "First day in the data; empty when there are no rows."},
			{"newest", "Nullable(Date32)", "Last day in the data; empty when there are no rows."},
			{"rows", "Int64", "Rows; unit: rows"},
			{"built_at", "DateTime64(3, 'UTC')", "When a window of the part was last built or found up to date; unit: UTC"},
		},
		query: "SELECT dataset, part, min(oldest) AS oldest, max(newest) AS newest, sum(rows) AS rows, max(built_at) AS built_at\nFROM (" +
			strings.Join(from, "\n    UNION ALL ") + ")\nGROUP BY dataset, part",
	}
}

// qualityView is what the newest run of each window found: a check may find
// more than one thing.
func qualityView() view {
	return view{
		name: "quality", comment: "What the newest run of each window found.",
		columns: []viewColumn{
			{"dataset", "String", "Table."},
			{"part", "String", "Part of the table."},
			{"from_date", "Date", "First day of the window."},
			{"to_date", "Date", "First day after the window."},
			{"check_name", "String", "Check."},
			{"severity", "String", "error (the window was not replaced) or warning."},
			{"passed", "Bool", "Whether it passed."},
			{"message", "String", "What was found."},
			{"checked_at", "DateTime64(3, 'UTC')", "When it was checked; unit: UTC"},
			{"run_id", "String", "Run that was checked."},
		},
		query: "SELECT dataset, part, from_date, to_date, check_name, severity, passed, message, at AS checked_at, run_id\n" +
			"FROM ops.check\nWHERE (dataset, part, from_date, at) IN\n" +
			"    (SELECT dataset, part, from_date, max(at) FROM ops.check GROUP BY dataset, part, from_date)",
	}
}

// sourceView says which answers of publishers the raw rows were read from.
func sourceView(datasets []schemas.Dataset) view {
	var from []string
	for _, d := range datasets {
		if !d.Answered() {
			continue
		}
		part, date := schemas.QuoteName(d.PartColumn), schemas.QuoteName(d.DateColumn)
		// Grouped as the tables keep it.
		from = append(from, fmt.Sprintf("SELECT %s AS dataset, CAST(r.%s, 'String') AS part, CAST(r.payload, 'String') AS payload, toDate32(min(%s)) AS first_day, toDate32(max(%[3]s)) AS last_day, toInt64(count()) AS rows FROM %s AS r GROUP BY r.%[2]s, r.payload",
			schemas.QuoteText(d.String()), part, date, qualified(d.Database, d.Name)))
	}
	return view{
		name: "source", comment: "Which answer of which publisher each stretch of the raw tables was read from.",
		columns: []viewColumn{
			{"dataset", "String", "Table."},
			{"part", "String", "Part of the table."},
			{"publisher", "String", "Who answered."},
			{"request", "String", "What was asked, secrets left out."},
			{"first_day", "Date32", "First day of the rows read from the answer."},
			{"last_day", "Date32", "Last day of the rows read from the answer."},
			{"rows", "Int64", "Rows read from it; unit: rows"},
			{"fetched_at", "Nullable(DateTime64(3, 'UTC'))", "When it was first fetched; unit: UTC"},
			{"payload", "String", "SHA-256 of the answer, its name in the archive."},
		},
		query: "SELECT dataset, part, p.publisher AS publisher, p.request AS request, first_day, last_day, rows, p.first AS fetched_at, payload\nFROM (" +
			strings.Join(from, "\n    UNION ALL ") + ") AS r\nLEFT JOIN (\n" +
			"    SELECT CAST(payload, 'String') AS payload, CAST(argMin(publisher, fetched_at), 'String') AS publisher, argMin(request, fetched_at) AS request,\n" +
			"        toNullable(min(fetched_at)) AS first FROM ops.payload GROUP BY payload\n) AS p USING (payload)",
	}
}
