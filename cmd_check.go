package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/extract/archive"
	"tidemark/jobs"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func (a *app) checkCommand() *cobra.Command {
	var list, stored bool
	cmd := &cobra.Command{
		Use:   "check [JOB...]",
		Short: "Check the windows as they are stored",
		Long: "Check runs the checks of the named jobs, or of all, on what is in the warehouse. It fetches, builds and records\n" +
			"nothing, and ends with exit code 3 where a check of severity error fails. With --list it says what is checked.\n" +
			"With --archive it reads the archive instead: every payload against its hash, every record against its payload.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if list || stored {
				s, err := a.load()
				switch {
				case err != nil:
					return err
				case stored && len(args) > 0:
					return usageError("--archive reads the whole archive: leave the jobs out")
				case stored:
					return a.checkArchive(cmd.Context(), s)
				}
				return a.listChecks(s, args)
			}
			return a.withRunner(cmd, "check", func(_ *house, r *jobs.Runner) error {
				results, err := r.Check(cmd.Context(), args)
				if err != nil {
					return err
				}
				if a.json {
					if err := a.printJSON(checksOf(results)); err != nil {
						return err
					}
				} else {
					a.printFindings(results)
					a.print("%s\n", tallyOf(results))
				}
				if n := failedErrors(results); n > 0 {
					return &exitError{exitChecks, fmt.Errorf("%s of severity error failing", plural(n, "check"))}
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&stored, "archive", false, "read every file of the archive, and say which are damaged or missing")
	cmd.Flags().BoolVar(&list, "list", false, "print every check of every job, and check nothing")
	cmd.MarkFlagsMutuallyExclusive("list", "archive")
	return a.jsonFlag(cmd)
}

func failedErrors(results []schemas.CheckResult) int {
	st := jobs.Status{Checks: results}
	return st.FailedErrors()
}

// tallyOf says how many checks of how many windows passed and failed.
func tallyOf(results []schemas.CheckResult) string {
	type key struct{ dataset, window string }
	windows := map[key]bool{}
	passed, warnings := 0, 0
	for _, c := range results {
		windows[key{c.Dataset, c.Window.String()}] = true
		switch {
		case c.Passed:
			passed++
		case c.Severity != schemas.SeverityError:
			warnings++
		}
	}
	if len(windows) == 0 {
		return "nothing is built yet; `tidemark run` builds it"
	}
	return fmt.Sprintf("%s in %s passed, %s, %s", plural(passed, "check"), plural(len(windows), "window"), plural(warnings, "warning"), plural(failedErrors(results), "error"))
}

// listChecks prints what is checked: each check once, with the jobs that have
// it. A check whose severity differs between jobs is printed for each.
func (a *app) listChecks(s *settings, names []string) error {
	catalog, err := jobs.NewCatalog(s.Config, calendar.US())
	if err != nil {
		return err
	}
	if err := catalog.Known(names); err != nil {
		return err
	}
	asked := func(j *jobs.Job) bool { return len(names) == 0 || slices.Contains(names, j.Name) }
	if a.json {
		return a.printJSON(checkListOf(catalog, asked))
	}
	var order []jobs.CheckInfo
	of := map[jobs.CheckInfo][]string{}
	for _, j := range catalog.Jobs {
		for _, c := range j.Checks {
			if !asked(j) {
				continue
			}
			if of[c] == nil {
				order = append(order, c)
			}
			of[c] = append(of[c], j.Name)
		}
	}
	for _, c := range order {
		a.print("%s (%s)\n%s%s", c.Name, c.Severity, wrapped("  ", 116, c.Says), wrapped("    ", 116, strings.Join(of[c], ", ")))
	}
	return nil
}

// checkArchive reads every file of the archive.
func (a *app) checkArchive(ctx context.Context, s *settings) (err error) {
	dir := filepath.Join(s.Data, "archive")
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	store, err := archive.Open(dir)
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, store.Close()) }()
	report, err := store.Verify(ctx)
	if err != nil {
		return fmt.Errorf("read the archive %s: %w", dir, err)
	}
	damaged := 0
	for _, f := range report.Findings {
		if !f.Harmless {
			damaged++
		}
	}
	if a.json {
		if err := a.printJSON(report); err != nil {
			return err
		}
	} else {
		for _, f := range report.Findings {
			a.print("%s\n", f)
		}
		a.print("%s, %s of payloads (%s), %s damaged or missing\n", plural(report.Records, "answer"), bytesText(report.Bytes), plural(report.Payloads, "file"), plural(damaged, "file"))
	}
	if damaged > 0 {
		return &exitError{exitChecks, fmt.Errorf("%s of the archive %s damaged or missing: take them from a copy; what publishers still have, `tidemark run --refresh` gets again", plural(damaged, "file"), dir)}
	}
	return nil
}
