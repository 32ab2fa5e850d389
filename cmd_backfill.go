package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidemark/jobs"
	"tidemark/schemas"
)

func (a *app) backfillCommand() *cobra.Command {
	var spec jobs.BackfillSpec
	var from, to, worker string
	var only, dry, detach bool
	cmd := &cobra.Command{
		Use:   "backfill [JOB...] --from DAY [--to DAY]",
		Short: "Bring years of windows up to date",
		Long: "Backfill plans the windows of the jobs between two days, and of what is built from them, and builds them. It is kept\n" +
			"in the warehouse: it can be paused, resumed and cancelled from anywhere and goes on after a restart. What the\n" +
			"schedule starts meanwhile goes first. With --worker several processes share it, on one machine or on many: each is\n" +
			"given the same command line but for its number, and asks publishers at its share of their rates.",
		Example: "  tidemark backfill files:prices --from 2015-01-01 --dry-run\n  tidemark backfill --from 2015-01-01 --mode missing_failed\n  tidemark backfill --from 2015-01-01 --worker 2/4",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if spec, err = backfillSpec(spec, args, from, to); err != nil {
				return err
			}
			spec.Follow = !only
			if worker != "" {
				if detach {
					return usageError("--worker works on the backfill itself, --detach leaves it to others: choose one")
				}
				if a.share, err = jobs.ParseShare(worker); err != nil {
					return usageError("--worker: %w", err)
				}
			}
			return a.withRunner(cmd, "backfill", func(h *house, r *jobs.Runner) error {
				if dry {
					return a.dryRun(cmd.Context(), r, spec)
				}
				if worker != "" {
					return a.joinBackfill(cmd, h, r, spec)
				}
				id, err := r.StartBackfill(cmd.Context(), spec, person(), !detach)
				if err != nil {
					return err
				}
				if detach {
					a.print("backfill %s is noted; a running `tidemark serve` takes it up\n", id)
					return nil
				}
				return a.workBackfill(cmd, h, r, id)
			})
		},
	}
	a.jsonFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "first day, as 2006-01-02 (required)")
	f.StringVar(&to, "to", "", "last day, as 2006-01-02 (default: today)")
	f.StringVar(&spec.Mode, "mode", jobs.ModeMissing, "missing: what was never built or is stale; missing_failed: also what failed; all: everything")
	f.StringVar(&spec.Order, "order", jobs.NewestFirst, "newest or oldest windows first")
	f.IntVar(&spec.Workers, "workers", 2, "windows built at the same time, beside those that wait for a publisher's limit")
	f.StringVar(&worker, "worker", "", "which of how many processes this is that share the backfill, as 2/4")
	f.BoolVar(&only, "only", false, "leave out what is built from the jobs' windows")
	f.BoolVar(&dry, "dry-run", false, "print each window with its decision and what all would cost, and do nothing")
	f.BoolVar(&detach, "detach", false, "leave the work to a running `tidemark serve`")
	cmd.AddCommand(
		a.backfillListCommand(), a.backfillShowCommand(),
		a.backfillControlCommand(jobs.Pause, "Let a backfill rest after the windows at work"),
		a.backfillResumeCommand(),
		a.backfillControlCommand(jobs.Cancel, "End a backfill after the windows at work; what is built stays"),
	)
	return cmd
}

func backfillSpec(spec jobs.BackfillSpec, args []string, from, to string) (_ jobs.BackfillSpec, err error) {
	if from == "" {
		return spec, usageError("backfill: say the first day with --from, such as --from 2016-01-01")
	}
	if spec.From, err = schemas.ParseDate(from); err != nil {
		return spec, usageError("--from: %w", err)
	}
	if to != "" {
		last, err := schemas.ParseDate(to)
		if err != nil {
			return spec, usageError("--to: %w", err)
		}
		spec.To = last + 1
	}
	spec.Jobs = args
	return spec, nil
}

// person is who asks, for the log of backfills.
func person() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username + " on the command line"
	}
	return "the command line"
}

func (a *app) dryRun(ctx context.Context, r *jobs.Runner, spec jobs.BackfillSpec) error {
	plan, err := r.PlanBackfill(ctx, spec)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(planOf(plan))
	}
	a.printPlan(plan)
	return nil
}

// joinBackfill works on a backfill that other processes work on too.
func (a *app) joinBackfill(cmd *cobra.Command, h *house, r *jobs.Runner, spec jobs.BackfillSpec) error {
	id, err := r.JoinBackfill(cmd.Context(), spec, person())
	if err != nil {
		return err
	}
	if id == "" {
		a.print("nothing is left to do\n")
		return nil
	}
	return a.workBackfill(cmd, h, r, id)
}

