package schemas

// Security says whom a symbol of a publisher stands for in the figures of a
// universe, and why.
type Security struct {
	Universe string // Window.Part
	Source   string // whose symbol it is: "prices vendor", "holdings IVV", "members SP500"
	Symbol   string // in the source's spelling, or what else the source tells the line by
	First    Date   // first day in the window on which the source has it
	Last     Date   // last day; NoDate while it is among the source's newest
	Security string // permanent id; empty where the line is no share
	How      string // the decision in words
	Issuer   string // permanent id of the issuer; empty where the security has no part in the universe
	Name     string // the rest is as the source gives it, the newest there is
	Sector   string
	CUSIP    string
	ISIN     string
	SEDOL    string
	Run      string
}

// Securities is facts.security.
var Securities = NewTable(Dataset{
	Database: "facts", Name: "security", Comment: "Whom the symbols of publishers stand for in the figures of a universe, and why.",
	PartColumn: "universe", DateColumn: "first_day", Cut: CutYear, Order: []string{"security", "source", "symbol", "first_day"},
},
	Symbol("universe", "For whose figures it was decided: an index universe.", func(r *Security) *string { return &r.Universe }),
	Symbol("source", "Whose symbol it is: prices, holdings or members, and of whom.", func(r *Security) *string { return &r.Source }),
	Text("symbol", "Symbol in the source's spelling, or the number or name by which a line without one goes.", func(r *Security) *string { return &r.Symbol }),
	Day("first_day", "First day of the year on which the source has it.", func(r *Security) *Date { return &r.First }),
	OptDay("last_day", "Last day on which the source has it; empty while it is among its newest.", func(r *Security) *Date { return &r.Last }),
	Text("security", "Permanent id of the security; empty where the line is no share.", func(r *Security) *string { return &r.Security }),
	Symbol("how", "Why the symbol stands for the security.", func(r *Security) *string { return &r.How }),
	Text("issuer", "Permanent id of the issuer: its registrant number, its CUSIP, or the security itself; empty where the security has no part in the universe.", func(r *Security) *string { return &r.Issuer }),
	Text("name", "Name as the source gives it.", func(r *Security) *string { return &r.Name }),
	Symbol("sector", "Sector as the source gives it.", func(r *Security) *string { return &r.Sector }),
	Text("cusip", "CUSIP as the source gives it.", func(r *Security) *string { return &r.CUSIP }),
	Text("isin", "ISIN as the source gives it.", func(r *Security) *string { return &r.ISIN }),
	Text("sedol", "SEDOL as the source gives it.", func(r *Security) *string { return &r.SEDOL }),
	Symbol("run_id", "Run that built the row.", func(r *Security) *string { return &r.Run }).AsOrigin(),
)

// SecurityMethod is the version of the rules by which securities are told.
const SecurityMethod = 1

// HoldingLine is what a fund's files say of a line over some days, its figures
// left out.
type HoldingLine struct {
	Fund, Ticker, Name, Sector, AssetClass string
	CUSIP, ISIN, SEDOL                     string
	First, Last                            Date // days of files that have it
	Line                                   int64
}
