package schemas

import "time"

// Observation is one value of a published time series, in the publisher's own
// unit.
type Observation struct {
	Source     string // Window.Part: "h41", "fred:WALCL", "index:SPX", …
	Series     string // the publisher's identifier, such as RESPPMA_N.WW or WALCL
	Date       Date
	Value      Opt[float64]
	Status     string  // the publisher's own mark: "A", "NA", "ND", "NC"; empty where it has none
	Unit       string  // as published: "Currency", "Millions of U.S. Dollars", "Percent", "index"
	Multiplier float64 // 1e6 where the figures are in millions; 1 otherwise
	Frequency  string  // as published, empty where not given
	Payload    string
}

// Observations is raw.observation.
var Observations = NewTable(Dataset{
	Database: "raw", Name: "observation", Comment: "Published time series in their own units.",
	PartColumn: "source", DateColumn: "obs_date", Cut: CutWhole, Order: []string{"series", "obs_date"},
},
	Symbol("source", "Publisher, and series where each is fetched by itself.", func(r *Observation) *string { return &r.Source }),
	Symbol("series", "The publisher's identifier of the series.", func(r *Observation) *string { return &r.Series }),
	Day("obs_date", "Day the value speaks of.", func(r *Observation) *Date { return &r.Date }),
	OptFloat("value", "as in unit and multiplier", "The value; empty where the publisher has none.", func(r *Observation) *Opt[float64] { return &r.Value }),
	Symbol("status", "The publisher's own mark of the value.", func(r *Observation) *string { return &r.Status }),
	Symbol("unit", "Unit as published.", func(r *Observation) *string { return &r.Unit }),
	Float("multiplier", "", "What one unit of value stands for, in that unit.", func(r *Observation) *float64 { return &r.Multiplier }),
	Symbol("frequency", "Frequency as published.", func(r *Observation) *string { return &r.Frequency }),
	payload(func(r *Observation) *string { return &r.Payload }),
)

// Vintage is one value that a publisher gave for a day of a series, and when it was
// the one that it gave.
type Vintage struct {
	Source     string // Window.Part: "alfred:WALCL"
	Series     string
	Date       Date
	KnownFrom  Date // first day on which it was given
	KnownTo    Date // last one; NoDate while it still is
	Value      Opt[float64]
	Unit       string // as published at the time
	Multiplier float64
	Frequency  string
	Payload    string
}

// Vintages is raw.vintage.
var Vintages = NewTable(Dataset{
	Database: "raw", Name: "vintage", Comment: "Published time series with everything that was said of each day, and when.",
	PartColumn: "source", DateColumn: "obs_date", Cut: CutWhole, Order: []string{"series", "obs_date", "known_from"},
},
	Symbol("source", "Publisher and series.", func(r *Vintage) *string { return &r.Source }),
	Symbol("series", "The publisher's identifier of the series.", func(r *Vintage) *string { return &r.Series }),
	Day("obs_date", "Day the value speaks of.", func(r *Vintage) *Date { return &r.Date }),
	Day("known_from", "First day on which the publisher gave this value.", func(r *Vintage) *Date { return &r.KnownFrom }),
	OptDay("known_to", "Last day on which it did; empty while it still does.", func(r *Vintage) *Date { return &r.KnownTo }),
	OptFloat("value", "as in unit and multiplier", "The value; empty where the publisher had none.", func(r *Vintage) *Opt[float64] { return &r.Value }),
	Symbol("unit", "Unit as published at the time.", func(r *Vintage) *string { return &r.Unit }),
	Float("multiplier", "", "What one unit of value stands for, in that unit.", func(r *Vintage) *float64 { return &r.Multiplier }),
	Symbol("frequency", "Frequency as published.", func(r *Vintage) *string { return &r.Frequency }),
	payload(func(r *Vintage) *string { return &r.Payload }),
)

// Rate is one day of a New York Fed reference rate.
type Rate struct {
	Name       string // Window.Part: SOFR, TGCR, BGCR, EFFR, OBFR
	Date       Date   // business day of the transactions
	Percent    Opt[float64]
	P1         Opt[float64]
	P25        Opt[float64]
	P75        Opt[float64]
	P99        Opt[float64]
	Volume     Opt[float64] // USD bn
	TargetFrom Opt[float64]
	TargetTo   Opt[float64] // unknown before 2008-12-16, when the target was one number
	Low        Opt[float64] // EFFR before 2016-03-01
	High       Opt[float64]
	StdDev     Opt[float64]
	Revised    bool
	Footnote   string
	Payload    string
}

