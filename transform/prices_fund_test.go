package transform

import (
	"fmt"
	"strings"
	"testing"

	"tidemark/schemas"
)

// TestClosesAgainstAFund holds closes of a split-adjusted publisher, before a split
// that it knows, one that comes after the window and one of its own lines adjusted for
// dividends, against the prices of a fund.
func TestClosesAgainstAFund(t *testing.T) {
	t.Parallel()
	build := func() *market {
		m := newMarket(t, 6, "2024-06-12")
		m.Window.From = m.sessions[0]
		var lines []schemas.Holding
		for i := range 20 {
			symbol := fmt.Sprintf("S%02d", i)
			m.member(symbol)
			m.closes(symbol, 100, 100, 100, 100, 100, 100)
			h := line(symbol, 5)
			h.Price = schemas.Some(100.0)
			lines = append(lines, h)
		}
		for i := range m.Bars {
			m.Bars[i].Adjustment = schemas.AdjustedSplit
		}
		lines[3].Price = schemas.Some(102.0) // its closes are adjusted for a dividend since
		lines[4].Price = schemas.Some(200.0) // a split within the window, two for one
		m.Actions = append(m.Actions, schemas.Action{Publisher: "V", Symbol: "S04", Kind: schemas.ActionSplit, ExDate: m.sessions[4], Ratio: schemas.Some(2.0)})
		lines[5].Price = schemas.Some(1000.0) // one after it, ten for one
		lines[6].Price = schemas.Some(100.2)  // another closing price
		lines[7].Price = schemas.None[float64]()
		m.file(m.sessions[2], lines...)
		return m
	}
	of := func(m *market) (out []Finding) {
		_, findings := Compute(schemas.Concentration.String(), m.inputs())
		for _, f := range findings {
			if f.Check == "prices_of_fund" {
				out = append(out, f)
			}
		}
		return out
	}
	m := build()
	if got := of(m); len(got) != 1 || got[0].Security != "S03" || got[0].Date != m.sessions[2] || !strings.Contains(got[0].Message, "100.00 USD where F values it at 102.00, -2.0 %") {
		t.Errorf("found %v", got)
	}
	// As traded the split is not in the closes, nor is it in the file.
	for i := range m.Bars {
		b := &m.Bars[i]
		if b.Adjustment = schemas.AdjustedNone; b.Symbol == "S04" && b.Session < m.sessions[4] {
			b.Close, b.High, b.Low = 200, schemas.Some(200.0), schemas.Some(200.0)
		}
	}
	if got := of(m); len(got) != 1 || got[0].Security != "S03" {
		t.Errorf("as traded: found %v", got)
	}
	// Where many are apart it is the file that speaks of another day.
	m = build()
	for i := range m.Holdings[:8] {
		m.Holdings[i].Price = schemas.Some(101.0)
	}
	if got := of(m); len(got) != 1 || got[0].Security != "F" || !strings.Contains(got[0].Message, "of another day?") {
		t.Errorf("of another day: found %v", got)
	}
	m = build()
	for i := range m.Bars {
		m.Bars[i].Adjustment = schemas.AdjustedSplitDividend
	}
	if got := of(m); len(got) != 0 {
		t.Errorf("adjusted for dividends throughout: found %v", got)
	}
}

// TestGapsBetweenPrices has a day left out, and a line that ends.
func TestGapsBetweenPrices(t *testing.T) {
	t.Parallel()
	m := newMarket(t, 6, "2024-06-12")
	m.Window.From = m.sessions[0]
	m.member("A")
	m.member("B")
	m.member("C")
	m.closes("A", 10, 10, 0, 10, 10, 10)
	m.closes("B", 10, 10, 10, 10, 10, 10)
	m.closes("C", 10, 10, 10, 10, 0, 0) // whether it goes on, nobody knows yet
	got := NewPanel(m.inputs()).Findings
	if len(got) != 1 || got[0].Check != "prices_gap" || got[0].Security != "A" || got[0].Date != m.sessions[2] {
		t.Errorf("found %v", got)
	}
}
