package transform

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"tidemark/schemas"
	"tidemark/transform/series"
)

// breadthTrendFamilies is the second stage over the facts of facts.breadth,
// from the first session on, so that no state is carried from window to window.
var breadthTrendFamilies = []Family{{
	Name:    "breadth_trend",
	Dataset: schemas.BreadthTrend.String(),
	Metrics: slices.Concat(lineIDs, mcclellanIDs("_raw"), mcclellanIDs("_ratio"), armsTrendIDs, highLowIDs, zweigIDs, hindenburgIDs),
	Compute: breadthTrendFacts,
}}

var (
	lineIDs      = []string{"ad_line", "ad_line_ratio"}
	armsTrendIDs = []string{"trin_sma10", "trin_open10"}
	highLowIDs   = []string{"high_low_index", "high_low_index_intraday"}
	zweigIDs     = []string{"zbt_ema10", "zbt_sma10", "zbt_signal_ema10", "zbt_signal_sma10"}
)

func mcclellanIDs(suffix string) []string {
	return []string{"mcc_t10" + suffix, "mcc_t5" + suffix, "mcc_osc" + suffix, "mcc_sum" + suffix}
}

const trendWindow = 10

// breadthDay is the daily facts of one session, by metric.
type breadthDay struct {
	session schemas.Date
	facts   map[string]*schemas.Fact
}

// breadthTrend is the state of everything that runs over the sessions.
type breadthTrend struct {
	base               schemas.Date // session before which the lines are 0
	line               float64
	lineRatio          float64
	raw, ratio         series.McClellan
	trin               []schemas.Opt[float64]
	terms              []schemas.Opt[armsTerms]
	highLow            map[string]*series.Last
	zweigEMA           series.EMA
	zweigSMA           zweigMean
	thrustEMA, thrustS thrust
	omens              hindenburg
	knownAt            time.Time
}

func breadthTrendFacts(in *Inputs, _ *Panel) ([]schemas.Fact, []Finding) {
	days := breadthDays(in)
	state := breadthTrend{base: schemas.NoDate, zweigEMA: series.NewEMA(zweigWindow), highLow: map[string]*series.Last{}}
	for _, id := range highLowIDs {
		state.highLow[id] = &series.Last{N: trendWindow}
	}
	omens, found := newHindenburg(in)
	state.omens = omens
	var facts []schemas.Fact
	for i := range days {
		got := state.step(&days[i])
		if in.Window.Contains(days[i].session) {
			facts = append(facts, got...)
		}
	}
	return facts, found
}

// breadthDays gathers the facts of facts.breadth by session, oldest first.
func breadthDays(in *Inputs) []breadthDay {
	bySession := make(map[schemas.Date]breadthDay)
	for i := range in.Facts {
		f := &in.Facts[i]
		if f.Universe != "" && f.Universe != in.Universe.ID {
			continue
		}
		d, ok := bySession[f.Session]
		if !ok {
			d = breadthDay{f.Session, make(map[string]*schemas.Fact)}
			bySession[f.Session] = d
		}
		d.facts[f.Metric] = f
	}
	return slices.SortedFunc(maps.Values(bySession), func(a, b breadthDay) int { return cmp.Compare(a.session, b.session) })
}

// values returns the values of several metrics, or why one of them has none.
func (d *breadthDay) values(ids ...string) ([]float64, schemas.Status) {
	out := make([]float64, 0, len(ids))
	for _, id := range ids {
		f := d.facts[id]
		switch {
		case f == nil:
			return nil, schemas.NotPublished
		case !f.Value.OK:
			return nil, f.Status
		}
		out = append(out, f.Value.V)
	}
	return out, schemas.StatusOK
}

