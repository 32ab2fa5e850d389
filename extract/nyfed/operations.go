package nyfed

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// Desk is the only part of raw.repo_operation: the trading desk of the New
// York Fed.
const Desk = "nyfed"

// operationsSince is the first day for which operations are asked for.
var operationsSince = schemas.NewDate(2000, time.July, 1)

type operations struct {
	get extract.Getter
	cfg Config
}

// Operations returns the source of raw.repo_operation: every repo and reverse
// repo operation of the window, one row per type of collateral, amounts in
// USD. Nothing is filtered away: small-value exercises, term operations and
// operations nobody took part in are rows like others. A window without any
// operation is [extract.ErrNoData].
//
// One request asks for the whole window; the server would ignore a choice of
// operation types.
func Operations(g extract.Getter, cfg Config) extract.Source[schemas.Operation] {
	return extract.AtOnce[schemas.Operation](operations{g, cfg}.fetch)
}

func (s operations) fetch(ctx context.Context, w schemas.Window) ([]schemas.Operation, error) {
	if w.Part != Desk {
		return nil, fmt.Errorf("nyfed: operations of %q are not known; the only desk is %q", w.Part, Desk)
	}
	if w.To <= operationsSince {
		return nil, noData(w)
	}
	var rows []schemas.Operation
	var err error
	if len(s.cfg.Files) > 0 {
		rows, err = s.fromFiles(ctx, w)
	} else {
		rows, err = s.ask(ctx, w)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, noData(w)
	}
	slices.SortFunc(rows, func(a, b schemas.Operation) int {
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Line, b.Line))
	})
	return rows, nil
}

func (s operations) ask(ctx context.Context, w schemas.Window) ([]schemas.Operation, error) {
	rows, hash, err := answer(ctx, s.get, w, s.cfg.search("/api/rp/results/search.json", w), ParseOperations)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Payload = hash
		if !w.Contains(rows[i].Date) {
			return nil, breach(w, hash, fmt.Errorf("operation %s is of %s, which was not asked for", rows[i].ID, rows[i].Date))
		}
	}
	return rows, nil
}

func (s operations) fromFiles(ctx context.Context, w schemas.Window) ([]schemas.Operation, error) {
	byID := make(map[string][]schemas.Operation)
	for _, f := range s.cfg.Files {
		rows, hash, err := answer(ctx, s.get, w, f, skipOtherKind(ParseOperations))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		for _, row := range rows {
			if row.Line == 0 {
				delete(byID, row.ID) // a later file speaks of the operation again
			}
			if w.Contains(row.Date) {
				row.Payload = hash
				byID[row.ID] = append(byID[row.ID], row)
			}
		}
	}
	var out []schemas.Operation
	for _, lines := range byID {
		out = append(out, lines...)
	}
	return out, nil
}

// operation and the types below are the wire format. Keys that are read but
// not kept are listed so that a key never seen before is noticed.
type operation struct {
	OperationID       *string          `json:"operationId"`
	AuctionStatus     *string          `json:"auctionStatus"`
	OperationDate     *string          `json:"operationDate"`
	SettlementDate    *string          `json:"settlementDate"`
	MaturityDate      *string          `json:"maturityDate"`
	OperationType     *string          `json:"operationType"`
	OperationMethod   *string          `json:"operationMethod"`
	SettlementType    *string          `json:"settlementType"`
	TermDays          *whole           `json:"termCalenderDays"` // misspelt by the publisher
	Term              *string          `json:"term"`
	ReleaseTime       *string          `json:"releaseTime"`
	CloseTime         *string          `json:"closeTime"`
	Note              *string          `json:"note"`
	LastUpdated       *string          `json:"lastUpdated"`
	ParticipatingCpty *whole           `json:"participatingCpty"`
	AcceptedCpty      *whole           `json:"acceptedCpty"`
	TotalAmtSubmitted *whole           `json:"totalAmtSubmitted"`
	TotalAmtAccepted  *whole           `json:"totalAmtAccepted"`
	Details           []detail         `json:"details"`
	Propositions      []counterparties `json:"propositions"`
	SettlementAmts    []counterparties `json:"settlementAmts"`
}

