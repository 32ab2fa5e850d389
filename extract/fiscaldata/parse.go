package fiscaldata

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"tidemark/extract"
	"tidemark/schemas"
)

// Meta is what an answer says about the whole of which it is a page.
type Meta struct {
	TotalCount, TotalPages int
}

// row is the wire format. The columns that are not kept are listed so that a
// column never seen before is noticed. Every value is text.
type row struct {
	RecordDate        *string `json:"record_date"`
	AccountType       *string `json:"account_type"`
	CloseTodayBal     *string `json:"close_today_bal"`
	OpenTodayBal      *string `json:"open_today_bal"`
	OpenMonthBal      *string `json:"open_month_bal"`
	OpenFiscalYearBal *string `json:"open_fiscal_year_bal"`
	TableNumber       *string `json:"table_nbr"`
	TableName         *string `json:"table_nm"`
	SubTableName      *string `json:"sub_table_name"`
	SourceLine        *string `json:"src_line_nbr"`
	FiscalYear        *string `json:"record_fiscal_year"`
	FiscalQuarter     *string `json:"record_fiscal_quarter"`
	CalendarYear      *string `json:"record_calendar_year"`
	CalendarQuarter   *string `json:"record_calendar_quarter"`
	CalendarMonth     *string `json:"record_calendar_month"`
	CalendarDay       *string `json:"record_calendar_day"`
}

type envelope struct {
	Data *[]row `json:"data"`
	Meta *struct {
		Count       *int              `json:"count"`
		Labels      map[string]string `json:"labels"`
		DataTypes   map[string]string `json:"dataTypes"`
		DataFormats map[string]string `json:"dataFormats"`
		TotalCount  *int              `json:"total-count"`
		TotalPages  *int              `json:"total-pages"`
	} `json:"meta"`
	Links   json.RawMessage `json:"links"`
	Error   *string         `json:"error"`
	Message *string         `json:"message"`
}

// inMillions is how the service says that a column is in whole millions of
// dollars.
const inMillions = "$1,000,000"

// ParseOperatingCash reads one page of the operating cash balance table, in
// the order in which it is written. Payload is left empty. Amounts are read as
// whole numbers of millions without passing through a float. Any departure
// from the documented form, of the columns' unit too, is an error that says
// what was found.
func ParseOperatingCash(r io.Reader) ([]schemas.CashBalance, Meta, error) {
	var body envelope
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, Meta{}, err
	}
	switch {
	case body.Error != nil:
		why := ""
		if body.Message != nil {
			why = ": " + *body.Message
		}
		return nil, Meta{}, fmt.Errorf("the service answers with an error: %.100s%.300s", *body.Error, why)
	case body.Data == nil:
		return nil, Meta{}, errors.New("the key data is missing")
	case body.Meta == nil || body.Meta.Count == nil || body.Meta.TotalCount == nil || body.Meta.TotalPages == nil:
		return nil, Meta{}, errors.New("meta lacks count, total-count or total-pages")
	case *body.Meta.Count != len(*body.Data):
		return nil, Meta{}, fmt.Errorf("%d rows where meta.count is %d", len(*body.Data), *body.Meta.Count)
	}
	for _, column := range []string{"close_today_bal", "open_today_bal"} {
		if f := body.Meta.DataFormats[column]; f != inMillions {
			return nil, Meta{}, fmt.Errorf("%s is given as %.40q, not %q: the unit has changed", column, f, inMillions)
		}
	}
	seen := make(map[key]bool, len(*body.Data))
	rows := make([]schemas.CashBalance, 0, len(*body.Data))
	for i := range *body.Data {
		b, err := (*body.Data)[i].read()
		if err != nil {
			return nil, Meta{}, fmt.Errorf("row %d: %w", i+1, err)
		}
		k := key{b.Date, b.AccountType}
		if seen[k] {
			return nil, Meta{}, fmt.Errorf("row %d: a second row of %s for %.80q", i+1, b.Date, b.AccountType)
		}
		seen[k] = true
		rows = append(rows, b)
	}
	return rows, Meta{*body.Meta.TotalCount, *body.Meta.TotalPages}, nil
}

func (r *row) read() (schemas.CashBalance, error) {
	for _, need := range []struct {
		column string
		v      *string
	}{
		{"record_date", r.RecordDate},
		{"account_type", r.AccountType},
		{"close_today_bal", r.CloseTodayBal},
		{"open_today_bal", r.OpenTodayBal},
	} {
		if need.v == nil || *need.v == "" {
			return schemas.CashBalance{}, fmt.Errorf("%s is missing", need.column)
		}
	}
	if *r.AccountType == missing {
		return schemas.CashBalance{}, errors.New("account_type is null")
	}
	day, err := schemas.ParseDate(*r.RecordDate)
	if err != nil {
		return schemas.CashBalance{}, fmt.Errorf("record_date: %w", err)
	}
	b := schemas.CashBalance{Statement: Statement, Date: day, AccountType: *r.AccountType}
	if b.Open, err = amount(*r.OpenTodayBal); err != nil {
		return schemas.CashBalance{}, fmt.Errorf("open_today_bal: %w", err)
	}
	if b.Close, err = amount(*r.CloseTodayBal); err != nil {
		return schemas.CashBalance{}, fmt.Errorf("close_today_bal: %w", err)
	}
	return b, nil
}

// missing is how the service writes a value it does not have.
const missing = "null"

// maxAmount bounds what is believable, USD mn: the balance has stayed below
// 2 million (2 trillion dollars), and a day's deposits below 1 million.
const maxAmount = 50_000_000

func amount(s string) (schemas.Opt[int64], error) {
	if s == missing {
		return schemas.None[int64](), nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] == '+' {
		return schemas.None[int64](), fmt.Errorf("%.40q is not a whole number of millions", s)
	}
	if v > maxAmount || v < -maxAmount {
		return schemas.None[int64](), fmt.Errorf("%.40q is too large to be in millions of dollars", s)
	}
	return schemas.Some(v), nil
}