// factDay starts the facts of a session with what the daily count says of its
// inputs.
func (d *breadthDay) factDay(metric string, knownAt time.Time) factDay {
	f := factDay{session: d.session, knownAt: knownAt, status: schemas.StatusOK}
	if in := d.facts[metric]; in != nil {
		f.basis, f.members, f.excluded, f.coverage = in.Basis, int(in.Members), int(in.Excluded), in.Coverage
		if in.Status.HasValue() {
			f.status = in.Status
		}
	}
	return f
}

// step moves everything on by one session and returns its facts.
func (t *breadthTrend) step(d *breadthDay) []schemas.Fact {
	for _, f := range d.facts {
		if f.KnownAt.After(t.knownAt) {
			t.knownAt = f.KnownAt
		}
	}
	counts := d.factDay("adv", t.knownAt)
	ad, why := d.values("adv", "dec")
	if why.HasValue() && ad[0]+ad[1] == 0 {
		ad, why = nil, schemas.ZeroDenominator
	}
	t.stepLines(&counts, d, why)
	t.stepMcClellan(&counts, ad, why)
	t.stepZweig(&counts, ad, why)
	t.stepHindenburg(&counts, d, why)
	volumes := d.factDay("trin", t.knownAt)
	t.stepArms(&volumes, d)
	out := append(counts.facts, volumes.facts...)
	for i, id := range []string{"rec_high_pct", "rec_high_pct_intraday"} {
		f := d.factDay(id, t.knownAt)
		t.stepHighLow(&f, highLowIDs[i], d, id)
		out = append(out, f.facts...)
	}
	return out
}

// stepLines adds the day to the advance-decline lines.
func (t *breadthTrend) stepLines(f *factDay, d *breadthDay, why schemas.Status) {
	adu, lacking := d.values("adv", "dec", "unch")
	if !lacking.HasValue() || adu[0]+adu[1]+adu[2] == 0 {
		if lacking.HasValue() {
			lacking = why
		}
		f.noneOf(lineIDs, lacking)
		return
	}
	if t.base == schemas.NoDate {
		t.base = d.session
	}
	t.line += adu[0] - adu[1]
	t.lineRatio += (adu[0] - adu[1]) / (adu[0] + adu[1] + adu[2])
	f.note(true, "base="+t.base.String(), func() {
		f.add("ad_line", t.line)
		f.add("ad_line_ratio", t.lineRatio)
	})
}

// warming runs add with the status of a recursion that has taken n of the
// observations it needs to forget its seed.
func (f *factDay) warming(n, needed int, add func()) {
	status := f.status
	if n <= needed {
		f.status = schemas.StatusWarmup
	}
	add()
	f.status = status
}

func (t *breadthTrend) stepMcClellan(f *factDay, ad []float64, why schemas.Status) {
	if !why.HasValue() {
		f.noneOf(mcclellanIDs("_raw"), why)
		f.noneOf(mcclellanIDs("_ratio"), why)
		return
	}
	t.raw.Add(ad[0] - ad[1])
	t.ratio.Add(1000 * (ad[0] - ad[1]) / (ad[0] + ad[1]))
	for _, v := range []struct {
		suffix string
		m      *series.McClellan
		base   float64
	}{{"_raw", &t.raw, series.RawSummationBase}, {"_ratio", &t.ratio, series.RatioSummationBase}} {
		f.warming(v.m.Days, series.McClellanWarmup, func() {
			ids := mcclellanIDs(v.suffix)
			f.add(ids[0], v.m.T10)
			f.add(ids[1], v.m.T5)
			f.add(ids[2], v.m.Oscillator())
			f.add(ids[3], v.m.Summation(v.base))
		})
	}
}

