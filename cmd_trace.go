package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

func (a *app) traceCommand() *cobra.Command {
	var universe, knownAt string
	var all bool
	cmd := &cobra.Command{
		Use:     "trace METRIC DATE",
		Short:   "Follow a figure down to the bytes it came from",
		Example: "  tidemark trace conc_top10_sec 2025-09-05 --universe SPX_MEMBERS",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := schemas.ParseDate(args[1])
			if err != nil {
				return usageError("%w", err)
			}
			known, err := parseKnownAt(knownAt)
			if err != nil {
				return err
			}
			return a.withRunner(cmd, "trace", func(h *house, r *jobs.Runner) error {
				t, err := r.Trace(cmd.Context(), args[0], universe, day, known)
				if err != nil {
					return err
				}
				versions, err := h.warehouse.Versions(cmd.Context(), t.Fact.Metric, t.Fact.Universe, t.Fact.Session)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(traceOf(t, versions))
				}
				sources, err := h.warehouse.Sources(cmd.Context())
				if err != nil {
					return err
				}
				a.printFact(t.Fact)
				a.printVersions(versions, t.Fact)
				l := newLineagePrinter(a, day, sources)
				if !all {
					l.most = 3
				}
				l.print(t.From, 0)
				a.print("\nthe bytes of an answer are in the archive under its SHA-256: %s\n", h.archive)
				return nil
			})
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().StringVarP(&universe, "universe", "u", "", "universe, where more than one has the figure")
	cmd.Flags().StringVar(&knownAt, "known-at", "", knownAtHelp)
	cmd.Flags().BoolVar(&all, "all", false, "list every answer, not only the three nearest to the day of each window")
	return cmd
}

func (a *app) printFact(f schemas.Fact) {
	m := schemas.MetricByID(f.Metric)
	value := "no value (" + string(f.Status) + ")"
	if f.Value.OK {
		value = trimFloat(f.Value.V) + " " + m.Unit + " (" + string(f.Status) + ")"
	}
	a.print("%s of %s on %s: %s\n", m.ID, f.Universe, f.Session, value)
	a.print("  %s; %s\n  formula   %s\n  basis     %s", m.Name, m.Source, m.Formula, f.Basis)
	if f.Detail != "" {
		a.print(" (%s)", f.Detail)
	}
	a.print("\n  members   %d, excluded %d", f.Members, f.Excluded)
	if f.Coverage.OK {
		a.print(", coverage %.1f %%", 100*f.Coverage.V)
	}
	a.print("\n  known at  %s\n  method    %d\n  run       %s\n\n", f.KnownAt.UTC().Format("2006-01-02 15:04Z"), f.Method, f.Run)
}

// printVersions lists what a figure has been, where it has not always been the same.
func (a *app) printVersions(versions []clickhouse.Version, f schemas.Fact) {
	if len(versions) < 2 {
		return
	}
	a.print("what the warehouse has held of it:\n")
	for _, v := range versions {
		value := "no value (" + string(v.Status) + ")"
		if v.Value.OK {
			value = trimFloat(v.Value.V) + " " + schemas.MetricByID(f.Metric).Unit
		}
		until := "until now"
		if !v.To.IsZero() {
			until = "until " + v.To.Format("2006-01-02 15:04:05Z")
		}
		a.print("  from %s %s: %s, run %s\n", v.From.Format("2006-01-02 15:04:05Z"), until, value, v.Run)
	}
	a.print("\n")
}

// lineagePrinter prints windows, the answers they were read from and the
// windows they were built from, each window once.
type lineagePrinter struct {
	*app
	day  schemas.Date
	most int // answers of a window; 0 means all
	days map[sourceKey]schemas.SourceLine
	seen map[*clickhouse.Lineage]bool
}

type sourceKey struct{ dataset, part, hash string }

func newLineagePrinter(a *app, day schemas.Date, sources []schemas.SourceLine) *lineagePrinter {
	l := &lineagePrinter{app: a, day: day, days: map[sourceKey]schemas.SourceLine{}, seen: map[*clickhouse.Lineage]bool{}}
	for _, s := range sources {
		l.days[sourceKey{s.Dataset, s.Part, s.Hash}] = s
	}
	return l
}

func (l *lineagePrinter) print(from *clickhouse.Lineage, depth int) {
	indent := strings.Repeat("  ", depth)
	b := from.Built
	if l.seen[from] {
		l.app.print("%s%s %s  (above)\n", indent, b.Dataset, b.Window)
		return
	}
	l.seen[from] = true
	l.app.print("%s%s %s  %d rows, content %s, run %s\n", indent, b.Dataset, b.Window, b.Rows, b.Content, b.RunID)
	l.payloads(from, indent)
	for _, w := range from.Windows {
		l.print(w, depth+1)
	}
}

// payloads prints a window's answers, those whose rows lie nearest to the
// figure's day first.
func (l *lineagePrinter) payloads(from *clickhouse.Lineage, indent string) {
	gap := func(p schemas.Payload) int {
		s, ok := l.days[sourceKey{from.Built.Dataset, from.Built.Window.Part, p.Hash}]
		switch {
		case !ok:
			return 1 << 30
		case s.From > l.day:
			return 1<<20 + int(s.From-l.day) // its rows came later: they went in, but say the least about the day
		case s.To < l.day:
			return int(l.day - s.To)
		default:
			return 0
		}
	}
	answers := slices.Clone(from.Payloads)
	slices.SortStableFunc(answers, func(x, y schemas.Payload) int { return cmp.Compare(gap(x), gap(y)) })
	for i, p := range answers {
		if l.most > 0 && i == l.most {
			l.app.print("%s  and %d more answers (--all lists them)\n", indent, len(answers)-i)
			return
		}
		rows := "no rows of its own"
		if s, ok := l.days[sourceKey{from.Built.Dataset, from.Built.Window.Part, p.Hash}]; ok {
			rows = "rows of " + s.From.String() + " to " + s.To.String()
		}
		l.app.print("%s  payload %s  %s, %d bytes, fetched %s\n%s          %s\n", indent, p.Hash, rows, p.Bytes, p.FetchedAt.UTC().Format("2006-01-02 15:04:05Z"), indent, p.Request)
	}
}
