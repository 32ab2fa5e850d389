package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidemark/schemas"
)

// checkMakers finds two jobs that would make the same part of a table, or that
// could not be told apart by name.
func (c *Catalog) checkMakers() error {
	makers, names := map[string]string{}, map[string]bool{}
	var errs []error
	for _, j := range c.fetchJobs {
		key := j.Dataset.String() + " " + j.Part
		switch first, taken := makers[key]; {
		case names[j.Name]:
			errs = append(errs, fmt.Errorf("two jobs are called %s: something is listed twice, or two files have one name", j.Name))
		case taken:
			errs = append(errs, fmt.Errorf("%s and %s would both fill the part %s of %s: keep one of them", first, j.Name, j.Part, j.Dataset))
		}
		makers[key], names[j.Name] = j.Name, true
	}
	return errors.Join(errs...)
}

// checkNames finds names in the universes and allocations that no publisher and
// no file of the configuration stands behind: their facts would wait for ever.
func (c *Catalog) checkNames() error {
	var errs []error
	refer := func(whose, key string, d schemas.Dataset, names ...string) {
		made := c.parts(d)
		for _, name := range names {
			if name == "" || slices.Contains(made, name) {
				continue
			}
			known := "the configuration has none"
			if len(made) > 0 {
				known = "it has " + strings.Join(made, ", ")
			}
			errs = append(errs, fmt.Errorf("%s: %s names %q, which no publisher and no file of the configuration gives; %s", whose, key, name, known))
		}
	}
	for i, u := range c.Config.Universes {
		whose := fmt.Sprintf("universes[%d] (%s)", i, u.ID)
		refer(whose, "index", schemas.Spells.Dataset, u.Index)
		refer(whose, "funds", schemas.Holdings.Dataset, u.Funds...)
		refer(whose, "prices", schemas.Bars.Dataset, u.Prices...)
		refer(whose, "level", schemas.Observations.Dataset, u.Level)
		refer(whose, "level_tr", schemas.Observations.Dataset, u.LevelTR)
	}
	for i, a := range c.Config.Allocations {
		whose := fmt.Sprintf("allocations[%d] (%s)", i, a.ID)
		refer(whose, "large", schemas.Observations.Dataset, a.Large)
		refer(whose, "small", schemas.Observations.Dataset, a.Small)
		refer(whose, "bonds", schemas.Observations.Dataset, a.Bonds)
		refer(whose, "cash", schemas.Rates.Dataset, a.Cash)
	}
	return errors.Join(errs...)
}

// parts lists the parts of a table that are fetched.
func (c *Catalog) parts(d schemas.Dataset) []string {
	var out []string
	for _, j := range c.fetchJobs {
		if j.Dataset.String() == d.String() {
			out = append(out, j.Part)
		}
	}
	return out
}