func (t *breadthTrend) stepZweig(f *factDay, ad []float64, why schemas.Status) {
	if !why.HasValue() {
		f.noneOf(zweigIDs, why)
		return
	}
	b := zweigShare{int64(ad[0]), int64(ad[0] + ad[1])}
	t.zweigEMA.Add(b.value())
	t.zweigSMA.add(b)
	v := t.zweigEMA.Value
	span, signal := t.thrustEMA.step(compareFloat(v, zweigLow/1000.0), compareFloat(v, zweigHigh/1000.0))
	f.warming(t.zweigEMA.Steps, zweigWarmup, func() {
		f.add("zbt_ema10", v)
		f.addFlag("zbt_signal_ema10", signal, span)
	})
	if !t.zweigSMA.full() {
		f.none("zbt_sma10", schemas.InsufficientHistory)
		f.none("zbt_signal_sma10", schemas.InsufficientHistory)
		return
	}
	span, signal = t.thrustS.step(t.zweigSMA.compare(zweigLow), t.zweigSMA.compare(zweigHigh))
	f.add("zbt_sma10", t.zweigSMA.value())
	f.addFlag("zbt_signal_sma10", signal, span)
}

// addFlag gives a flag, 1 for yes, with the sessions since the low.
func (f *factDay) addFlag(metric string, yes bool, span int) {
	f.note(yes, "span="+strconv.Itoa(span), func() { f.add(metric, flagValue(yes)) })
}

// flagValue is 1 for yes and 0 for no.
func flagValue(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func (t *breadthTrend) stepArms(f *factDay, d *breadthDay) {
	trin, why := d.values("trin")
	if why.HasValue() {
		t.trin = append(t.trin, schemas.Some(trin[0]))
	} else {
		t.trin = append(t.trin, schemas.None[float64]())
	}
	v, lacking := d.values("adv", "dec", "up_vol", "down_vol")
	if lacking.HasValue() {
		t.terms = append(t.terms, schemas.Some(armsTerms{v[0], v[1], v[2], v[3]}))
	} else {
		t.terms = append(t.terms, schemas.None[armsTerms]())
	}
	if mean, ok := meanOfLast(t.trin, trendWindow); ok {
		f.add("trin_sma10", mean)
	} else {
		f.none("trin_sma10", whyNone(len(t.trin), why))
	}
	total, ok := sumOfLast(t.terms, trendWindow)
	if !ok {
		f.none("trin_open10", whyNone(len(t.terms), lacking))
		return
	}
	f.note(!total.index().OK, total.zero(), func() { f.opt("trin_open10", total.index()) })
}

// whyNone says why a full window of n sessions so far has no value: too few of
// them, the day's own reason, or an earlier day without a value.
func whyNone(n int, today schemas.Status) schemas.Status {
	switch {
	case n < trendWindow:
		return schemas.InsufficientHistory
	case !today.HasValue():
		return today
	}
	return schemas.InsufficientHistory
}

// meanOfLast returns the mean of the last n values; ok is false where there
// are fewer or one is unknown.
func meanOfLast(values []schemas.Opt[float64], n int) (mean float64, ok bool) {
	if len(values) < n {
		return 0, false
	}
	for _, v := range values[len(values)-n:] {
		if !v.OK {
			return 0, false
		}
		mean += v.V
	}
	return mean / float64(n), true
}

// sumOfLast is meanOfLast for the sums of the four terms.
func sumOfLast(values []schemas.Opt[armsTerms], n int) (total armsTerms, ok bool) {
	if len(values) < n {
		return armsTerms{}, false
	}
	for _, v := range values[len(values)-n:] {
		if !v.OK {
			return armsTerms{}, false
		}
		total = total.plus(v.V)
	}
	return total, true
}

// stepHighLow gives the High-Low index: the mean of the last ten record-high
// percents that had a value, in percent.
func (t *breadthTrend) stepHighLow(f *factDay, id string, d *breadthDay, input string) {
	window := t.highLow[id]
	if v, why := d.values(input); why.HasValue() {
		window.Add(100 * v[0])
	} else if why != schemas.ZeroDenominator {
		f.none(id, why)
		return
	}
	if mean, ok := window.Mean(); ok {
		f.add(id, mean)
		return
	}
	f.none(id, schemas.InsufficientHistory)
}
