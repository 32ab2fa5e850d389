package schemas

import "fmt"

// Metric is an entry of the metric register: everything a reader must know
// about a figure, and all that the mart views, the workbook and the
// documentation are generated from.
type Metric struct {
	ID       string // stable; the column name in mart
	Name     string // as a person would say it: "Weight of the ten largest lines"
	Family   string // concentration, contribution_summary, breadth, dispersion, size, valuation, liquidity or allocation
	Dataset  string // fact table it is stored in, such as facts.breadth
	Unit     string // fraction, count, names, points, ratio, USD bn, bp, percent, years, flag, …
	Formula  string // in one line
	Source   string // author or publisher of the definition
	Inputs   string // what it is computed from
	Window   string // day, 10, 252, YTD, recursive, …
	Warmup   int    // observations needed before the first value
	Edge     string // edge cases, in one line
	Method   int64  // version of the definition; raised when a change alters values
	Decimals int    // digits shown after the point, after a fraction has become a percentage
}

// Register returns every metric, in the order in which people should meet
// them: by family, and within it from the plain to the derived.
func Register() []Metric {
	var all []Metric
	for _, family := range [][]Metric{concentrationMetrics, floatMetrics, contributionMetrics, breadthMetrics, dispersionMetrics, sizeMetrics, valuationMetrics, liquidityMetrics, maturityMetrics, allocationMetrics} {
		all = append(all, family...)
	}
	return all
}

// MetricByID returns the register entry with the given id. It panics when
// there is none: an unregistered metric is a mistake in the program.
func MetricByID(id string) Metric {
	m, ok := byID[id]
	if !ok {
		panic(fmt.Sprintf("schemas: metric %q is not in the register", id))
	}
	return m
}

// LookupMetric is MetricByID for ids that come from outside.
func LookupMetric(id string) (Metric, bool) {
	m, ok := byID[id]
	return m, ok
}

var byID = func() map[string]Metric {
	out := make(map[string]Metric)
	for _, m := range Register() {
		if _, twice := out[m.ID]; twice {
			panic(fmt.Sprintf("schemas: metric %q is registered twice", m.ID))
		}
		out[m.ID] = m
	}
	return out
}()