type detail struct {
	SecurityType        *string  `json:"securityType"`
	AmtSubmitted        *whole   `json:"amtSubmitted"`
	AmtAccepted         *whole   `json:"amtAccepted"`
	MinimumBidRate      *decimal `json:"minimumBidRate"`
	MaximumBidRate      *decimal `json:"maximumBidRate"`
	OfferingRate        *decimal `json:"percentOfferingRate"`
	AwardRate           *decimal `json:"percentAwardRate"`
	HighRate            *decimal `json:"percentHighRate"`
	LowRate             *decimal `json:"percentLowRate"`
	StopOutRate         *decimal `json:"percentStopOutRate"`
	AmtAtStopOut        *decimal `json:"percentAmtAtStopOut"`
	WeightedAverageRate *decimal `json:"percentWeightedAverageRate"`
}

type counterparties struct {
	CounterpartyType *string `json:"counterpartyType"`
	SecurityType     *string `json:"securityType"`
	AmtAccepted      *whole  `json:"amtAccepted"`
}

// ParseOperations reads an answer of the repo operations endpoints, in the
// order in which it is written. Payload is left empty. Any departure from the
// documented form is an error that says what was found; so is the reduced
// record of the propositions endpoint, which lacks terms and collateral.
func ParseOperations(r io.Reader) ([]schemas.Operation, error) {
	var body struct {
		Repo *struct {
			Operations *[]operation `json:"operations"`
		} `json:"repo"`
		RefRates json.RawMessage `json:"refRates"`
	}
	if err := extract.DecodeJSON(r, &body); err != nil {
		return nil, err
	}
	if body.Repo == nil && body.RefRates != nil {
		return nil, fmt.Errorf("%w: rates, not operations", errOtherKind)
	}
	if body.Repo == nil || body.Repo.Operations == nil {
		return nil, errors.New("the key repo.operations is missing")
	}
	seen := make(map[string]bool, len(*body.Repo.Operations))
	var rows []schemas.Operation
	var scale amounts
	for i := range *body.Repo.Operations {
		o := &(*body.Repo.Operations)[i]
		lines, err := o.read()
		if err != nil {
			name := fmt.Sprintf("operation %d", i+1)
			if o.OperationID != nil {
				name = fmt.Sprintf("operation %.40q", *o.OperationID)
			}
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if id := lines[0].ID; seen[id] {
			return nil, fmt.Errorf("operation %.40q is there twice", id)
		}
		seen[lines[0].ID] = true
		scale.add(lines[0].TotalAccepted)
		rows = append(rows, lines...)
	}
	if err := scale.check(); err != nil {
		return nil, err
	}
	return rows, nil
}

func (o *operation) read() ([]schemas.Operation, error) {
	for _, need := range []struct {
		key string
		v   *string
	}{
		{"operationId", o.OperationID},
		{"auctionStatus", o.AuctionStatus},
		{"operationDate", o.OperationDate},
		{"operationType", o.OperationType},
		{"operationMethod", o.OperationMethod},
		{"term", o.Term},
	} {
		if need.v == nil || *need.v == "" {
			return nil, fmt.Errorf("%s is missing", need.key)
		}
	}
	if t := *o.OperationType; t != schemas.OperationRepo && t != schemas.OperationReverseRepo {
		return nil, fmt.Errorf("operationType %.40q is neither %q nor %q", t, schemas.OperationRepo, schemas.OperationReverseRepo)
	}
	if *o.AuctionStatus == "Results" && o.TotalAmtAccepted == nil {
		return nil, errors.New("totalAmtAccepted is missing")
	}
	head := schemas.Operation{
		Desk:           Desk,
		ID:             *o.OperationID,
		Type:           *o.OperationType,
		Method:         *o.OperationMethod,
		Status:         *o.AuctionStatus,
		TermDays:       optInt(o.TermDays),
		Term:           *o.Term,
		Note:           text(o.Note),
		Participating:  optInt(o.ParticipatingCpty),
		Accepted:       optInt(o.AcceptedCpty),
		TotalSubmitted: optInt(o.TotalAmtSubmitted),
		TotalAccepted:  optInt(o.TotalAmtAccepted),
	}
	if err := o.readTimes(&head); err != nil {
		return nil, err
	}
	if len(o.Details) == 0 {
		return []schemas.Operation{head}, nil
	}
	lines := make([]schemas.Operation, len(o.Details))
	for i, d := range o.Details {
		if d.SecurityType == nil || *d.SecurityType == "" {
			return nil, fmt.Errorf("details row %d: securityType is missing", i+1)
		}
		lines[i] = head
		lines[i].Line = int64(i)
		lines[i].SecurityType = *d.SecurityType
		lines[i].AmountSubmitted = optInt(d.AmtSubmitted)
		lines[i].AmountAccepted = optInt(d.AmtAccepted)
		lines[i].OfferingRate = optFloat(d.OfferingRate)
		lines[i].AwardRate = optFloat(d.AwardRate)
		lines[i].HighRate = optFloat(d.HighRate)
		lines[i].LowRate = optFloat(d.LowRate)
		lines[i].StopOutRate = optFloat(d.StopOutRate)
		lines[i].WeightedRate = optFloat(d.WeightedAverageRate)
		for _, v := range []schemas.Opt[int64]{lines[i].AmountSubmitted, lines[i].AmountAccepted} {
			if v.V < 0 {
				return nil, fmt.Errorf("details row %d: the amount %d is negative", i+1, v.V)
			}
		}
	}
	return lines, nil
}

func (o *operation) readTimes(row *schemas.Operation) error {
	var err error
	if row.Date, err = schemas.ParseDate(*o.OperationDate); err != nil {
		return fmt.Errorf("operationDate: %w", err)
	}
	if row.Settlement, err = optDate(o.SettlementDate); err != nil {
		return fmt.Errorf("settlementDate: %w", err)
	}
	if row.Maturity, err = optDate(o.MaturityDate); err != nil {
		return fmt.Errorf("maturityDate: %w", err)
	}
	if row.ReleaseTime, err = optClock(o.ReleaseTime); err != nil {
		return fmt.Errorf("releaseTime: %w", err)
	}
	if row.CloseTime, err = optClock(o.CloseTime); err != nil {
		return fmt.Errorf("closeTime: %w", err)
	}
	if text(o.LastUpdated) == "" {
		return nil
	}
	at, err := time.ParseInLocation(time.DateTime, *o.LastUpdated, calendar.NewYork())
	if err != nil {
		return fmt.Errorf("lastUpdated %.40q is not of the form %s", *o.LastUpdated, time.DateTime)
	}
	row.LastUpdated = at.UTC()
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func optDate(s *string) (schemas.Date, error) {
	if text(s) == "" {
		return schemas.NoDate, nil
	}
	return schemas.ParseDate(*s)
}

func optClock(s *string) (string, error) {
	if text(s) == "" {
		return "", nil
	}
	if _, err := time.Parse("15:04", *s); err != nil || len(*s) != len("15:04") {
		return "", fmt.Errorf("%.40q is not a time of the form HH:MM", *s)
	}
	return *s, nil
}

// million is the smallest bid of an operation, USD.
const million = 1_000_000

// maxAmount bounds what is believable: the record is about USD 2.6e12.
const maxAmount = 50_000_000 * million

// amounts holds the totals of an answer against their unit. Bids are made in
// whole millions of dollars; a settled amount may now and then be an odd one,
// but when most are not whole millions, they are not in dollars.
type amounts struct {
	taken, odd int
	last       int64
	bad        string
}

func (a *amounts) add(total schemas.Opt[int64]) {
	switch v := total.V; {
	case v == 0:
		return
	case v < 0 || v > maxAmount:
		a.bad = fmt.Sprintf("totalAmtAccepted %d is not an amount in dollars", v)
	case v%million != 0:
		a.odd++
		a.last = v
	}
	a.taken++
}

func (a *amounts) check() error {
	if a.bad != "" {
		return errors.New(a.bad)
	}
	if 2*a.odd > a.taken {
		return fmt.Errorf("%d of %d amounts, such as %d, are not whole millions of dollars: the unit has changed", a.odd, a.taken, a.last)
	}
	return nil
}
