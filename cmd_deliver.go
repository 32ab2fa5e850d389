package main

import (
	"errors"
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/jobs/deliver"
	"tidemark/schemas"
)

func (a *app) deliverCommand() *cobra.Command {
	var ask deliver.Ask
	var date string
	cmd := &cobra.Command{
		Use:   "deliver [SUBSCRIPTION...]",
		Short: "Bring the workbook to its subscribers",
		Long: "Deliver brings the workbook of a session to those who subscribe to it and do not have it yet, as a running\n" +
			"`tidemark serve` does by itself. Mail is never sent twice for one session, unless --again asks for it.",
		Example: "  tidemark deliver --dry-run\n  tidemark deliver morning --date 2025-12-05 --now",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ask.Names = args
			if date != "" {
				if ask.Session, err = schemas.ParseDate(date); err != nil {
					return usageError("--date: %w", err)
				}
			}
			return a.withRunner(cmd, "deliver", func(h *house, r *jobs.Runner) error {
				return a.deliver(cmd, h, r, ask)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&date, "date", "", "session, as 2006-01-02 (default: the newest that has ended)")
	f.BoolVar(&ask.Now, "now", false, "do not wait for figures that are missing, for the time of day, or for the next try")
	f.BoolVar(&ask.Again, "again", false, "send what was sent already, or may have been, once more")
	f.BoolVar(&ask.DryRun, "dry-run", false, "print what would go where, and send nothing")
	return a.jsonFlag(cmd)
}

func (a *app) deliver(cmd *cobra.Command, h *house, r *jobs.Runner, ask deliver.Ask) error {
	if len(h.settings.Deliver) == 0 {
		return usageError("%s: there are no subscriptions; write some under deliver", h.settings.path)
	}
	if ask.Session != 0 && !h.catalog.Calendar.IsSession(ask.Session) {
		return usageError("--date: %s is no session of the exchange", ask.Session)
	}
	d, err := deliver.New(r, h.settings.Deliver, version, deliver.Wiring{Now: h.now, Proxy: http.ProxyFromEnvironment})
	if err != nil {
		return usageError("%w", err)
	}
	// Others see by the lease that this process lives.
	lease, err := h.warehouse.Lease(cmd.Context(), "deliver")
	if err != nil {
		return err
	}
	defer lease.Release()
	results, err := d.Step(cmd.Context(), ask)
	if a.json {
		if e := a.printJSON(deliveriesOf(results)); e != nil {
			return e
		}
	} else {
		a.printDeliveries(results)
	}
	var failed []error
	for _, res := range results {
		switch {
		case res.Err != nil:
			failed = append(failed, fmt.Errorf("%s, %s to %s: %w", res.Subscription, res.Target, res.Place, res.Err))
		case !ask.DryRun && res.Verdict == deliver.Uncertain:
			failed = append(failed, fmt.Errorf("%s, %s to %s: %s", res.Subscription, res.Target, res.Place, res.Reason))
		}
	}
	return firstError(err, errors.Join(failed...))
}

func (a *app) printDeliveries(results []deliver.Result) {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	if len(results) > 0 {
		_, _ = fmt.Fprint(t, "DELIVERY\tSUBSCRIPTION\tSESSION\tBY\tTO\tFILE\tWHY\n")
	}
	for _, r := range results {
		verdict, why := string(r.Verdict), r.Reason
		if r.Err != nil {
			why = r.Err.Error()
			if r.Verdict == deliver.Due {
				verdict = "failed"
			}
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", verdict, r.Subscription, r.Session, r.Target, r.Place, r.File, why)
	}
	_ = t.Flush() // the writer below it never fails
}
