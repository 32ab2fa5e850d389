package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
)

var somaPath = regexp.MustCompile(`^/api/soma/(asofdates/list|tsy/get/asof/(\d{4}-\d{2}-\d{2}))\.json$`)

// somaLine is a Treasury security in the account, in USD.
type somaLine struct {
	cusip, kind       string
	maturity          schemas.Date
	par, compensation int64
}

// soma answers for the holdings of the System Open Market Account, which add up to
// the Treasuries of the H.4.1.
func (w *world) soma(day string) *answer {
	if day == "" {
		return w.somaDates()
	}
	d, err := schemas.ParseDate(day)
	if err != nil {
		return nyfedBad("Invalid date")
	}
	var lines []somaLine
	if slices.Contains(w.wednesdays(), d) {
		lines = w.fed.holdings(d)
	}
	return &answer{
		kind: "application/json;charset=UTF-8", header: map[string]string{"Cache-Control": "no-store"}, twist: jsonKey("parValue", "asOfDate"),
		text: func(out io.Writer) error {
			var b strings.Builder
			b.WriteString(`{ "soma": { "holdings": [ `)
			for i, l := range lines {
				if i > 0 {
					b.WriteString(", ")
				}
				compensation := ""
				if l.kind == "TIPS" {
					compensation = strconv.FormatInt(l.compensation, 10)
				}
				fmt.Fprintf(&b, `{ "asOfDate": "%s", "cusip": "%s", "maturityDate": "%s", "issuer": "", "spread": "", "coupon": "", "parValue": "%d", "inflationCompensation": "%s" ,"percentOutstanding": "" ,"changeFromPriorWeek": "" ,"changeFromPriorYear": "" ,"securityType": "%s" }`,
					d, l.cusip, l.maturity, l.par, compensation, l.kind)
			}
			b.WriteString(" ] } }")
			_, err := io.WriteString(out, b.String())
			return err
		},
	}
}

func (w *world) somaDates() *answer {
	var days []string
	for _, d := range slices.Backward(w.wednesdays()) {
		days = append(days, fmt.Sprintf("%q", d))
	}
	if len(days) == 0 {
		return refused(http.StatusNotFound, "text/plain;charset=UTF-8", "No data")
	}
	return &answer{
		kind: "application/json;charset=UTF-8", header: map[string]string{"Cache-Control": "no-store"}, twist: jsonKey("asOfDates", "asOfDate"),
		text: func(out io.Writer) error {
			_, err := io.WriteString(out, `{ "soma": { "asOfDates": [ `+strings.Join(days, ", ")+` ] } }`)
			return err
		},
	}
}

// holdings draws the lines that the account holds at the close of day d: bills of
// every week, notes, bonds and floating-rate notes of every month, indexed ones
// of every quarter.
func (f *fed) holdings(d schemas.Date) []somaLine {
	var lines []somaLine
	add := func(kind, prefix string, total, compensation int64, due []schemas.Date) {
		weights, sum := make([]float64, len(due)), 0.0
		for i, m := range due {
			weights[i] = .4 + f.seed.unit(streamSOMA, int(prefix[len(prefix)-1]), int(m))
			sum += weights[i]
		}
		left, leftCompensation := total*1_000_000, compensation*1_000_000
		for i, m := range due {
			l := somaLine{cusip: somaCUSIP(prefix, int(m)), kind: kind, maturity: m}
			l.par = int64(float64(total)*weights[i]/sum) * 1_000_000
			l.compensation = int64(float64(compensation)*weights[i]/sum) * 1_000_000
			if i == len(due)-1 {
				l.par, l.compensation = left, leftCompensation
			}
			left, leftCompensation = left-l.par, leftCompensation-l.compensation
			lines = append(lines, l)
		}
	}
	b := f.at(d)
	var weeks, halves, quarters, indexed []schemas.Date
	for m := d + 1; m <= d+364; m++ {
		if m.Weekday() == time.Thursday {
			weeks = append(weeks, m)
		}
	}
	first := schemas.NewDate(d.Year(), d.Month(), 1)
	for k := range 361 {
		month := time.Month(int(first.Month()) + k)
		mid, end := schemas.NewDate(first.Year(), month, 15), schemas.NewDate(first.Year(), month+1, 0)
		quarter := int(first.Month()) + k - 1
		switch {
		case mid > d && quarter%3 == 1: // February, May, August, November
			halves = append(halves, mid)
		case mid > d && quarter%3 == 0 && k <= 120:
			indexed = append(indexed, mid)
		}
		if end > d && k <= 84 {
			halves = append(halves, end)
		}
		if end > d && quarter%3 == 0 && k <= 24 {
			quarters = append(quarters, end)
		}
	}
	floating := b.nominal / 200
	add("Bills", "912797", b.bills, 0, weeks)
	add("NotesBonds", "91282C", b.nominal-floating, 0, halves)
	add("FRNs", "91282F", floating, 0, quarters)
	add("TIPS", "91282T", b.indexed, b.inflation, indexed)
	return lines
}

// somaCUSIP returns nine characters that stand for the securities of an issue.
func somaCUSIP(prefix string, day int) string {
	const digits = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	n := len(digits)
	return prefix + string([]byte{digits[day/n/n%n], digits[day/n%n], digits[day%n]})
}
