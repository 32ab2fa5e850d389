package schemas

// Bar is one security's trading on one session, as its publisher gives it.
type Bar struct {
	Publisher  string // Window.Part: "vendor", "polygon", …
	Symbol     string // in the publisher's own spelling
	Session    Date
	Open       Opt[float64]
	High       Opt[float64]
	Low        Opt[float64]
	Close      float64
	Volume     Opt[float64] // shares; some vendors give fractions
	Adjustment string       // one of the Adjusted constants
	Payload    string
}

// What a publisher has already taken into account in its prices.
const (
	AdjustedNone          = "raw"            // as traded
	AdjustedSplit         = "split"          // splits only
	AdjustedSplitDividend = "split_dividend" // splits and dividends
)

// Bars is raw.bar.
var Bars = NewTable(Dataset{
	Database: "raw", Name: "bar", Comment: "Daily prices and volume as published, in the publisher's symbols and adjustment.",
	PartColumn: "publisher", DateColumn: "session", Cut: CutYear, Order: []string{"symbol", "session"},
},
	Symbol("publisher", "Who published the prices.", func(r *Bar) *string { return &r.Publisher }),
	Symbol("symbol", "The publisher's own symbol.", func(r *Bar) *string { return &r.Symbol }),
	Day("session", "Trading session.", func(r *Bar) *Date { return &r.Session }),
	OptFloat("open", "USD per share", "First price.", func(r *Bar) *Opt[float64] { return &r.Open }),
	OptFloat("high", "USD per share", "Highest price.", func(r *Bar) *Opt[float64] { return &r.High }),
	OptFloat("low", "USD per share", "Lowest price.", func(r *Bar) *Opt[float64] { return &r.Low }),
	Float("close", "USD per share", "Closing price.", func(r *Bar) *float64 { return &r.Close }),
	OptFloat("volume", "shares", "Shares traded; adjusted where the prices are.", func(r *Bar) *Opt[float64] { return &r.Volume }),
	Symbol("adjustment", "What the prices already take into account: raw, split or split_dividend.", func(r *Bar) *string { return &r.Adjustment }),
	payload(func(r *Bar) *string { return &r.Payload }),
)

// Action is a corporate action of one security.
type Action struct {
	Publisher string // Window.Part
	Symbol    string
	ExDate    Date
	Kind      string       // one of the Action constants
	Ratio     Opt[float64] // new shares per old share; splits, stock dividends, spin-offs booked as splits
	Amount    Opt[float64] // USD per share on the share basis of ExDate, unless the publisher says otherwise
	Payload   string
}

// The kinds of corporate actions.
const (
	ActionSplit    = "split"
	ActionDividend = "dividend"
	ActionSpinOff  = "spin_off"
	ActionSpecial  = "special_dividend"
)

// Actions is raw.action.
var Actions = NewTable(Dataset{
	Database: "raw", Name: "action", Comment: "Splits, dividends and other corporate actions as published.",
	PartColumn: "publisher", DateColumn: "ex_date", Cut: CutYear, Order: []string{"symbol", "ex_date", "kind"},
},
	Symbol("publisher", "Who published the action.", func(r *Action) *string { return &r.Publisher }),
	Symbol("symbol", "The publisher's own symbol.", func(r *Action) *string { return &r.Symbol }),
	LongDay("ex_date", "First session that trades without the entitlement.", func(r *Action) *Date { return &r.ExDate }),
	Symbol("kind", "split, dividend, spin_off or special_dividend.", func(r *Action) *string { return &r.Kind }),
	OptFloat("ratio", "shares per share", "New shares per old share.", func(r *Action) *Opt[float64] { return &r.Ratio }),
	OptFloat("amount", "USD per share", "Cash per share.", func(r *Action) *Opt[float64] { return &r.Amount }),
	payload(func(r *Action) *string { return &r.Payload }),
)

// Holding is one line of a fund's holdings file.
type Holding struct {
	Fund        string // Window.Part: "IVV", "SPY", …
	AsOf        Date   // the day the file speaks of, read from the file
	Line        int64  // position in the file, from 1
	Ticker      string // in the publisher's spelling; empty where it writes "-"
	Name        string
	Sector      string       // empty where the publisher gives none
	AssetClass  string       // "Equity", "Cash", "Futures", …; as published or, where the layout has none, as its rows imply
	MarketValue Opt[float64] // USD
	Weight      Opt[float64] // percent of the fund, as published
	Quantity    Opt[float64] // shares
	Price       Opt[float64] // USD
	CUSIP       string
	ISIN        string
	SEDOL       string
	Currency    string
	Payload     string
}

// Holdings is raw.holding.
var Holdings = NewTable(Dataset{
	Database: "raw", Name: "holding", Comment: "Fund holdings files, line by line, cash and futures included.",
	PartColumn: "fund", DateColumn: "as_of", Cut: CutYear, Order: []string{"as_of", "line"},
},
	Symbol("fund", "Fund ticker.", func(r *Holding) *string { return &r.Fund }),
	Day("as_of", "Day of the holdings, read from the file.", func(r *Holding) *Date { return &r.AsOf }),
	Int("line", "", "Position in the file, from 1.", func(r *Holding) *int64 { return &r.Line }),
	Symbol("ticker", "Ticker in the publisher's spelling; empty where there is none.", func(r *Holding) *string { return &r.Ticker }),
	Text("name", "Name of the security or cash line.", func(r *Holding) *string { return &r.Name }),
	Symbol("sector", "Sector as published; empty where there is none.", func(r *Holding) *string { return &r.Sector }),
	Symbol("asset_class", "Equity, Cash, Futures, …", func(r *Holding) *string { return &r.AssetClass }),
	OptFloat("market_value", "USD", "Market value of the line.", func(r *Holding) *Opt[float64] { return &r.MarketValue }),
	OptFloat("weight", "percent", "Weight in the fund as published.", func(r *Holding) *Opt[float64] { return &r.Weight }),
	OptFloat("quantity", "shares", "Shares held.", func(r *Holding) *Opt[float64] { return &r.Quantity }),
	OptFloat("price", "USD per share", "Price of the fund's accounting day.", func(r *Holding) *Opt[float64] { return &r.Price }),
	Text("cusip", "CUSIP; empty where not given.", func(r *Holding) *string { return &r.CUSIP }),
	Text("isin", "ISIN; empty where not given.", func(r *Holding) *string { return &r.ISIN }),
	Text("sedol", "SEDOL; empty where not given.", func(r *Holding) *string { return &r.SEDOL }),
	Symbol("currency", "Currency of the line.", func(r *Holding) *string { return &r.Currency }),
	payload(func(r *Holding) *string { return &r.Payload }),
)

