package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// nyfed answers for the Markets API of the New York Fed. The JSON is put
// together by hand as there: valid, with irregular white space, newest first,
// and without the keys that do not apply.
func (w *world) nyfed(q *request) *answer {
	ratePath := regexp.MustCompile(`^/api/rates/(secured|unsecured)/([a-z]+)/(search|last/(\d+))\.json$`)
	deskPath := regexp.MustCompile(`^/api/rp/(all|repo|reverserepo)/all/results/(latest|lastTwoWeeks|last/(\d+))\.json$`)
	if m := ratePath.FindStringSubmatch(q.path); m != nil {
		x, known := referenceByName(strings.ToUpper(m[2]))
		if !known || x.secured != (m[1] == "secured") {
			return nyfedBad("Invalid rate type")
		}
		return w.rateAnswer(q, x, m[4])
	}
	if m := somaPath.FindStringSubmatch(q.path); m != nil {
		return w.soma(m[2])
	}
	if q.path == "/api/rp/results/search.json" {
		return w.deskSearch(q)
	}
	if m := deskPath.FindStringSubmatch(q.path); m != nil {
		return w.deskRecent(m[1], m[2], m[3])
	}
	return nyfedBad("Bad request")
}

func nyfedBad(text string) *answer {
	return refused(http.StatusBadRequest, "text/plain;charset=UTF-8", text)
}

// searchDays reads startDate and endDate, cut to the days of the market.
func (w *world) searchDays(q *request) (from, to schemas.Date, err error) {
	if from, err = q.date("startDate", schemas.NoDate); err != nil {
		return 0, 0, err
	}
	if to, err = q.date("endDate", w.today()); err != nil {
		return 0, 0, err
	}
	if from == schemas.NoDate {
		return 0, 0, errors.New("startDate is missing")
	}
	return max(from, w.market.from), min(to, w.market.to), nil
}

func (w *world) rateAnswer(q *request, x reference, last string) *answer {
	from, to := w.market.from, w.market.to
	count := -1
	if last != "" {
		n, err := strconv.Atoi(last)
		if err != nil || n < 1 {
			return nyfedBad("Invalid number")
		}
		count = n
	} else {
		var err error
		if from, to, err = w.searchDays(q); err != nil {
			return nyfedBad(err.Error())
		}
	}
	var rows []rate
	for d := to; d >= from && count != len(rows); d-- {
		if w.fed.open(x, d) && w.published(w.cal.RateKnown(d, x.secured)) {
			rows = append(rows, w.fed.rate(x, d))
		}
	}
	return &answer{
		kind:   "application/json;charset=UTF-8",
		header: map[string]string{"Cache-Control": "no-store"},
		twist:  jsonKey("percentRate", "effectiveDate"),
		text: func(out io.Writer) error {
			var b strings.Builder
			b.WriteString(`{ "refRates": [ `)
			for i := range rows {
				if i > 0 {
					b.WriteString(", ")
				}
				w.writeRate(&b, x, &rows[i])
			}
			b.WriteString(" ] }")
			_, err := io.WriteString(out, b.String())
			return err
		},
	}
}

func (w *world) writeRate(b *strings.Builder, x reference, r *rate) {
	percent, mark := w.quoted(x, r)
	fmt.Fprintf(b, `{ "effectiveDate": "%s", "type": "%s" ,"percentRate": %.2f`, r.day, r.name, percent)
	old := r.name == "EFFR" && r.day < effrQuantilesFrom()
	if !old {
		for i, p := range []int{1, 25, 75, 99} {
			fmt.Fprintf(b, ` ,"percentPercentile%d": %.2f`, p, r.quantile[i])
		}
	}
	if r.name == "EFFR" {
		if r.day >= targetRangeFrom() {
			fmt.Fprintf(b, ` ,"targetRateFrom": %.2f ,"targetRateTo": %.2f`, r.target.lower, r.target.upper)
		} else {
			fmt.Fprintf(b, ` ,"targetRateFrom": %.2f`, r.target.upper)
		}
	}
	if old {
		fmt.Fprintf(b, ` ,"intraDayLow": %.4f ,"intraDayHigh": %.4f ,"stdDeviation": %.2f`, r.low, r.high, r.sd)
	} else {
		fmt.Fprintf(b, ` ,"volumeInBillions": %d`, r.volume)
	}
	fmt.Fprintf(b, ` ,"revisionIndicator": "%s" }`, mark)
}

// quoted returns a rate as it is published now, and its mark of revision.
func (w *world) quoted(x reference, r *rate) (percent float64, mark string) {
	if fixed, revised := w.fixes.rates[rateKey{r.name, r.day}]; revised {
		return fixed, "r"
	}
	if r.corrected() && w.published(w.cal.RateCorrected(r.day, x.secured)) {
		return r.percent, "r"
	}
	return r.first, ""
}

// numbered is an operation with its place among those of its day.
type numbered struct {
	operation
	number int
}

// results lists the published operations from the last day to the first,
// within a day the latest first.
func (w *world) results(from, to schemas.Date) []numbered {
	var out []numbered
	for d := to; d >= from; d-- {
		if !w.cal.IsFedDay(d) {
			continue
		}
		list := w.fed.operations(d)
		for i, o := range slices.Backward(list) {
			if w.published(w.cal.OperationKnown(d, o.close)) {
				out = append(out, numbered{o, i + 1})
			}
		}
	}
	return out
}

