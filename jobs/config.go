package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"tidemark/extract/vendor"
	"tidemark/jobs/schedule"
	"tidemark/load/excel"
	"tidemark/schemas"
	"tidemark/transform"
)

// Config says what is fetched, from where, and for whom facts are computed.
// Its zero value fetches nothing; `tidemark init` writes one that works
// against the publishers that ask for no key.
type Config struct {
	History     History        `yaml:"history"`
	Publishers  Publishers     `yaml:"publishers"`
	Files       []File         `yaml:"files"`
	Universes   []Universe     `yaml:"universes"`
	Allocations []Allocation   `yaml:"allocations"`
	Scheduling  Scheduling     `yaml:"scheduling"`
	Workbook    WorkbookConfig `yaml:"workbook"`
	// Checks replaces the severity of checks by name: error, warning or off.
	Checks map[string]schemas.Severity `yaml:"checks"`
}

// History bounds what is kept.
type History struct {
	From schemas.Date `yaml:"from"` // first day of every table that is cut into years
}

// Scheduling says how slots that come late or on top of each other are
// treated, for all jobs and for some.
type Scheduling struct {
	schedule.Policy `yaml:",inline"`
	// Jobs holds policies by job, or by the beginning of names and a *.
	Jobs map[string]schedule.Policy `yaml:"jobs"`
}

// Publishers holds one block for each publisher; a publisher whose block is
// absent is not asked.
type Publishers struct {
	NYFed      *NYFed      `yaml:"nyfed"`
	H41        *H41        `yaml:"h41"`
	FRED       *FRED       `yaml:"fred"`
	FiscalData *FiscalData `yaml:"fiscaldata"`
	IShares    *IShares    `yaml:"ishares"`
	SSGA       *SSGA       `yaml:"ssga"`
	SP500      *Membership `yaml:"sp500"`
	OFR        *OFR        `yaml:"ofr"`
	Polygon    *Polygon    `yaml:"polygon"`
	Tiingo     *Tiingo     `yaml:"tiingo"`
	SEC        *SEC        `yaml:"sec"`
	Stooq      *Stooq      `yaml:"stooq"`
	Yahoo      *Yahoo      `yaml:"yahoo"`
}

// Publisher is what every publisher's block can say.
type Publisher struct {
	// Base replaces the publisher's address: a mirror, or the sandbox.
	Base string `yaml:"base"`
	// Schedule replaces the cron lines at which the publisher is due to have news.
	Schedule []string `yaml:"schedule"`
}

// NYFed is the block of the New York Fed's Markets API.
type NYFed struct {
	Publisher `yaml:",inline"`
	Rates     []string `yaml:"rates"`
	// RateFiles names saved answers by rate, OperationFiles those of operations.
	RateFiles      map[string][]string `yaml:"rate_files"`
	OperationFiles []string            `yaml:"operation_files"`
	// Holdings says of which Wednesdays the Treasury securities of the Fed's
	// account are asked for: week_ends for all, month_ends for the last of each
	// month, nothing for none. Each takes a request. HoldingFiles names saved
	// answers.
	Holdings     string   `yaml:"holdings"`
	HoldingFiles []string `yaml:"holding_files"`
}

// H41 is the block of the Federal Reserve Board's H.4.1 release.
type H41 struct {
	Publisher `yaml:",inline"`
	Files     []string `yaml:"files"`  // saved releases, read instead of asking
	Series    []string `yaml:"series"` // beside those that the facts are built from
}

// FiscalData is the block of the Treasury's Daily Treasury Statement.
type FiscalData struct {
	Publisher `yaml:",inline"`
	Files     []string `yaml:"files"` // saved answers, read instead of asking
}

// FRED is the block of the St. Louis Fed's database.
type FRED struct {
	Publisher   `yaml:",inline"`
	GraphBase   string              `yaml:"graph_base"` // of the CSV that needs no key
	Key         Secret              `yaml:"key"`
	Series      []string            `yaml:"series"`
	Vintages    []string            `yaml:"vintages"`     // series of which everything that was ever said is kept
	Units       map[string]string   `yaml:"units"`        // unit of a saved file that is older than a change of unit
	SeriesFiles map[string][]string `yaml:"series_files"` // saved answers by series
}