// Rates is raw.reference_rate.
var Rates = NewTable(Dataset{
	Database: "raw", Name: "reference_rate", Comment: "New York Fed reference rates with percentiles and volume.",
	PartColumn: "name", DateColumn: "effective_date", Cut: CutYear, Order: []string{"effective_date"},
},
	Symbol("name", "SOFR, TGCR, BGCR, EFFR or OBFR.", func(r *Rate) *string { return &r.Name }),
	Day("effective_date", "Business day of the transactions.", func(r *Rate) *Date { return &r.Date }),
	OptFloat("rate", "percent", "The rate.", func(r *Rate) *Opt[float64] { return &r.Percent }),
	OptFloat("p1", "percent", "1st percentile.", func(r *Rate) *Opt[float64] { return &r.P1 }),
	OptFloat("p25", "percent", "25th percentile.", func(r *Rate) *Opt[float64] { return &r.P25 }),
	OptFloat("p75", "percent", "75th percentile.", func(r *Rate) *Opt[float64] { return &r.P75 }),
	OptFloat("p99", "percent", "99th percentile.", func(r *Rate) *Opt[float64] { return &r.P99 }),
	OptFloat("volume", "USD bn", "Volume of the transactions.", func(r *Rate) *Opt[float64] { return &r.Volume }),
	OptFloat("target_from", "percent", "Lower end of the target range (EFFR).", func(r *Rate) *Opt[float64] { return &r.TargetFrom }),
	OptFloat("target_to", "percent", "Upper end of the target range (EFFR).", func(r *Rate) *Opt[float64] { return &r.TargetTo }),
	OptFloat("intraday_low", "percent", "Lowest trade (EFFR before March 2016).", func(r *Rate) *Opt[float64] { return &r.Low }),
	OptFloat("intraday_high", "percent", "Highest trade (EFFR before March 2016).", func(r *Rate) *Opt[float64] { return &r.High }),
	OptFloat("std_dev", "percent", "Standard deviation (EFFR before March 2016).", func(r *Rate) *Opt[float64] { return &r.StdDev }),
	Flag("revised", "Whether the publisher marks the row as revised.", func(r *Rate) *bool { return &r.Revised }),
	Symbol("footnote", "Footnote code.", func(r *Rate) *string { return &r.Footnote }),
	payload(func(r *Rate) *string { return &r.Payload }),
)

// Operation is one security type of one repo or reverse repo operation of the
// New York Fed's desk. The totals of the operation stand on each of its lines;
// an operation without details has a single line 0 with an empty SecurityType.
type Operation struct {
	Desk            string // Window.Part: always "nyfed"
	ID              string // "RP 092826 25"
	Line            int64  // position among the operation's security types, from 0
	Date            Date
	Settlement      Date // NoDate where absent
	Maturity        Date // NoDate where absent
	Type            string
	Method          string
	Status          string // Results or Announcement
	TermDays        Opt[int64]
	Term            string // Overnight or Term
	ReleaseTime     string // HH:MM New York, as published
	CloseTime       string
	Note            string
	LastUpdated     time.Time // zero where absent
	Participating   Opt[int64]
	Accepted        Opt[int64]
	TotalSubmitted  Opt[int64] // USD
	TotalAccepted   Opt[int64] // USD
	SecurityType    string
	AmountSubmitted Opt[int64] // USD
	AmountAccepted  Opt[int64] // USD
	OfferingRate    Opt[float64]
	AwardRate       Opt[float64]
	HighRate        Opt[float64]
	LowRate         Opt[float64]
	StopOutRate     Opt[float64]
	WeightedRate    Opt[float64]
	Payload         string
}

// The types of operations.
const (
	OperationRepo        = "Repo"
	OperationReverseRepo = "Reverse Repo"
)