// Spell is one stay of a symbol in an index.
type Spell struct {
	Index   string // Window.Part: "SP500"
	Symbol  string // the ticker of the time, as published
	From    Date   // first day in
	To      Date   // first day out, NoDate while it lasts
	Payload string
}

// Spells is raw.member_spell.
var Spells = NewTable(Dataset{
	Database: "raw", Name: "member_spell", Comment: "Stays of symbols in an index, as compiled by the publisher.",
	PartColumn: "index_name", DateColumn: "from_date", Cut: CutWhole, Order: []string{"symbol", "from_date"},
},
	Symbol("index_name", "Index.", func(r *Spell) *string { return &r.Index }),
	Symbol("symbol", "Ticker of the time.", func(r *Spell) *string { return &r.Symbol }),
	Day("from_date", "First day in the index.", func(r *Spell) *Date { return &r.From }),
	OptDay("to_date", "First day out of the index; empty while it lasts.", func(r *Spell) *Date { return &r.To }),
	payload(func(r *Spell) *string { return &r.Payload }),
)

// Change is one symbol's entry into or exit from an index. A rename is an
// exit of the old symbol and an entry of the new one on the same day.
type Change struct {
	Index   string // Window.Part
	Date    Date   // effective before the open
	Symbol  string
	Added   bool // false: removed
	Payload string
}

// Changes is raw.member_change.
var Changes = NewTable(Dataset{
	Database: "raw", Name: "member_change", Comment: "Index entries and exits, effective before the open of the day.",
	PartColumn: "index_name", DateColumn: "change_date", Cut: CutWhole, Order: []string{"change_date", "added", "symbol"},
},
	Symbol("index_name", "Index.", func(r *Change) *string { return &r.Index }),
	Day("change_date", "Effective before the open of this day.", func(r *Change) *Date { return &r.Date }),
	Symbol("symbol", "Ticker of the time.", func(r *Change) *string { return &r.Symbol }),
	Flag("added", "True for an entry, false for an exit.", func(r *Change) *bool { return &r.Added }),
	payload(func(r *Change) *string { return &r.Payload }),
)

// Constituent describes a member of an index as of one file: name, sector,
// registrant. It says who issued a line and to which sector it belongs.
type Constituent struct {
	Index       string // Window.Part
	AsOf        Date
	Symbol      string
	Name        string
	Sector      string
	SubIndustry string
	CIK         int64 // SEC registrant number, the issuer
	DateAdded   Date  // NoDate where unknown
	Payload     string
}

// Constituents is raw.constituent.
var Constituents = NewTable(Dataset{
	Database: "raw", Name: "constituent", Comment: "Index members with name, sector and issuer, as of one file.",
	PartColumn: "index_name", DateColumn: "as_of", Cut: CutWhole, Order: []string{"as_of", "symbol"},
},
	Symbol("index_name", "Index.", func(r *Constituent) *string { return &r.Index }),
	Day("as_of", "Day the list speaks of.", func(r *Constituent) *Date { return &r.AsOf }),
	Symbol("symbol", "Ticker of the day.", func(r *Constituent) *string { return &r.Symbol }),
	Text("name", "Company name.", func(r *Constituent) *string { return &r.Name }),
	Symbol("sector", "GICS sector.", func(r *Constituent) *string { return &r.Sector }),
	Symbol("sub_industry", "GICS sub-industry.", func(r *Constituent) *string { return &r.SubIndustry }),
	Int("cik", "", "SEC registrant number of the issuer.", func(r *Constituent) *int64 { return &r.CIK }),
	OptDay("date_added", "Day it joined the index.", func(r *Constituent) *Date { return &r.DateAdded }),
	payload(func(r *Constituent) *string { return &r.Payload }),
)

// Rename is a change of ticker: the security called Old before Date is called
// New from it on.
type Rename struct {
	Source  string // Window.Part: who says so
	Date    Date
	Old     string
	New     string
	Payload string
}

// Renames is raw.rename.
var Renames = NewTable(Dataset{
	Database: "raw", Name: "rename", Comment: "Changes of ticker.",
	PartColumn: "source", DateColumn: "change_date", Cut: CutWhole, Order: []string{"change_date", "old_symbol"},
},
	Symbol("source", "Who says so.", func(r *Rename) *string { return &r.Source }),
	Day("change_date", "First day of the new ticker.", func(r *Rename) *Date { return &r.Date }),
	Symbol("old_symbol", "Ticker before.", func(r *Rename) *string { return &r.Old }),
	Symbol("new_symbol", "Ticker from the day on.", func(r *Rename) *string { return &r.New }),
	payload(func(r *Rename) *string { return &r.Payload }),
)

func payload[T any](ref func(*T) *string) Field[T] {
	return Symbol("payload", "SHA-256 of the answer the row was read from.", ref).AsOrigin()
}
