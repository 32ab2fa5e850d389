package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"tidemark/load/clickhouse"
	"tidemark/schemas"
)

// CheckInfo is what people are told of a check.
type CheckInfo struct {
	Name string `json:"name"`
	// Severity is that of the worst the check can find; [Off] where the
	// configuration turns it off.
	Severity schemas.Severity `json:"severity"`
	Says     string           `json:"says"` // one sentence: what holds where it passes
}

// Off is the severity of a check that does not run.
const Off schemas.Severity = "off"

// check is one claim about a subject: the rows that have arrived for a window,
// or the facts that are to be published for it.
type check[S any] struct {
	CheckInfo
	// back is how many calendar days before the window the check looks at.
	back int
	// holds returns what contradicts the claim. Where nothing does, the note
	// says what the claim was held against.
	holds func(S) (found []finding, note string)
}

// finding is one thing that a check found.
type finding struct {
	of   string       // security, series or fund; empty where it concerns no single one
	day  schemas.Date // NoDate where it concerns no single day
	says string
	mild bool // a warning, even where the check is of severity error
}

func (f finding) String() string {
	s := f.says
	if f.of != "" {
		s = f.of + ": " + s
	}
	if f.day != schemas.NoDate && f.day != 0 {
		s = f.day.String() + " " + s
	}
	return s
}

// maxFindings is how many findings of one check of one window are kept. A
// person who has read as many looks at the data, and a file that is wrong in
// every line must not fill the warehouse.
const maxFindings = 50

// results returns what is recorded of a check: that it passed, or each finding
// up to [maxFindings], the errors first, and how many more there were.
func (c CheckInfo) results(found []finding, note string) []schemas.CheckResult {
	if len(found) == 0 {
		return []schemas.CheckResult{{Check: c.Name, Severity: c.Severity, Passed: true, Message: note}}
	}
	var hard, mild []finding
	for _, f := range found {
		if f.mild {
			mild = append(mild, f)
		} else {
			hard = append(hard, f)
		}
	}
	found = slices.Concat(hard, mild)
	severity := func(f finding) schemas.Severity {
		if f.mild {
			return schemas.SeverityWarning
		}
		return c.Severity
	}
	kept := found[:min(len(found), maxFindings)]
	out := make([]schemas.CheckResult, 0, len(kept)+1)
	for _, f := range kept {
		out = append(out, schemas.CheckResult{Check: c.Name, Severity: severity(f), Message: f.String()})
	}
	if rest := found[len(kept):]; len(rest) > 0 {
		out = append(out, schemas.CheckResult{Check: c.Name, Severity: severity(rest[0]), Message: fmt.Sprintf("and %d more", len(rest))})
	}
	return out
}

// examine runs the checks and returns what each found.
func examine[S any](checks []check[S], subject S) []schemas.CheckResult {
	results := make([][]schemas.CheckResult, len(checks))
	var group sync.WaitGroup
	for i, c := range checks {
		if c.Severity != Off {
			group.Go(func() { results[i] = c.results(c.holds(subject)) })
		}
	}
	group.Wait()
	return slices.Concat(results...)
}

// configured returns the checks with the severities that the configuration
// gives them.
func configured[S any](checks []check[S], severities map[string]schemas.Severity) []check[S] {
	out := slices.Clone(checks)
	for i := range out {
		if s, ok := severities[out[i].Name]; ok {
			out[i].Severity = s
		}
	}
	return out
}

// infos lists what people are told of the checks.
func infos[S any](checks []check[S]) []CheckInfo {
	out := make([]CheckInfo, len(checks))
	for i, c := range checks {
		out[i] = c.CheckInfo
	}
	return out
}

// KnownChecks lists every check that some job may have, by name.
func KnownChecks() []CheckInfo {
	all := slices.Concat([]CheckInfo{contract},
		infos([]check[arrival[schemas.Holding]]{rowCount(schemas.Holdings), rescaled(held), distance(weighed, nil), weightSum}),
		infos(contributionChecks), infos(slices.Concat(slices.Collect(maps.Values(factChecks))...)))
	slices.SortFunc(all, func(a, b CheckInfo) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b CheckInfo) bool { return a.Name == b.Name })
}

// validateChecks finds severities that no check would take.
func (c *Config) validateChecks(fail func(string, ...any)) {
	known := KnownChecks()
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = k.Name
	}
	for _, name := range slices.Sorted(maps.Keys(c.Checks)) {
		severity := c.Checks[name]
		switch {
		case !slices.Contains(names, name):
			fail("checks: there is no check %q; there are %s", name, strings.Join(names, ", "))
		case severity != schemas.SeverityError && severity != schemas.SeverityWarning && severity != Off:
			fail("checks.%s: %q is none of error, warning, off", name, severity)
		case name == contract.Name && severity != schemas.SeverityError:
			fail("checks.%s: it is always of severity error, because an answer that cannot be read cannot be loaded", name)
		}
	}
}

// recordChecks stores what the checks of the task's window found, and returns
// what keeps the window from being replaced.
func (t *Task) recordChecks(ctx context.Context, results []schemas.CheckResult) (failed []schemas.CheckResult, err error) {
	if len(results) == 0 {
		return nil, nil
	}
	t.sign(results)
	if err := clickhouse.Append(ctx, t.Warehouse, schemas.CheckResults, results); err != nil {
		return nil, fmt.Errorf("record checks: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(results), func(r schemas.CheckResult) bool { return r.Passed || r.Severity != schemas.SeverityError }), nil
}

// sign says on the results which window of which run was checked, and when.
func (t *Task) sign(results []schemas.CheckResult) {
	for i := range results {
		r := &results[i]
		r.RunID, r.Dataset, r.Window, r.At = t.RunID, t.Job.Dataset.String(), t.Window, t.Now
	}
}
