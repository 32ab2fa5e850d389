package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/schemas"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Jobs, stale windows, freshness and failing checks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withRunner(cmd, "status", func(_ *house, r *jobs.Runner) error {
				st, err := r.Status(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					if err := a.printJSON(statusOf(st)); err != nil {
						return err
					}
				} else {
					a.printStatus(st)
				}
				if st.FailedErrors() > 0 {
					return &exitError{exitChecks, fmt.Errorf("%s of severity error failing", plural(st.FailedErrors(), "check"))}
				}
				return nil
			})
		},
	}
	return a.jsonFlag(cmd)
}

func (a *app) printStatus(st *jobs.Status) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format, args...) }
	row("JOB\tSTALE\tNEWEST DAY\tBEHIND\tLAST RUN (UTC)\tOUTCOME\tDUE (UTC)\n")
	stale, why := 0, ""
	for _, j := range st.Jobs {
		newest, behind := "-", "-"
		if j.Newest != schemas.NoDate {
			newest = j.Newest.String()
		}
		if j.Expected != schemas.NoDate {
			behind = strconv.FormatInt(j.Behind, 10)
		}
		if j.Stale > 0 && why == "" && len(j.Reasons) > 0 {
			why = j.Name + " " + j.Reasons[0]
		}
		stale += j.Stale
		row("%s\t%d of %d\t%s\t%s\t%s\t%s\t%s\n", j.Name, j.Stale, j.Windows, newest, behind, minute(j.LastRun), cmp.Or(j.Outcome, "never ran"), minute(j.Next))
	}
	_ = t.Flush() // the writer below it never fails
	if stale > 0 {
		a.print("\n%s stale, such as %s; `tidemark run` brings what it can up to date\n", plural(stale, "window"), why)
	}
	for _, j := range st.Jobs {
		if j.Error != "" {
			a.print("\n%s: %s\n", j.Name, j.Error)
		}
	}
	a.printFindings(st.Checks)
}

// minute writes a time of this year or the next in few characters.
func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("Jan _2 15:04")
}

// printFindings prints failing checks: each check of a table once, with how
// many findings it has and the first of them.
func (a *app) printFindings(checks []schemas.CheckResult) {
	type key struct{ severity, check, dataset string }
	first := map[key]schemas.CheckResult{}
	count := map[key]int{}
	var order []key
	for _, c := range checks {
		if c.Passed {
			continue
		}
		k := key{string(c.Severity), c.Check, c.Dataset}
		if count[k] == 0 {
			first[k] = c
			order = append(order, k)
		}
		count[k]++
	}
	if len(order) == 0 {
		return
	}
	// Errors first: they keep a window from being replaced.
	slices.SortStableFunc(order, func(x, y key) int { return cmp.Compare(x.severity, y.severity) })
	a.print("\nfindings (the workbook's Data quality sheet and mart.quality list all)\n")
	for _, k := range order {
		more := ""
		if count[k] > 1 {
			more = fmt.Sprintf(", and %d more", count[k]-1)
		}
		a.print("  %s %s in %s\n%s", k.severity, k.check, k.dataset, wrapped("      ", 116, first[k].Window.String()+": "+first[k].Message+more))
	}
}

// wrapped breaks text at spaces into lines of at most width characters, each
// with the indent before it.
func wrapped(indent string, width int, text string) string {
	var b strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line) > len(indent) && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if len(line) > len(indent) {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
