package main

import (
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/schemas/calendar"
)

func (a *app) planCommand() *cobra.Command {
	var req jobs.Request
	cmd := &cobra.Command{
		Use:   "plan [JOB...]",
		Short: "What `tidemark run` would do now, and why",
		Long: "Plan lists the windows that are stale, in the order in which they would be built, each with its reason, and what\n" +
			"that is expected to cost. A window that follows is built only if a window before it changes.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRunner(cmd, "plan", func(_ *house, r *jobs.Runner) error {
				req.Jobs = args
				plan, err := r.Plan(cmd.Context(), req)
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(planOf(plan))
				}
				a.printPlan(plan)
				return nil
			})
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&req.Refresh, "refresh", false, "as though publishers were asked again for windows that may still change")
	cmd.Flags().BoolVar(&req.Force, "force", false, "as though everything were rebuilt")
	return cmd
}

// withRunner opens the house of the configuration for a command.
func (a *app) withRunner(cmd *cobra.Command, name string, do func(*house, *jobs.Runner) error) (err error) {
	s, err := a.load()
	if err != nil {
		return err
	}
	h, err := a.open(cmd.Context(), s, opening{})
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, h.close()) }()
	return do(h, a.runner(h, name))
}

func (a *app) printPlan(plan *jobs.Plan) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if len(plan.Windows) > 0 {
		_, _ = fmt.Fprint(t, "DECISION\tJOB\tWINDOW\tREASON\n")
	}
	for _, w := range plan.Windows {
		reason := w.Reason
		if !w.Until.IsZero() {
			reason += ", until " + w.Until.In(calendar.NewYork()).Format("2006-01-02 15:04 MST")
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", w.Verdict, w.Job, w.Window.Span(), reason)
	}
	_ = t.Flush() // the writer below it never fails
	a.print("%s to build, %d up to date\n", plural(plan.Work(), "window"), plan.UpToDate)
	if len(plan.Publishers) > 0 {
		a.print("\n")
		_, _ = fmt.Fprint(t, "PUBLISHER\tWINDOWS\tREQUESTS\tAT LEAST\n")
		for _, p := range plan.Publishers {
			_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%s\n", p.Publisher, p.Windows, p.Requests, minutesText(p.Minutes))
		}
		_ = t.Flush()
	}
	if plan.Work() > 0 {
		a.print("\n%s, %s on disk, about %s\n", approximately(plan.Cost.Rows, "rows"), bytesText(plan.Cost.Bytes), minutesText(plan.Minutes))
	}
}

// approximately writes an estimated count; nothing is known of zero.
func approximately(n int64, noun string) string {
	if n == 0 {
		return "an unknown number of " + noun
	}
	return "about " + thousands(n) + " " + noun
}

func bytesText(n int64) string {
	switch {
	case n == 0:
		return "an unknown size"
	case n < 1<<20:
		return fmt.Sprintf("%d kB", (n+1023)>>10)
	case n < 1<<30:
		return fmt.Sprintf("%d MB", (n+1<<19)>>20)
	default:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	}
}

// minutesText writes an estimated time; nothing is known of zero.
func minutesText(minutes float64) string {
	d := time.Duration(minutes * float64(time.Minute))
	switch {
	case d <= 0:
		return "-"
	case d < time.Second:
		return "1s"
	default:
		return d.Round(time.Second).String()
	}
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