// Operations is raw.repo_operation.
var Operations = NewTable(Dataset{
	Database: "raw", Name: "repo_operation", Comment: "Repo and reverse repo operations of the New York Fed, one row per security type.",
	PartColumn: "desk", DateColumn: "operation_date", Cut: CutYear, Order: []string{"operation_date", "operation_id", "line"},
},
	Symbol("desk", "Who ran the operation.", func(r *Operation) *string { return &r.Desk }),
	Text("operation_id", "The publisher's key of the operation.", func(r *Operation) *string { return &r.ID }),
	Int("line", "", "Position among the operation's security types; totals are to be summed over line 0 only.", func(r *Operation) *int64 { return &r.Line }),
	Day("operation_date", "Day of the operation.", func(r *Operation) *Date { return &r.Date }),
	OptDay("settlement_date", "Settlement day.", func(r *Operation) *Date { return &r.Settlement }),
	OptDay("maturity_date", "Maturity day.", func(r *Operation) *Date { return &r.Maturity }),
	Symbol("operation_type", "Repo or Reverse Repo.", func(r *Operation) *string { return &r.Type }),
	Symbol("operation_method", "Fixed Rate, Full Allotment, Multiple Price, …", func(r *Operation) *string { return &r.Method }),
	Symbol("auction_status", "Results or Announcement.", func(r *Operation) *string { return &r.Status }),
	OptInt("term_days", "calendar days", "Term of the operation.", func(r *Operation) *Opt[int64] { return &r.TermDays }),
	Symbol("term", "Overnight or Term.", func(r *Operation) *string { return &r.Term }),
	Symbol("release_time", "Opening time, New York.", func(r *Operation) *string { return &r.ReleaseTime }),
	Symbol("close_time", "Closing time, New York.", func(r *Operation) *string { return &r.CloseTime }),
	Text("note", "The publisher's note, markup included.", func(r *Operation) *string { return &r.Note }),
	OptInstant("last_updated", "When the publisher last amended the operation.", func(r *Operation) *time.Time { return &r.LastUpdated }),
	OptInt("participating", "counterparties", "Counterparties that took part.", func(r *Operation) *Opt[int64] { return &r.Participating }),
	OptInt("accepted", "counterparties", "Counterparties accepted.", func(r *Operation) *Opt[int64] { return &r.Accepted }),
	OptInt("total_submitted", "USD", "Amount submitted to the whole operation.", func(r *Operation) *Opt[int64] { return &r.TotalSubmitted }),
	OptInt("total_accepted", "USD", "Amount accepted in the whole operation.", func(r *Operation) *Opt[int64] { return &r.TotalAccepted }),
	Symbol("security_type", "Collateral of this line.", func(r *Operation) *string { return &r.SecurityType }),
	OptInt("amount_submitted", "USD", "Amount submitted against this collateral.", func(r *Operation) *Opt[int64] { return &r.AmountSubmitted }),
	OptInt("amount_accepted", "USD", "Amount accepted against this collateral.", func(r *Operation) *Opt[int64] { return &r.AmountAccepted }),
	OptFloat("offering_rate", "percent", "Rate offered.", func(r *Operation) *Opt[float64] { return &r.OfferingRate }),
	OptFloat("award_rate", "percent", "Rate awarded.", func(r *Operation) *Opt[float64] { return &r.AwardRate }),
	OptFloat("high_rate", "percent", "Highest rate (competitive operations).", func(r *Operation) *Opt[float64] { return &r.HighRate }),
	OptFloat("low_rate", "percent", "Lowest rate (competitive operations).", func(r *Operation) *Opt[float64] { return &r.LowRate }),
	OptFloat("stop_out_rate", "percent", "Stop-out rate (competitive operations).", func(r *Operation) *Opt[float64] { return &r.StopOutRate }),
	OptFloat("weighted_rate", "percent", "Weighted average rate (competitive operations).", func(r *Operation) *Opt[float64] { return &r.WeightedRate }),
	payload(func(r *Operation) *string { return &r.Payload }),
)

// CashBalance is one row of the Daily Treasury Statement's operating cash
// balance table, label and columns as published. Which row and column is the
// closing balance changed twice; see [CashBalance.Closing].
type CashBalance struct {
	Statement   string // Window.Part: always "dts"
	Date        Date
	AccountType string
	Open        Opt[int64] // USD mn
	Close       Opt[int64] // USD mn
	Payload     string
}

// CashBalances is raw.treasury_cash.
var CashBalances = NewTable(Dataset{
	Database: "raw", Name: "treasury_cash", Comment: "Operating cash balance of the Daily Treasury Statement, row by row.",
	PartColumn: "statement", DateColumn: "record_date", Cut: CutYear, Order: []string{"record_date", "account_type"},
},
	Symbol("statement", "Statement the row is from.", func(r *CashBalance) *string { return &r.Statement }),
	Day("record_date", "Business day of the balance.", func(r *CashBalance) *Date { return &r.Date }),
	Symbol("account_type", "Label of the row.", func(r *CashBalance) *string { return &r.AccountType }),
	OptInt("open_today", "USD mn", "Figure of the column for the opening balance of the day.", func(r *CashBalance) *Opt[int64] { return &r.Open }),
	OptInt("close_today", "USD mn", "Figure of the column for the closing balance of the day.", func(r *CashBalance) *Opt[int64] { return &r.Close }),
	payload(func(r *CashBalance) *string { return &r.Payload }),
)

// Closing returns the closing balance of the Treasury's account at the Federal
// Reserve in USD mn if this row carries it. Treasury renamed the row on
// 2021-10-01 and again on 2022-04-18, when the figure moved to the column of
// the opening balance as well.
func (b CashBalance) Closing() (int64, bool) {
	switch {
	case b.Date < NewDate(2021, time.October, 1):
		return b.Close.V, b.AccountType == "Federal Reserve Account" && b.Close.OK
	case b.Date < NewDate(2022, time.April, 18):
		return b.Close.V, b.AccountType == "Treasury General Account (TGA)" && b.Close.OK
	default:
		return b.Open.V, b.AccountType == "Treasury General Account (TGA) Closing Balance" && b.Open.OK
	}
}
