package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tidemark/jobs"
)

func (a *app) runCommand() *cobra.Command {
	var req jobs.Request
	cmd := &cobra.Command{
		Use:   "run [JOB...]",
		Short: "Bring windows up to date now",
		Long: "Run fetches what publishers may have news of, then rebuilds exactly the windows whose inputs changed.\n" +
			"With names it does so for these jobs only; `tidemark status` lists them.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRunner(cmd, "run", func(h *house, _ *jobs.Runner) error {
				req.Jobs = args
				report, err := a.bringUpToDate(cmd, h, "run", req)
				if err != nil {
					return err
				}
				if a.json {
					if err := a.printJSON(reportOf(report)); err != nil {
						return err
					}
				}
				return a.verdict(report)
			})
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&req.Refresh, "refresh", false, "ask publishers again for windows that may still change")
	cmd.Flags().BoolVar(&req.Force, "force", false, "rebuild even what is up to date")
	return cmd
}

// bringUpToDate runs a pass and prints a line for each window that was touched.
func (a *app) bringUpToDate(cmd *cobra.Command, h *house, name string, req jobs.Request) (*jobs.Report, error) {
	r := a.runner(h, name)
	bar := a.newProgress()
	defer bar.clear()
	r.Planned = bar.expect
	a.reportTo(r, h, bar)
	report, err := r.Run(cmd.Context(), req)
	if err != nil {
		return report, err
	}
	bar.clear()
	if !a.json {
		a.print("%d built, %d unchanged, %d without data, %d failed, %d held, %d already up to date\n",
			report.Count(jobs.OK), report.Count(jobs.Unchanged), report.Count(jobs.NoData), report.Count(jobs.Failed), report.Count(jobs.Held), report.UpToDate)
	}
	return report, nil
}

// reportTo prints a line for each window that a runner has touched.
func (a *app) reportTo(r *jobs.Runner, h *house, bar *progress) {
	width := 0
	for _, j := range h.catalog.Jobs {
		width = max(width, len(j.Name)+len(" 2006"))
	}
	r.Progress = func(res jobs.Result) {
		bar.clear()
		if !a.json {
			a.print("  %-9s  %-*s  %12s  %s\n", res.Outcome, width, res.Job+" "+res.Window.Span(), rowsText(res.Rows), lineNote(res))
		}
		bar.step()
	}
}

// verdict turns a report into the command's error.
func (a *app) verdict(report *jobs.Report) error {
	if n := report.Count(jobs.Failed); n > 0 {
		return fmt.Errorf("%s failed; their old content stays, and the next run tries them again:\n%w", plural(n, "window"), failures(report))
	}
	return nil
}

func rowsText(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d rows", n)
}

func lineNote(res jobs.Result) string {
	switch {
	case res.Outcome == jobs.NoData:
		return cause(res.Err).Error() // whose and which stands on the line already
	case res.Err != nil:
		return res.Err.Error()
	case res.Took > 0:
		return fmt.Sprintf("%s (%s)", res.Took.Round(time.Millisecond), res.Reason)
	default:
		return res.Reason
	}
}

// firstError keeps the error that explains the most: the one that came first.
func firstError(err, later error) error {
	if err != nil {
		return err
	}
	return later
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