// OFR is the block of the Office of Financial Research's Short-term Funding Monitor.
type OFR struct {
	Publisher `yaml:",inline"`
	Series    []string `yaml:"series"`
}

// Polygon is the block of Massive, once Polygon: prices, splits and dividends of
// the whole market.
type Polygon struct {
	Publisher `yaml:",inline"`
	Key       Secret `yaml:"key"`
}

// Tiingo is the block of Tiingo: prices, dividends and splits of some symbols, and
// levels of funds with dividends reinvested.
type Tiingo struct {
	Publisher `yaml:",inline"`
	Token     Secret   `yaml:"token"`
	Symbols   []string `yaml:"symbols"` // of prices and actions, with a dash before the class
	Funds     []string `yaml:"funds"`   // of levels
}

// Stooq is the block of Stooq: levels of funds with dividends reinvested, and of
// indices.
type Stooq struct {
	Publisher `yaml:",inline"`
	Key       Secret            `yaml:"key"`
	Series    map[string]string `yaml:"series"` // its symbol of each part: spy.us of fund:SPY
}

// Yahoo is the block of the charts of Yahoo Finance: prices, dividends and splits of
// some symbols, and levels of funds with dividends reinvested and of indices.
type Yahoo struct {
	Publisher  `yaml:",inline"`
	Unofficial bool              `yaml:"unofficial"` // says that this is known
	Symbols    []string          `yaml:"symbols"`    // of prices and actions, with a dash before the class
	Series     map[string]string `yaml:"series"`     // its symbol of each part: SPY of fund:SPY, ^GSPC of index:SPX
}

// SEC is the block of the Securities and Exchange Commission: shares outstanding and
// earnings as companies have filed them.
type SEC struct {
	Publisher `yaml:",inline"`
	FilesBase string `yaml:"files_base"` // of the list of companies
	Contact   string `yaml:"contact"`    // who asks: a name and an address of mail
	Companies int    `yaml:"companies"`  // how many, the largest first
}

// IShares is the block of BlackRock's index funds.
type IShares struct {
	Publisher `yaml:",inline"`
	Funds     []string                `yaml:"funds"`
	Days      string                  `yaml:"days"`       // sessions, week_ends or month_ends
	FundFiles map[string][]string     `yaml:"fund_files"` // saved answers by fund, read instead of asking
	AsOf      map[string]schemas.Date `yaml:"as_of"`      // day of a saved file that does not say it, by fund
}

// SSGA is the block of State Street's index funds. It has only the latest
// file of each.
type SSGA struct {
	Publisher `yaml:",inline"`
	Funds     []string            `yaml:"funds"`
	FundFiles map[string][]string `yaml:"fund_files"` // saved answers by fund, read instead of asking
}

// Membership is the block of the S&P 500 membership lists.
type Membership struct {
	Publisher        `yaml:",inline"`
	Constituents     string       `yaml:"constituents"` // address of the list with sectors and issuers
	SpellFiles       []string     `yaml:"spell_files"`
	ChangeFiles      []string     `yaml:"change_files"`
	ConstituentFiles []string     `yaml:"constituent_files"`
	ConstituentsAsOf schemas.Date `yaml:"constituents_as_of"` // day of a saved constituents file
}

// File is a vendor's file and how to read it.
type File struct {
	vendor.File `yaml:",inline"`
	// Parts lists the series to read from a file of levels: index:SPX, fund:SPY.
	Parts    []string `yaml:"parts"`
	Schedule []string `yaml:"schedule"`
}

// Universe says whose facts are computed and from what.
type Universe struct {
	ID           string   `yaml:"id"`
	Name         string   `yaml:"name"`
	Index        string   `yaml:"index"`
	Funds        []string `yaml:"funds"`
	Prices       []string `yaml:"prices"`
	Level        string   `yaml:"level"`
	LevelTR      string   `yaml:"level_tr"`
	LevelBasis   string   `yaml:"level_basis"`
	LevelTRBasis string   `yaml:"level_tr_basis"`
	Against      string   `yaml:"against"` // id of the large universe to compare with
}

