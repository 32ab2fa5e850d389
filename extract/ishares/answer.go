package ishares

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"

	"tidemark/extract"
	"tidemark/schemas"
)

// answer is what one file says. A day without holdings has no rows.
type answer struct {
	id   int    // product number, 0 where the layout has none
	name string // of the fund, empty where the layout has none
	asOf schemas.Date
	rows []schemas.Holding // without Fund, AsOf, Line and Payload
}

// read parses an answer in whichever layout it is.
func read(p *extract.Payload) (_ answer, err error) {
	body, err := p.Open()
	if err != nil {
		return answer{}, fmt.Errorf("open the answer: %w", err)
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	return parse(body)
}

func parse(r io.Reader) (answer, error) {
	text, err := extract.Text(r)
	if err != nil {
		return answer{}, err
	}
	b := bufio.NewReader(text)
	head, err := b.Peek(1)
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	var a answer
	if head[0] == '{' {
		a, err = parseJSON(b)
	} else {
		a, err = parseCSV(b)
	}
	if err != nil {
		return answer{}, err
	}
	return a, a.complete()
}

// complete refuses an answer that has lost lines: the weights of all lines
// together are the whole fund.
func (a *answer) complete() error {
	if len(a.rows) == 0 {
		return nil
	}
	if sum := a.weights(); math.Abs(sum-100) > weightTolerance {
		return fmt.Errorf("the weights of its %d lines sum to %.2f %%, not 100: lines are missing, or the unit has changed", len(a.rows), sum)
	}
	return a.units()
}

// units refuses an answer whose market values are not its prices times its
// share counts: the unit of one of them has changed. Only lines in dollars
// count, since prices may be in the currency of the market.
func (a *answer) units() error {
	var values, products float64
	for i := range a.rows {
		r := &a.rows[i]
		if r.AssetClass == "Equity" && r.Currency == "USD" && r.MarketValue.OK && r.Price.OK && r.Quantity.OK {
			values += r.MarketValue.V
			products += r.Price.V * r.Quantity.V
		}
	}
	if ratio := values / products; products > 0 && (ratio < 0.5 || ratio > 2) {
		return fmt.Errorf("its market values are %.4g times price by quantity: a unit has changed", ratio)
	}
	return nil
}

// weights sums the weights of all lines, in percent.
func (a *answer) weights() float64 {
	sum := 0.0
	for i := range a.rows {
		sum += a.rows[i].Weight.V
	}
	return sum
}

// check holds an answer against what was asked.
func (a *answer) check(p Product, day schemas.Date) error {
	if a.id != 0 && a.id != p.ID {
		return fmt.Errorf("asked for product %d, the answer is of %d", p.ID, a.id)
	}
	if len(a.rows) > 0 && a.asOf != day {
		return fmt.Errorf("asked for the holdings of %s, the answer is of %s", day, a.asOf)
	}
	return nil
}

// finish completes the rows with what they share.
func (a *answer) finish(fund string, day schemas.Date, payload string) []schemas.Holding {
	for i := range a.rows {
		r := &a.rows[i]
		r.Fund, r.AsOf, r.Line, r.Payload = fund, day, int64(i+1), payload
	}
	return a.rows
}

// none turns the publisher's mark for "there is none" into an empty text.
func none(s string) string {
	if s == "-" {
		return ""
	}
	return s
}