// deskSearch ignores operationTypes, as the publisher does.
func (w *world) deskSearch(q *request) *answer {
	from, to, err := w.searchDays(q)
	if err != nil {
		return nyfedBad(err.Error())
	}
	return w.deskAnswer(w.results(from, to))
}

func (w *world) deskRecent(kind, which, last string) *answer {
	to := min(w.today(), w.market.to)
	count := 0
	from := w.market.from
	switch which {
	case "latest":
		for to > from && len(w.results(to, to)) == 0 {
			to--
		}
		from = to
	case "lastTwoWeeks":
		from = max(from, to-14)
	default:
		n, err := strconv.Atoi(last)
		if err != nil || n < 1 {
			return nyfedBad("Invalid number")
		}
		count = n
		from = max(from, to-schemas.Date(min(n, 20000)+14)) // at least one operation a business day
	}
	list := w.results(from, to)
	list = slices.DeleteFunc(list, func(o numbered) bool { return kind == "repo" && o.reverse || kind == "reverserepo" && !o.reverse })
	if count > 0 && count < len(list) {
		list = list[:count]
	}
	return w.deskAnswer(list)
}

func (w *world) deskAnswer(list []numbered) *answer {
	return &answer{
		kind:   "application/json;charset=UTF-8",
		header: map[string]string{"Cache-Control": "no-store"},
		twist:  jsonKey("totalAmtAccepted", "operationDate"),
		text: func(out io.Writer) error {
			var b strings.Builder
			b.WriteString(`{ "repo": { "operations": [ `)
			for i := range list {
				if i > 0 {
					b.WriteString(", ")
				}
				w.writeOperation(&b, &list[i])
			}
			b.WriteString(" ] } }")
			_, err := io.WriteString(out, b.String())
			return err
		},
	}
}

func (w *world) writeOperation(b *strings.Builder, o *numbered) {
	kind, method := "Repo", "Full Allotment"
	if o.reverse {
		kind, method = "Reverse Repo", "Fixed Rate"
	}
	maturity := w.cal.NextFedDay(o.day)
	accepted, updated, note := w.settled(o)
	fmt.Fprintf(b, `{ "operationId": "RP %s %d", "auctionStatus": "Results", "operationDate": "%s", "settlementDate": "%s", "maturityDate": "%s"`,
		o.day.Time().Format("010206"), o.number, o.day, o.day, maturity)
	fmt.Fprintf(b, `, "operationType": "%s", "operationMethod": "%s", "settlementType": "Same Day", "termCalenderDays": %d, "term": "Overnight"`,
		kind, method, int(maturity-o.day))
	fmt.Fprintf(b, `, "releaseTime": "%s", "closeTime": "%s", "note": "%s", "lastUpdated": "%s"`, o.release, o.close, note, updated)
	if o.reverse {
		fmt.Fprintf(b, ` ,"participatingCpty": %d ,"acceptedCpty": %d`, o.parties, o.parties)
	}
	fmt.Fprintf(b, ` ,"totalAmtSubmitted": %d ,"totalAmtAccepted": %d , "details": [ `, o.submitted, accepted)
	if o.reverse {
		award := w.fed.reverseRate(o.day)
		collateral := "Treasury"
		if o.exercise {
			collateral = "Mortgage-Backed"
		}
		fmt.Fprintf(b, `{ "securityType": "%s", "amtSubmitted": %d, "amtAccepted": %d ,"percentOfferingRate": %.2f ,"percentAwardRate": %.2f }`,
			collateral, o.submitted, accepted, award, award)
	} else {
		rest := accepted - o.final // an amendment falls on the Treasuries
		for i, name := range []string{"Treasury", "Agency", "Mortgage-Backed"} {
			if i > 0 {
				b.WriteString(", ")
			}
			amount := o.parts[i]
			if i == 0 {
				amount += rest
			}
			fmt.Fprintf(b, `{ "securityType": "%s", "amtSubmitted": %d, "amtAccepted": %d ,"percentOfferingRate": %.2f }`,
				name, amount, amount, w.fed.repoRate(o.day))
		}
	}
	b.WriteString(" ] }")
}

// settled returns what the publisher says of an operation now: the accepted
// amount, when it was last updated, and a note on amendments, which appear on
// the next business day.
func (w *world) settled(o *numbered) (accepted int64, updated, note string) {
	closing := w.cal.OperationKnown(o.day, o.close)
	second := int(w.fed.seed.key(streamOperation, int(o.day), 100+o.number) % 50)
	updated = fmt.Sprintf("%s %s:%02d", o.day, o.close, second)
	accepted = o.traded
	amendedOn := w.cal.NextFedDay(o.day)
	amendment := fmt.Sprintf("%s 09:05:%02d", amendedOn, second)
	const explanation = `Settled amount differs from the traded amount. See <a href=\"http:\/\/sandbox.invalid\/note.html\"> note<\/a>.`
	if o.amended() && w.published(amendedOn.In(calendar.NewYork(), 9, 5)) && w.published(closing) {
		accepted, updated, note = o.final, amendment, explanation
	}
	if fixed, revised := w.fixes.operations[operationKey{o.day, o.close}]; revised {
		accepted, updated, note = fixed, amendment, explanation
	}
	return accepted, updated, note
}