// WorkbookConfig says what the workbook is called, how far it reaches back and what
// it shows.
type WorkbookConfig struct {
	Title string `yaml:"title"`
	Years int    `yaml:"years"` // of history on the sheets; 0 means all
	// Sheets and Universes choose what is shown; all where they name none.
	Sheets    []string `yaml:"sheets"`
	Universes []string `yaml:"universes"`
}

// Secret is a credential in the configuration. It never prints itself.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// The kinds of vendor files.
const (
	KindBars     = "bars"
	KindActions  = "actions"
	KindLevels   = "levels"
	KindRenames  = "renames"
	KindShares   = "shares"
	KindEarnings = "earnings"
)

// The days for which fund holdings are asked.
const (
	DaysSessions  = "sessions"
	DaysWeekEnds  = "week_ends"
	DaysMonthEnds = "month_ends"
)

// FedUniverse is the universe of the Federal Reserve's and the money market's figures.
const FedUniverse = "FED"

// Validate reports everything in the configuration that cannot work.
func (c *Config) Validate() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.History.From == 0 {
		fail("history.from is missing: say the first day to keep, such as 2019-01-01")
	} else if c.History.From < schemas.NewDate(1990, time.January, 1) {
		fail("history.from: %s is before 1990-01-01, where the exchange calendar begins", c.History.From)
	}
	if f := c.Publishers.IShares; f != nil && !slices.Contains([]string{"", DaysSessions, DaysWeekEnds, DaysMonthEnds}, f.Days) {
		fail("publishers.ishares.days: %q is none of sessions, week_ends, month_ends", f.Days)
	}
	if f := c.Publishers.NYFed; f != nil && !slices.Contains([]string{"", DaysWeekEnds, DaysMonthEnds}, f.Holdings) {
		fail("publishers.nyfed.holdings: %q is none of week_ends, month_ends", f.Holdings)
	}
	seen := map[string]bool{}
	for i, f := range c.Files {
		if f.Name == "" {
			fail("files[%d]: name is missing", i)
		}
		if key := f.Kind + " " + f.Name; seen[key] {
			fail("files[%d]: a second file of kind %s is called %q", i, f.Kind, f.Name)
		} else {
			seen[key] = true
		}
		if len(f.Paths) == 0 {
			fail("files[%d] (%s): path is missing", i, f.Name)
		}
		if f.Kind == KindLevels && len(f.Parts) == 0 {
			fail("files[%d] (%s): parts is missing: say which series to read, such as index:SPX", i, f.Name)
		} else if err := f.Check(); err != nil && f.Name != "" && len(f.Paths) > 0 {
			fail("files[%d] (%s): %w", i, f.Name, err)
		}
	}
	c.ValidateWorkbook("workbook", &c.Workbook, fail)
	if err := c.Scheduling.Validate(); err != nil {
		fail("scheduling: %w", err)
	}
	for name, p := range c.Scheduling.Jobs {
		if err := p.Validate(); err != nil {
			fail("scheduling.jobs.%s: %w", name, err)
		}
	}
	c.validateBases(fail)
	c.validateSaved(fail)
	c.validateChecks(fail)
	c.validateUniverses(fail)
	return errors.Join(errs...)
}

// ValidateWorkbook tells fail everything in the block of a workbook, which is at
// the given place of the configuration, that cannot work.
func (c *Config) ValidateWorkbook(place string, w *WorkbookConfig, fail func(string, ...any)) {
	if w.Years < 0 {
		fail("%s.years: %d years cannot be shown; 0 shows all", place, w.Years)
	}
	for _, name := range w.Sheets {
		if !slices.Contains(excel.Sheets(), name) {
			fail("%s.sheets: there is no sheet %q beside the summary; there are %s", place, name, strings.Join(excel.Sheets(), ", "))
		}
	}
	if !slices.ContainsFunc(schemas.FactTables, w.shows) {
		fail("%s.sheets: none of them shows figures; name that of a family too, such as %s", place, excel.Sheets()[0])
	}
	for _, id := range w.Universes {
		if !slices.ContainsFunc(c.Universes, func(u Universe) bool { return u.ID == id }) {
			fail("%s.universes: %s is not among the universes", place, id)
		}
	}
}

