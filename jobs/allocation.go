package jobs

import (
	"strconv"
	"strings"

	"tidemark/schemas"
	"tidemark/transform"
)

// Allocation says of what portfolios of stocks and bonds are made: each asset by
// the source of its total-return level, such as fund:SPY or index:SPXTR.
type Allocation struct {
	ID    string `yaml:"id"`
	Name  string `yaml:"name"`
	Large string `yaml:"large"`
	Small string `yaml:"small"` // may be left out
	Bonds string `yaml:"bonds"`
	// Cash is the reference rate that cash earns: EFFR, SOFR, OBFR. Without it
	// there are no Sharpe ratios.
	Cash string `yaml:"cash"`
	// CostBP is what trading costs, in basis points of each side; 10 where it is
	// left out.
	CostBP *float64 `yaml:"cost_bp"`
}

const defaultCostBP = 10

func (a Allocation) cost() float64 {
	if a.CostBP == nil {
		return defaultCostBP / 1e4
	}
	return *a.CostBP / 1e4
}

func (a Allocation) levels() []string {
	var out []string
	for _, source := range []string{a.Large, a.Small, a.Bonds} {
		if source != "" {
			out = append(out, source)
		}
	}
	return out
}

// basis says what the levels are: total returns of funds, of indices, or of both.
func (a Allocation) basis() string {
	var basis string
	for _, source := range a.levels() {
		kind, _, _ := strings.Cut(source, ":")
		if basis != "" && basis != kind+"_tr" {
			return "mixed"
		}
		basis = kind + "_tr"
	}
	return basis
}

func (c *Config) validateAllocations(ids map[string]bool, fail func(string, ...any)) {
	for i, a := range c.Allocations {
		if why := idTaken(a.ID, ids); why != "" {
			fail("allocations[%d]: %s", i, why)
		}
		ids[a.ID] = true
		if a.Large == "" || a.Bonds == "" {
			fail("allocations[%d] (%s): large and bonds are needed: the sources of total-return levels, such as fund:SPY", i, a.ID)
		}
		if v := a.CostBP; v != nil && !(*v >= 0 && *v <= 1000) {
			fail("allocations[%d] (%s): cost_bp: %v is not between 0 and 1000 basis points", i, a.ID, *v)
		}
	}
}

// allocationJobs lists the jobs of the configured allocations.
func (c *Catalog) allocationJobs() []*Job {
	var out []*Job
	for _, a := range c.Config.Allocations {
		u := transform.Universe{ID: a.ID, Assets: transform.Assets{Large: a.Large, Small: a.Small, Bonds: a.Bonds, Basis: a.basis(), Cash: a.Cash, Cost: a.cost()}}
		j := c.factJob("allocation:"+a.ID, schemas.Allocation, u, c.dueClose(), func(schemas.Window) []Need {
			var needs []Need
			for _, source := range a.levels() {
				needs = append(needs, whole(schemas.Observations.Dataset, source, true))
			}
			if a.Cash != "" {
				needs = append(needs, Need{Dataset: schemas.Rates.Dataset, Part: a.Cash, From: c.Config.History.From, To: schemas.MaxDate})
			}
			return needs
		})
		// What is bought and what trading costs are no inputs that a run could see change.
		j.Method = fingerprint(j.Method, []schemas.Input{
			{Dataset: "assets", Content: strings.Join([]string{a.Large, a.Small, a.Bonds}, " ")},
			{Dataset: "cash", Content: a.Cash},
			{Dataset: "cost", Content: strconv.FormatFloat(a.cost(), 'g', -1, 64)},
		})[:12]
		out = append(out, j)
	}
	return out
}
