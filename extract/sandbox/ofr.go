package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// ofrSince is the first day of the tri-party series.
func ofrSince() schemas.Date { return schemas.NewDate(2014, time.August, 22) }

// ofrKnown is when the figures of a day are out: 15:00 on the next business day.
func (w *world) ofrKnown(d schemas.Date) time.Time {
	return w.cal.NextFedDay(d+1).In(calendar.NewYork(), 15, 0)
}

// ofr answers for the Short-term Funding Monitor: the rate and the volume of the
// tri-party market, where now and then a day is withheld.
func (w *world) ofr(q *request) *answer {
	const problem = "application/json"
	m := regexp.MustCompile(`^REPO-(TRI|TRIV1|DVP|GCF)_(AR|TV)_(OO|TOT)-([PFA])$`).FindStringSubmatch(q.query.Get("mnemonic"))
	if q.path != "/v1/series/timeseries" || m == nil {
		return refused(http.StatusNotFound, problem, `{"message":"The mnemonic is not one of the sandbox's."}`)
	}
	if agent := q.Header.Get("User-Agent"); !strings.HasPrefix(agent, "Mozilla/") {
		return refused(http.StatusForbidden, "text/html", errorPage("403 Forbidden"))
	}
	first, err := q.date("start_date", schemas.MinDate)
	if err != nil {
		return refused(http.StatusBadRequest, problem, `{"message":"start_date is no day."}`)
	}
	last, err := q.date("end_date", schemas.MaxDate)
	if err != nil {
		return refused(http.StatusBadRequest, problem, `{"message":"end_date is no day."}`)
	}
	x, _ := referenceByName("TGCR")
	return &answer{kind: problem, twist: &textTwister{
		key: `["`, to: `["` + renamedSuffix, extra: strconv.Quote(extraName) + `,`,
		figure: regexp.MustCompile(`",(-?[0-9][0-9.]*)`), day: regexp.MustCompile(`\["(\d{4}-\d{2}-\d{2})"`), layout: time.DateOnly,
	}, text: func(out io.Writer) error {
		var b strings.Builder
		b.WriteByte('[')
		for d := max(first, w.market.from, ofrSince()); d <= min(last, w.market.to) && w.published(w.ofrKnown(d)); d++ {
			if !w.cal.IsFedDay(d) {
				continue
			}
			if b.Len() > 1 {
				b.WriteByte(',')
			}
			r := w.fed.rate(x, d)
			figure := plainFloat(r.percent)
			if m[2] == "TV" {
				figure = strconv.FormatInt(r.volume*1e9, 10)
			}
			if w.fed.seed.unit(streamRate, int(d), 9001) < .004 {
				figure = "null"
			}
			fmt.Fprintf(&b, `["%s",%s]`, d, figure)
		}
		b.WriteByte(']')
		_, err := io.WriteString(out, b.String())
		return err
	}}
}
