package schemas

// Earning is what a company has earned over a fiscal period, as it has filed it.
type Earning struct {
	Publisher string // Window.Part
	Company   string // ticker, or the registrant number where the publisher goes by that
	Filed     Date   // when it became known
	From      Date   // first day of the period
	Until     Date   // last day of the period
	NetIncome float64
	Payload   string
}

// Earnings holds net income as filed, of quarters, years and what lies between:
// a later filing of the same period does not replace an earlier one.
var Earnings = NewTable(Dataset{
	Database: "raw", Name: "earning", Comment: "Net income of fiscal periods as companies have filed it.",
	PartColumn: "publisher", DateColumn: "filed", Cut: CutYear, Order: []string{"company", "filed", "period_until", "period_from"},
},
	Symbol("publisher", "Who published the figures.", func(r *Earning) *string { return &r.Publisher }),
	Symbol("company", "Ticker, or registrant number where the publisher goes by that.", func(r *Earning) *string { return &r.Company }),
	Day("filed", "Day on which the figure was filed.", func(r *Earning) *Date { return &r.Filed }),
	LongDay("period_from", "First day of the fiscal period.", func(r *Earning) *Date { return &r.From }),
	LongDay("period_until", "Last day of the fiscal period.", func(r *Earning) *Date { return &r.Until }),
	Float("net_income", "USD", "Net income of the period; negative where it was a loss.", func(r *Earning) *float64 { return &r.NetIncome }),
	payload(func(r *Earning) *string { return &r.Payload }),
)
