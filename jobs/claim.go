package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// How long to wait before looking again whether somebody else still builds a
// window.
const claimPoll = 200 * time.Millisecond

// errLeaseLost says that the process was away for so long that others may have
// taken over what it had begun.
var errLeaseLost = errors.New("this process was suspended or cut off for too long, and another may have taken over its work: the window is built again")

// claim begins a run of a window in the run log unless somebody else is
// building it. It waits for that, and reports false when nothing is left to do
// then.
//
// Whoever begins writes his line first and looks for others afterwards. Of two
// who begin at the same moment at least one sees the other, and whoever sees
// another withdraws and tries again. While others are known to be at work he
// looks before as well, so that the log is not full of lines withdrawn. Should
// two be at work all the same, the swaps of the warehouse put one after the
// other: the window is built twice and is right.
func (p *pass) claim(ctx context.Context, d Decision) (schemas.Run, Decision, bool, error) {
	for waited := false; ; waited = true {
		if waited || p.inCompany() {
			if err := p.waitForOthers(ctx, d, &waited); err != nil {
				return schemas.Run{}, d, false, err
			}
		}
		if waited {
			var err error
			if d, err = p.again(ctx, d); err != nil || d.Verdict != Build {
				return schemas.Run{}, d, false, err
			}
		}
		run, err := p.newRun(d)
		if err != nil {
			return run, d, false, err
		}
		p.begin(run.ID)
		var others []schemas.Run
		if err = p.note(ctx, run); err == nil {
			others, err = p.others(ctx, d, run.ID)
		}
		if err != nil {
			// The line may be in the log all the same.
			return run, d, false, errors.Join(err, p.withdraw(ctx, run, "ended as it began: "+err.Error()))
		}
		if len(others) == 0 {
			return run, d, true, nil
		}
		if err := p.withdraw(ctx, run, "another run of the window began at the same moment"); err != nil {
			return run, d, false, err
		}
		if err := pause(ctx, time.Duration(rand.Int64N(int64(claimPoll)))); err != nil { //nolint:gosec // it only has to differ from the others'
			return run, d, false, err
		}
	}
}

func (p *pass) newRun(d Decision) (schemas.Run, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return schemas.Run{}, fmt.Errorf("name a run: %w", err)
	}
	return schemas.Run{
		ID: id.String(), Command: p.Command, Job: d.Job.Name, Dataset: d.Job.Dataset.String(), Window: d.Window,
		Reason: d.Reason, StartedAt: p.Now(), Outcome: string(Running), Owner: p.Warehouse.Owner(), Cause: p.cause(),
	}, nil
}

// withdraw ends a run that has done nothing. It does so for a pass that has been
// stopped too: a run that stays open is waited for as long as its process lives.
func (p *pass) withdraw(ctx context.Context, run schemas.Run, why string) error {
	ctx, cancel := lastWord(ctx)
	defer cancel()
	run.FinishedAt, run.Outcome, run.Error = p.Now(), string(Stopped), why
	return p.note(ctx, run)
}

// lastWord returns a context for what is written even when ctx has ended, so that
// others see at once how things stand.
func lastWord(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

func (p *pass) cause() string {
	if p.scope.req.Cause != "" {
		return p.scope.req.Cause
	}
	return "command " + p.Command
}

// note writes a line of the run log.
func (r *Runner) note(ctx context.Context, run schemas.Run) error {
	if err := clickhouse.Append(ctx, r.Warehouse, schemas.Runs, []schemas.Run{run}); err != nil {
		return fmt.Errorf("write the run log: %w", err)
	}
	return nil
}

func (p *pass) waitForOthers(ctx context.Context, d Decision, waited *bool) error {
	for {
		others, err := p.others(ctx, d, "")
		if err != nil || len(others) == 0 {
			return err
		}
		if !*waited {
			p.Log.InfoContext(ctx, "waiting for another run of the window", "job", d.Job.Name, "window", d.Window.String(), "run", others[0].ID, "owner", others[0].Owner)
		}
		*waited = true
		if err := pause(ctx, claimPoll); err != nil {
			return err
		}
	}
}

// others returns the runs of the window beside the given one that somebody
// living is at work on, and ends those of processes that are gone.
func (p *pass) others(ctx context.Context, d Decision, own string) ([]schemas.Run, error) {
	open, err := p.Warehouse.OpenRunsBeside(ctx, own, d.Job.Dataset.String(), d.Window)
	if err != nil {
		return nil, err
	}
	living, _, err := p.sort(ctx, open)
	return living, err
}

// sort splits open runs into those whose process lives and those whose process
// is gone. The latter are ended in the run log.
func (r *Runner) sort(ctx context.Context, open []schemas.Run) (living, dead []schemas.Run, err error) {
	if len(open) == 0 {
		return nil, nil, nil
	}
	alive, err := r.Warehouse.Living(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, run := range open {
		if run.Owner == r.Warehouse.Owner() || alive(run.Owner, run.StartedAt) {
			living = append(living, run)
			continue
		}
		run.FinishedAt, run.Outcome, run.Error = r.Now(), string(Died), "its process is gone"
		dead = append(dead, run)
	}
	if len(dead) > 0 {
		if err := clickhouse.Append(ctx, r.Warehouse, schemas.Runs, dead); err != nil {
			return nil, nil, fmt.Errorf("write the run log: %w", err)
		}
	}
	return living, dead, nil
}

// pause waits, or returns the reason for which the context ended.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
