package transform

import (
	"math"
	"strconv"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// targetChange is by how many basis points the upper limit of the target range
// is above that of the business day before.
func targetChange(lower, upper readings) readings {
	out := newReadings()
	for i, d := range upper.days {
		x := upper.at[d]
		switch {
		case x.status != schemas.StatusOK:
		case i == 0:
			x.status = schemas.InsufficientHistory
		case upper.at[upper.days[i-1]].status != schemas.StatusOK:
			x.status = upper.at[upper.days[i-1]].status
		default:
			x.value, _ = basisPoints([]float64{x.value, upper.at[upper.days[i-1]].value})
			if from, ok := lower.value(d); ok && x.value != 0 {
				x.detail = joinDetail(x.detail, "range="+rateText(from)+".."+rateText(upper.at[d].value))
			}
		}
		out.put(d, x)
	}
	return out
}

// rateText writes a rate as the Committee does, to the hundredth.
func rateText(percent float64) string {
	return strconv.FormatFloat(math.Round(percent*100)/100, 'f', 2, 64)
}

func calendarMetric(flag int) string { return "cal_" + schemas.CalendarFlags[flag].ID }

// calendarFlags are readings of 1 and 0 for each flag of the calendar, on the
// business days that EFFR spans. The calendar is known beforehand; the flags of a
// day are given with its rate.
func calendarFlags(cal *calendar.Calendar, rate readings) []readings {
	out := make([]readings, len(schemas.CalendarFlags))
	for flag := range out {
		out[flag] = newReadings()
	}
	first, last, ok := rate.span()
	if !ok {
		return out
	}
	for _, d := range cal.FedDays(first, last+1) {
		flags := cal.Flags(d)
		for flag := range out {
			x := reading{status: schemas.StatusOK, basis: "calendar", known: cal.RateKnown(d, false), inputs: 1}
			if flags.Has(1 << flag) {
				x.value = 1
			}
			out[flag].put(d, x)
		}
	}
	return out
}
