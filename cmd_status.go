package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/schemas"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Jobs, stale windows, freshness and failing checks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			s, err := a.load()
			if err != nil {
				return err
			}
			h, err := a.open(cmd.Context(), s, opening{})
			if err != nil {
				return err
			}
			defer func() { err = firstError(err, h.close()) }()
			st, err := a.runner(h, "status").Status(cmd.Context())
			if err != nil {
				return err
			}
			if a.json {
				enc := json.NewEncoder(a.out)
				enc.SetIndent("", "  ")
				if err := enc.Encode(st); err != nil {
					return fmt.Errorf("write the status: %w", err)
				}
			} else {
				a.printStatus(st)
			}
			if st.FailedErrors() > 0 {
				return &exitError{exitChecks, fmt.Errorf("%d checks of severity error are failing", st.FailedErrors())}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print JSON")
	return cmd
}

func (a *app) printStatus(st *jobs.Status) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format, args...) }
	row("JOB\tTABLE\tWINDOWS\tSTALE\tNEWEST DAY\tBEHIND\tLAST RUN\tOUTCOME\tNEXT\n")
	for _, j := range st.Jobs {
		newest, behind := "-", "-"
		if j.Newest != schemas.NoDate {
			newest = j.Newest.String()
		}
		if j.Expected != schemas.NoDate {
			behind = strconv.FormatInt(j.Behind, 10)
		}
		last, next := "-", "-"
		if !j.LastRun.IsZero() {
			last = j.LastRun.UTC().Format("2006-01-02 15:04Z")
		}
		if !j.Next.IsZero() {
			next = j.Next.UTC().Format("2006-01-02 15:04Z")
		}
		outcome := j.Outcome
		if outcome == "" {
			outcome = "never ran"
		}
		row("%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", j.Name, j.Dataset, j.Windows, j.Stale, newest, behind, last, outcome, next)
	}
	_ = t.Flush() // the writer below it never fails
	for _, j := range st.Jobs {
		if j.Error != "" {
			a.print("\n%s: %s\n", j.Name, j.Error)
		}
	}
	shown := 0
	for _, c := range st.Checks {
		if c.Passed {
			continue
		}
		if shown == 0 {
			a.print("\nfindings\n")
		}
		if shown++; shown > 20 {
			continue
		}
		a.print("  %-7s %s %s: %s: %s\n", c.Severity, c.Dataset, c.Window, c.Check, c.Message)
	}
	if shown > 20 {
		a.print("  and %d more; the workbook's Data quality sheet and mart.quality list all\n", shown-20)
	}
}
