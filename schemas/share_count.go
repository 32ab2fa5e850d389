package schemas

// ShareCount is a number of shares outstanding as a company has filed it.
type ShareCount struct {
	Publisher string // Window.Part
	Company   string // ticker, or the registrant number where the publisher goes by that
	Filed     Date   // when it became known
	AsOf      Date   // the day it speaks of
	Line      int64  // position among the filing's counts of the day, from 1: one of each class, which is not named
	Shares    float64
	Payload   string
}

// ShareCounts holds shares outstanding as filed: not restated for later splits.
var ShareCounts = NewTable(Dataset{
	Database: "raw", Name: "share_count", Comment: "Shares outstanding as companies have filed them.",
	PartColumn: "publisher", DateColumn: "filed", Cut: CutYear, Order: []string{"company", "filed", "as_of", "line"},
},
	Symbol("publisher", "Who published the counts.", func(r *ShareCount) *string { return &r.Publisher }),
	Symbol("company", "Ticker, or registrant number where the publisher goes by that.", func(r *ShareCount) *string { return &r.Company }),
	Day("filed", "Day on which the count was filed.", func(r *ShareCount) *Date { return &r.Filed }),
	LongDay("as_of", "Day that the count speaks of.", func(r *ShareCount) *Date { return &r.AsOf }),
	Int("line", "", "Position among the filing's counts of the day, from 1.", func(r *ShareCount) *int64 { return &r.Line }),
	Float("shares", "shares", "Shares outstanding, not restated for later splits.", func(r *ShareCount) *float64 { return &r.Shares }),
	payload(func(r *ShareCount) *string { return &r.Payload }),
)
