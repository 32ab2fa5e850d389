package jobs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidemark/jobs/schedule"
	"tidemark/schemas/calendar"
)

// mustSchedule parses lines that stand in the code.
func mustSchedule(lines ...string) schedule.Schedule {
	s, err := schedule.Parse(calendar.US(), newYork, lines...)
	if err != nil {
		panic(err)
	}
	return s
}

// scheduleOr parses the lines of the configuration, in New York time unless
// they name another zone, or returns the publisher's own schedule where there
// are none.
func (c *Catalog) scheduleOr(own schedule.Schedule, lines []string) (schedule.Schedule, error) {
	if len(lines) == 0 {
		return own, nil
	}
	s, err := schedule.Parse(c.Calendar, newYork, lines...)
	if err != nil {
		return s, fmt.Errorf("schedule: %w", err)
	}
	return s, nil
}

// Scheduled reports whether slots of its own start the job. Others run when
// what they need has changed.
func (j *Job) Scheduled() bool { return j.Fetched() && j.Schedule.String() != "" }

// nextSlot returns the first slot of the job after t, or a time out of reach.
func (j *Job) nextSlot(t time.Time) time.Time {
	if at, ok := j.Schedule.Next(t); ok {
		return at
	}
	return time.Unix(1<<40, 0)
}

// PolicyFor returns the policy of a job: that of its name, of the pattern that
// begins it and ends in *, or the general one.
func (c Scheduling) PolicyFor(job string) schedule.Policy {
	if p, ok := c.Jobs[job]; ok {
		return p.Or(c.Policy)
	}
	best, found := "", c.Policy
	for pattern, p := range c.Jobs {
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok && strings.HasPrefix(job, prefix) && len(pattern) > len(best) {
			best, found = pattern, p.Or(c.Policy)
		}
	}
	return found
}

// checkScheduling finds policies that are meant for jobs which do not exist.
func (c *Catalog) checkScheduling() error {
	for _, pattern := range slices.Sorted(maps.Keys(c.Config.Scheduling.Jobs)) {
		prefix, open := strings.CutSuffix(pattern, "*")
		if !slices.ContainsFunc(c.Jobs, func(j *Job) bool {
			return j.Scheduled() && (j.Name == pattern || open && strings.HasPrefix(j.Name, prefix))
		}) {
			return fmt.Errorf("scheduling.jobs: no job with a schedule is called %q; `tidemark status` lists the jobs", pattern)
		}
	}
	return nil
}
