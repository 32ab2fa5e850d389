package jobs

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// Share is one of several processes that work on a backfill, as 2/4 is one of four. They
// are counted from 1 or, as Kubernetes does, from 0. Each begins with windows of its own and then takes what the others have left,
// so that a process which dies or falls behind costs no window. The zero value is the
// whole.
type Share struct{ Index, Of int }

// mostShares bounds a slip of the finger.
const mostShares = 1000

// ParseShare reads "2/4".
func ParseShare(text string) (s Share, err error) {
	if n, err := fmt.Sscanf(text, "%d/%d", &s.Index, &s.Of); err != nil || n != 2 || s.String() != text || s.Of < 1 || s.Of > mostShares || s.Index < 0 || s.Index > s.Of {
		return Share{}, usage("%q is not one of several, such as 2/4", text)
	}
	return s, nil
}

func (s Share) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// owns reports whether the process begins with a window.
func (s Share) owns(j *Job, w schemas.Window) bool {
	if s.Of < 2 {
		return true
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(j.Name + " " + w.String()))
	return int(h.Sum32()%uint32(s.Of)) == s.Index%s.Of
}

// Limits are the rates at which the process may ask, so that all together ask no
// faster than one may.
func (s Share) Limits(all map[string]extract.Limit) map[string]extract.Limit {
	out := maps.Clone(all)
	for publisher, l := range out {
		l.Every *= time.Duration(max(s.Of, 1))
		out[publisher] = l
	}
	return out
}

// sharedFor is how long ago a backfill was asked for that a process which begins
// later still counts as its own.
const sharedFor = 24 * time.Hour

// JoinBackfill returns the id of the backfill that the processes of a spec share: the
// one that another of them has noted, or one that it notes itself. Where several note
// one at the same moment, all go on with the first. It returns an empty id where there
// is nothing left to do.
func (r *Runner) JoinBackfill(ctx context.Context, spec BackfillSpec, by string) (string, error) {
	id, err := r.sharedBackfill(ctx, spec)
	if id != "" || err != nil {
		return id, err
	}
	plan, err := r.PlanBackfill(ctx, spec)
	if err != nil || plan.Work() == 0 {
		return "", err
	}
	own, err := r.StartBackfill(ctx, spec, by, true)
	if err != nil {
		return "", err
	}
	if id, err = r.sharedBackfill(ctx, spec); err != nil || id == own {
		return id, err
	}
	return id, r.ControlBackfill(ctx, own, Cancel, "the process that joined "+id)
}

// sharedBackfill returns the first running backfill of a spec.
func (r *Runner) sharedBackfill(ctx context.Context, spec BackfillSpec) (string, error) {
	spec, err := spec.check(r.Catalog, r.today())
	if err != nil {
		return "", err
	}
	all, err := r.Warehouse.Backfills(ctx)
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(b schemas.Backfill) bool {
		is := specOf(b)
		return b.State != schemas.BackfillRunning || r.Now().Sub(b.Started) > sharedFor ||
			!slices.Equal(is.Jobs, spec.Jobs) || is.From != spec.From || is.To != spec.To || is.Mode != spec.Mode || is.Order != spec.Order || is.Follow != spec.Follow
	})
	if len(all) == 0 {
		return "", nil
	}
	first := slices.MinFunc(all, func(a, b schemas.Backfill) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID)) })
	return first.ID, nil
}
