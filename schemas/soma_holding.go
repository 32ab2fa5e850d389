package schemas

// SOMAHolding is a Treasury security that the System Open Market Account held at
// the close of a day.
type SOMAHolding struct {
	Portfolio    string       // Window.Part: treasury
	AsOf         Date         // mostly a Wednesday
	CUSIP        string       // nine characters
	Kind         string       // as published: Bills, NotesBonds, FRNs, TIPS
	Maturity     Date         // when it falls due
	Par          float64      // USD, without inflation compensation
	Compensation Opt[float64] // USD that inflation has added to the par of an indexed security
	Payload      string
}

// SOMAHoldings is raw.soma_holding.
var SOMAHoldings = NewTable(Dataset{
	Database: "raw", Name: "soma_holding", Comment: "Treasury securities of the System Open Market Account, line by line.",
	PartColumn: "portfolio", DateColumn: "as_of", Cut: CutYear, Order: []string{"as_of", "cusip"},
},
	Symbol("portfolio", "Part of the account: treasury.", func(r *SOMAHolding) *string { return &r.Portfolio }),
	Day("as_of", "Day at whose close the security was held.", func(r *SOMAHolding) *Date { return &r.AsOf }),
	Symbol("cusip", "CUSIP of the security.", func(r *SOMAHolding) *string { return &r.CUSIP }),
	Symbol("kind", "Bills, NotesBonds, FRNs or TIPS.", func(r *SOMAHolding) *string { return &r.Kind }),
	LongDay("maturity", "Day on which the security falls due.", func(r *SOMAHolding) *Date { return &r.Maturity }),
	Float("par", "USD", "Par value, without inflation compensation.", func(r *SOMAHolding) *float64 { return &r.Par }),
	OptFloat("compensation", "USD", "What inflation has added to the par of an indexed security; empty for others.", func(r *SOMAHolding) *Opt[float64] { return &r.Compensation }),
	payload(func(r *SOMAHolding) *string { return &r.Payload }),
)
