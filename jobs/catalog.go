package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidemark/extract"
	"tidemark/extract/vendor"
	"tidemark/schemas/calendar"
)

// Catalog lists every job of a configuration, in the order of dependence.
type Catalog struct {
	Config    Config
	Calendar  *calendar.Calendar
	Jobs      []*Job
	fetchJobs []*Job

	makers   map[string]*Job // by table and part
	upstream map[*Job][]*Job // the jobs that each needs
}

// When each publisher is due to have news, in New York time. A publication that
// is late is asked for again until it is there.
var (
	slotsHoldings   = mustSchedule("30 7 * * 1-5")
	slotsPrices     = mustSchedule("30 18 * * * on sessions", "0 6 * * 1-5") // corrections come overnight
	slotsH41        = mustSchedule("35 16 * * * on h41_days", "0 17 * * 1-3")
	slotsOperations = mustSchedule("10 8,9 * * * on fed_days", "20 13 * * * on fed_days", "40 14 * * * on fed_days")
	slotsRates      = mustSchedule("10 8,9 * * * on fed_days", "10 15 * * * on fed_days")
	slotsCash       = mustSchedule("10 16 * * * on fed_days")
	slotsFunding    = mustSchedule("10 15 * * * on fed_days")
	slotsFilings    = mustSchedule("0 5 * * 6") // a company files four times a year
	slotsFRED       = mustSchedule("45 9 * * 1-5", "45 16 * * 1-5")
)

// How long after its last day a window may still be amended.
const (
	lagHoldings   = 10 * 24 * time.Hour
	lagPrices     = 10 * 24 * time.Hour
	lagOperations = 31 * 24 * time.Hour // amounts are amended after settlement
	lagRates      = 7 * 24 * time.Hour
	lagCash       = 10 * 24 * time.Hour
	lagListed     = 90 * 24 * time.Hour // of lists of actions by day, of which a year takes many requests
	lagPortfolio  = 35 * 24 * time.Hour
	lagActions    = 3653 * 24 * time.Hour // the one file has all years, and any of them may be corrected
	calmFilings   = 6 * 24 * time.Hour    // what was filed in a year that has ended stays as it was, unless the vendor had missed it
)

// reachFilings is for how many days before the history filings are fetched: four
// quarters are known of a company once it has filed for two years.
const reachFilings = 730

// printedChanges are the H.4.1's own changes from the week before, against
// which a silent revision is found.
var printedChanges = []string{"RESPPMA_XCH1_N.WW", "RESH4R_XAW_XCH1_N.WW"}

// NewCatalog makes the jobs that the configuration asks for.
func NewCatalog(cfg Config, cal *calendar.Calendar) (*Catalog, error) {
	c := &Catalog{Config: cfg, Calendar: cal}
	for _, p := range publishers {
		if err := p.add(c); err != nil {
			return nil, err
		}
	}
	if err := c.addFiles(); err != nil {
		return nil, err
	}
	if err := errors.Join(c.checkMakers(), c.checkNames()); err != nil {
		return nil, err
	}
	c.Jobs = slices.Concat(c.fetchJobs, c.factJobs())
	c.link()
	if err := c.checkScheduling(); err != nil {
		return nil, err
	}
	return c, nil
}

// UnknownJobError says that the configuration makes no job of that name.
type UnknownJobError struct{ Name string }

func (e *UnknownJobError) Error() string {
	return fmt.Sprintf("there is no job %q; `tidemark status` lists them", e.Name)
}

// Known returns an [*UnknownJobError] for the first of the names that is no job.
func (c *Catalog) Known(names []string) error {
	for _, n := range names {
		if !slices.ContainsFunc(c.Jobs, func(j *Job) bool { return j.Name == n }) {
			return &UnknownJobError{Name: n}
		}
	}
	return nil
}

func addFetched[T any](c *Catalog, name, part string, lines []string, f fetched[T]) error {
	var err error
	if f.schedule, err = c.scheduleOr(f.schedule, lines); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.from = c.Config.History.From.AddDays(-f.reach)
	f.checks = configured(append(f.checks, rowCount(f.table)), c.Config.Checks)
	j := f.job(name, part)
	j.Publisher, _, _ = strings.Cut(name, ":")
	if j.Publisher == "files" {
		j.Publisher = vendor.Publisher
	}
	c.fetchJobs = append(c.fetchJobs, j)
	return nil
}

// source makes a source for one run, with its saved files found.
func source[T any](publisher string, files []string, build func(g *extract.Client, files []string) extract.Source[T]) func(context.Context, *extract.Client) (extract.Source[T], error) {
	return func(ctx context.Context, g *extract.Client) (extract.Source[T], error) {
		if len(files) == 0 {
			return build(g, nil), nil
		}
		found, err := g.Expand(ctx, publisher, files)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no file matches %q", publisher, files)
		}
		return build(g, found), nil
	}
}

// SandboxPath begins the path of a vendor file that the sandbox serves.
const SandboxPath = "sandbox:"

// UseBases points every configured publisher at another address, such as the
// sandbox's.
func (c *Config) UseBases(base func(publisher string) string) {
	for _, p := range publishers {
		for _, a := range p.block(&c.Publishers).addresses {
			*a.at = base(p.name) + a.sandbox
		}
	}
	for i := range c.Files {
		for k, path := range c.Files[i].Paths {
			if rest, ok := strings.CutPrefix(path, SandboxPath); ok {
				c.Files[i].Paths[k] = base("vendor") + rest
			}
		}
	}
}