// validateSaved finds saved files that no job would read: their publisher
// would be asked in their place, without a word.
func (c *Config) validateSaved(fail func(string, ...any)) {
	listed := func(key string, named iter.Seq[string], list string, all []string) {
		for _, n := range slices.Sorted(named) {
			if !slices.Contains(all, n) {
				fail("publishers.%s: %s is not among the %s, so nothing reads it", key, n, list)
			}
		}
	}
	p := &c.Publishers
	if f := p.NYFed; f != nil {
		listed("nyfed.rate_files", maps.Keys(f.RateFiles), "rates", f.Rates)
	}
	if f := p.FRED; f != nil {
		listed("fred.series_files", maps.Keys(f.SeriesFiles), "series", f.Series)
	}
	if f := p.IShares; f != nil {
		listed("ishares.fund_files", maps.Keys(f.FundFiles), "funds", f.Funds)
		listed("ishares.as_of", maps.Keys(f.AsOf), "funds", f.Funds)
	}
	if f := p.SSGA; f != nil {
		listed("ssga.fund_files", maps.Keys(f.FundFiles), "funds", f.Funds)
	}
}

func (c *Config) validateUniverses(fail func(string, ...any)) {
	ids := map[string]bool{}
	for i, u := range c.Universes {
		if why := idTaken(u.ID, ids); why != "" {
			fail("universes[%d]: %s", i, why)
		}
		ids[u.ID] = true
		if u.Index == "" && len(u.Funds) == 0 {
			fail("universes[%d] (%s): neither index nor funds says who its members are", i, u.ID)
		}
	}
	for i, u := range c.Universes {
		if u.Against != "" && (!ids[u.Against] || u.Against == u.ID) {
			fail("universes[%d] (%s): against names %s, which is not another universe", i, u.ID, u.Against)
		}
	}
	c.validateAllocations(ids, fail)
}

// idTaken says why facts cannot be told under an id, or returns "".
func idTaken(id string, taken map[string]bool) string {
	switch {
	case id == "":
		return "id is missing"
	case taken[id]:
		return "a second one is called " + id
	case strings.ContainsAny(id, "~ /"):
		return fmt.Sprintf("id %q must not contain '~', '/' or a space", id)
	case id == FedUniverse:
		return FedUniverse + " is the universe of the Federal Reserve's own figures"
	}
	return ""
}

// inputs returns the transform's view of a configured universe.
func (u Universe) inputs() transform.Universe {
	return transform.Universe{
		ID: u.ID, Index: u.Index, Funds: u.Funds, Prices: u.Prices,
		Level: u.Level, LevelTR: u.LevelTR, LevelBasis: u.LevelBasis, LevelTRBasis: u.LevelTRBasis,
	}
}

// pair returns the transform's view of a universe held against its larger one.
func (c *Config) pair(u Universe) (pair transform.Universe, large Universe) {
	pair = u.inputs()
	for _, large = range c.Universes {
		if large.ID == u.Against {
			pair.ID = u.ID + "~" + large.ID
			pair.Against, pair.AgainstIndex, pair.AgainstFunds, pair.AgainstPrices = large.ID, large.Index, large.Funds, large.Prices
			pair.AgainstLevel, pair.AgainstLevelTR = large.Level, large.LevelTR
			break
		}
	}
	return pair, large
}

// Names maps universe ids to what people call them.
func (c *Config) Names() map[string]string {
	out := map[string]string{FedUniverse: "Federal Reserve and money market"}
	for _, u := range c.Universes {
		out[u.ID] = cmp.Or(u.Name, u.ID)
	}
	for _, u := range c.Universes {
		if u.Against != "" {
			out[u.ID+"~"+u.Against] = out[u.ID] + " against " + out[u.Against]
		}
	}
	for _, a := range c.Allocations {
		out[a.ID] = cmp.Or(a.Name, a.ID)
	}
	return out
}
