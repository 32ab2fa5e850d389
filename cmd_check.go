package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

func (a *app) checkCommand() *cobra.Command {
	var list bool
	cmd := &cobra.Command{
		Use:   "check [JOB...]",
		Short: "Check the windows as they are stored",
		Long: "Check runs the checks of the named jobs, or of all, on what is in the warehouse. It fetches, builds and records\n" +
			"nothing, and ends with exit code 3 where a check of severity error fails. With --list it says what is checked.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				s, err := a.load()
				if err != nil {
					return err
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
	cmd.Flags().BoolVar(&list, "list", false, "print every check of every job, and check nothing")
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