// workBackfill works on a backfill in this process, with a line for each
// window and how long it will take.
func (a *app) workBackfill(cmd *cobra.Command, h *house, r *jobs.Runner, id string) error {
	watcher := *r
	bar := a.newProgress()
	if !a.json {
		a.reportTo(r, h, bar)
		a.print("backfill %s\n", id)
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		a.watchBackfill(ctx, &watcher, id, bar)
	}()
	_, err := r.WorkBackfill(cmd.Context(), id, r.AfterLive)
	stop()
	<-watched
	bar.clear()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			_, _ = fmt.Fprintf(a.err, "the backfill is kept: `tidemark backfill resume %s` goes on\n", short(id))
		}
		return err
	}
	st, err := r.BackfillStatus(cmd.Context(), id)
	if err != nil {
		return err
	}
	if a.json {
		if err := a.printJSON(backfillOf(st)); err != nil {
			return err
		}
	} else {
		a.print("%s: %d done, %d failed, in %s of work\n", st.State, st.Done, st.Failed, st.Elapsed.Round(time.Second))
	}
	if st.State == schemas.BackfillFailed {
		return fmt.Errorf("backfill %s: %s", short(id), st.Note)
	}
	return nil
}

// watchEvery is how often the time left is worked out anew.
const watchEvery = 2 * time.Second

// watchBackfill keeps the line of progress, or on a plain output prints one a
// minute.
func (a *app) watchBackfill(ctx context.Context, r *jobs.Runner, id string, bar *progress) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var printed time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		st, err := r.BackfillStatus(ctx, id)
		if err != nil || a.json {
			continue // the work itself meets the same error
		}
		bar.say(backfillLine(st))
		if now := a.now(); !bar.watched() && now.Sub(printed) >= time.Minute {
			printed = now
			a.print("  %s\n", backfillLine(st))
		}
	}
}

// backfillLine is how far a backfill is, in one line.
func backfillLine(st *jobs.BackfillStatus) string {
	s := fmt.Sprintf("%d done, %d failed, %d at work, %d left", st.Done, st.Failed, st.Running, st.Left)
	if st.Rate > 0 {
		s += fmt.Sprintf(", %.1f a minute", st.Rate)
	}
	if st.TimeLeft >= 0 && !st.State.Ended() {
		s += ", " + st.TimeLeft.Round(time.Second).String() + " left"
	}
	return s
}

func (a *app) backfillListCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "list", Short: "All backfills, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withRunner(cmd, "backfill", func(_ *house, r *jobs.Runner) error {
				all, err := r.Backfills(cmd.Context())
				if err != nil {
					return err
				}
				if a.json {
					out := make([]backfillJSON, len(all))
					for i := range all {
						out[i] = backfillOf(&all[i])
					}
					return a.printJSON(out)
				}
				if len(all) == 0 {
					a.print("there are no backfills; `tidemark backfill --help` tells how to start one\n")
					return nil
				}
				t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprint(t, "BACKFILL\tSTATE\tJOBS\tFROM\tTO\tMODE\tPROGRESS\n")
				for i := range all {
					st := &all[i]
					_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", short(st.ID), st.State, jobsText(st.Jobs), st.From, st.To-1, st.Mode, backfillLine(st))
				}
				return t.Flush()
			})
		},
	})
}

func (a *app) backfillShowCommand() *cobra.Command {
	return a.jsonFlag(&cobra.Command{
		Use: "show ID", Short: "How a backfill stands", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRunner(cmd, "backfill", func(_ *house, r *jobs.Runner) error {
				st, err := r.BackfillStatus(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if a.json {
					return a.printJSON(backfillOf(st))
				}
				a.print("backfill  %s\nstate     %s  %s\njobs      %s\ndays      %s to %s, %s first, mode %s\nprogress  %s\n",
					st.ID, st.State, st.Note, jobsText(st.Jobs), st.From, st.To-1, st.Order, st.Mode, backfillLine(st))
				if st.State == schemas.BackfillRunning && !st.Alive {
					a.print("no process works on it: `tidemark backfill resume %s` goes on\n", short(st.ID))
				}
				return nil
			})
		},
	})
}

func (a *app) backfillControlCommand(action jobs.Action, says string) *cobra.Command {
	return &cobra.Command{
		Use: string(action) + " ID", Short: says, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRunner(cmd, "backfill", func(_ *house, r *jobs.Runner) error {
				if err := r.ControlBackfill(cmd.Context(), args[0], action, person()); err != nil {
					return err
				}
				st, err := r.BackfillStatus(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				a.print("backfill %s: %s\n", short(st.ID), st.State)
				return nil
			})
		},
	}
}

func (a *app) backfillResumeCommand() *cobra.Command {
	var detach bool
	cmd := &cobra.Command{
		Use: "resume ID", Short: "Go on with a backfill", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withRunner(cmd, "backfill", func(h *house, r *jobs.Runner) error {
				st, err := r.BackfillStatus(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := r.ControlBackfill(cmd.Context(), st.ID, jobs.Resume, person()); err != nil {
					return err
				}
				if detach || st.Alive {
					a.print("backfill %s goes on in another process\n", short(st.ID))
					return nil
				}
				return a.workBackfill(cmd, h, r, st.ID)
			})
		},
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "leave the work to a running `tidemark serve`")
	return cmd
}

// short is enough of an id to find a backfill by: backfills of one moment
// differ in their last digits only, those of different ones in the first.
func short(id string) string { return id[:min(len(id), 13)] }

func jobsText(jobs string) string {
	if jobs == "" {
		return "all"
	}
	return strings.ReplaceAll(jobs, ",", " ")
}
