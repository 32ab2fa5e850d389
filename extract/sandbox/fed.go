package sandbox

import (
	"math"
	"time"

	"tidemark/schemas"
	"tidemark/schemas/calendar"
)

// fed is the simulated Federal Reserve and Treasury: balances at the close of
// every calendar day, operations of every business day, and the policy rates.
// It looks like today's at the end of the market and smaller the longer ago.
type fed struct {
	m     *market
	cal   *calendar.Calendar
	seed  seeded
	first schemas.Date // first day with balances, a Thursday
	last  schemas.Date

	balances []balances // by day from first
	policy   []policy   // in order of day
}

// balances are what can change from day to day, in USD mn at the close.
// Closed days carry what was there before.
type balances struct {
	bills, nominal, indexed, inflation int64 // Treasuries held
	mortgages                          int64
	premiums, discounts                int64
	repo                               int64 // standing repo outstanding
	primary, seasonal, term            int64 // loans; term: Bank Term Funding Program
	collection, deferred               int64 // items in process of collection, deferred availability: float
	swaps, foreignCurrency             int64
	premises, other                    int64 // assets
	facilities                         int64 // net portfolio holdings
	currency, treasuryCash             int64
	treasuryCurrency, coin             int64
	foreignPool, onrrp                 int64 // reverse repos: foreign official, others
	tga, foreign, otherDeposits        int64
	otherLiabilities, surplus, paidIn  int64
	moved                              int64 // by a revision: from other deposits to reserves
}

// What has not changed for years, in USD mn.
const (
	goldStock       = 11041
	goldCertificate = 11037
	sdrCertificates = 15200
	agencyDebt      = 2347
	// unexplained is the small difference between reserve balances as the
	// residual of table 1 and the deposits of table 5, USD mn.
	unexplained = 24
)

// policy is a target range from a day on, in percent.
type policy struct {
	from         schemas.Date
	lower, upper float64
}

func newFed(m *market) *fed {
	f := &fed{m: m, cal: m.cal, seed: m.seed, last: m.to}
	// Five weeks before the market, so that changes from a week and a month
	// before exist from the first release on.
	f.first = m.from - 35
	for f.first.Weekday() != time.Thursday {
		f.first--
	}
	f.drawPolicy()
	f.drawBalances()
	return f
}

// at returns the balances of day d, which must be one of the fed's.
func (f *fed) at(d schemas.Date) *balances { return &f.balances[d-f.first] }

func (f *fed) has(d schemas.Date) bool { return d >= f.first && d <= f.last }

// drawPolicy holds a meeting about every seven weeks. Rates tend to 3 %.
func (f *fed) drawPolicy() {
	r := f.seed.rand(streamPolicy, 0, 0)
	lower := 4.25
	f.policy = []policy{{f.first, lower, lower + .25}}
	for d := f.first + 42; d <= f.last; d += 49 { // Thursdays: the day after a decision
		move := 0.0
		switch u := r.Float64() + (lower-3)*.12; {
		case u > .78:
			move = -.25
		case u < .18:
			move = .25
		}
		if lower+move < 0 || move == 0 {
			continue
		}
		lower += move
		f.policy = append(f.policy, policy{d, lower, lower + .25})
	}
}

// target returns the target range in force on day d.
func (f *fed) target(d schemas.Date) policy {
	p := f.policy[0]
	for _, next := range f.policy {
		if next.from > d {
			break
		}
		p = next
	}
	return p
}

// smooth is the part of the balances that moves slowly, in USD mn, tau years
// before the end of the market.
type smooth struct{ tga, onrrp, currency, foreignPool, otherDeposits, reserves float64 }

func smoothAt(tau float64) smooth {
	past := math.Exp(-.08 * tau)
	hump := (tau - 3) / .9
	return smooth{
		tga:           820e3 * past,
		onrrp:         8e3*past + 2150e3*math.Exp(-hump*hump),
		currency:      2430e3 * math.Exp(-.04*tau),
		foreignPool:   330e3 * past,
		otherDeposits: 235e3 * past,
		reserves:      2950e3*math.Exp(-.06*tau) + 500e3*math.Exp(-(tau-4)*(tau-4)/2),
	}
}

func (f *fed) tau(d schemas.Date) float64 { return float64(f.m.to-d) / 365.25 }

// sevens rounds to a multiple of seven. Figures that change on a day in the
// week have whole week averages then, so that rounding stays where it is wanted.
func sevens(x float64) int64 { return int64(math.Round(x/7)) * 7 }

func (f *fed) drawBalances() {
	f.balances = make([]balances, f.last-f.first+1)
	r := f.seed.rand(streamFed, 0, 0)
	gap := 0.0 // of the Treasury's balance from its smooth path, as a share of it
	for i := range f.balances {
		d := f.first + schemas.Date(i)
		b := &f.balances[i]
		if i > 0 && !f.cal.IsFedDay(d) {
			*b = f.balances[i-1]
			continue
		}
		gap = .93*gap + .04*r.NormFloat64() + taxes(f.cal.Flags(d))
		gap = max(-.6, min(.6, gap))
		tau := f.tau(d)
		s := smoothAt(tau)
		f.drawSlow(b, tau, s)
		b.tga = int64(s.tga * (1 + gap))
		b.currency = sevens(s.currency) + int64(1500*r.NormFloat64())
		b.treasuryCash = 250 + r.Int64N(60)
		b.foreignPool = int64(s.foreignPool * (1 + .02*r.NormFloat64()))
		b.otherDeposits = int64(s.otherDeposits * (1 + .03*r.NormFloat64()))
		b.foreign = 9400 + r.Int64N(200)
		b.collection, b.deferred = 40+r.Int64N(60), 240+r.Int64N(180)
		b.primary = 3000 + r.Int64N(4000)
		b.seasonal = r.Int64N(40)
		b.swaps = 60 + r.Int64N(80)
		b.foreignCurrency = 19000 + r.Int64N(200)
		b.onrrp = f.overnight(d).final / 1e6
		b.repo = 0
		for _, op := range f.standing(d) {
			b.repo += op.final / 1e6
		}
	}
}

// taxes is the rise of the Treasury's balance on a day on which taxes are due.
func taxes(flags calendar.Flags) float64 {
	if flags.Has(calendar.TaxDate) {
		return .18
	}
	return 0
}

// drawSlow sets what the Federal Reserve decides: what it holds follows from
// what the smooth parts of the other side add up to.
func (f *fed) drawSlow(b *balances, tau float64, s smooth) {
	b.premises = 680
	b.other = sevens(36e3 + 1500*math.Sin(2*math.Pi*tau))
	b.facilities = sevens(870 + 9000*max(0, 1-math.Exp(-.5*max(0, tau-.5))))
	b.treasuryCurrency, b.coin = 52000, 1323
	b.otherLiabilities = -sevens(225e3*math.Exp(-.5*tau*tau/4)) + 7*1000
	b.paidIn, b.surplus = 40931, 6785
	lent := (tau - 2.1) / .45
	b.term = sevens(160e3 * math.Exp(-lent*lent))
	absorbed := s.tga + s.onrrp + s.currency + s.foreignPool + s.otherDeposits + s.reserves + 9500 + 300 +
		float64(b.otherLiabilities+b.paidIn+b.surplus)
	supplied := float64(b.premises+b.other+b.facilities+b.term+b.treasuryCurrency) + 19100 + 5000 + goldStock + sdrCertificates - 200
	held := absorbed - supplied
	b.premiums = sevens(.032 * held)
	b.discounts = -sevens(.004 * held)
	held -= float64(b.premiums + b.discounts)
	b.mortgages = sevens(.295 * held)
	b.bills = sevens(.06 * held)
	b.indexed = sevens(.045 * held)
	b.inflation = sevens(.016 * held)
	b.nominal = sevens(held) - b.mortgages - b.bills - b.indexed - b.inflation - agencyDebt
}

// operation is one operation of the desk.
type operation struct {
	day       schemas.Date
	reverse   bool
	exercise  bool   // a small-value one
	release   string // HH:MM
	close     string
	submitted int64    // USD
	traded    int64    // USD, as first published
	final     int64    // USD, after amendment
	parts     [3]int64 // of the final amount, by collateral; repo only
	parties   int64
}

// amended reports whether the operation was corrected afterwards.
func (o *operation) amended() bool { return o.traded != o.final }

// overnight is the reverse repo operation of day d.
func (f *fed) overnight(d schemas.Date) operation {
	o := operation{day: d, reverse: true, release: "12:45", close: "13:15"}
	if d < overnightFrom() {
		return o
	}
	flags := f.cal.Flags(d)
	level := smoothAt(f.tau(d)).onrrp
	switch {
	case flags.Has(calendar.QuarterEnd):
		level = 1.2*level + 60e3
	case flags.Has(calendar.MonthEnd):
		level = 1.1*level + 25e3
	}
	level *= math.Exp(.06 * f.seed.bell(streamOperation, int(d), 0))
	o.final = int64(level) * 1e6
	if level < 40e3 && f.seed.unit(streamOperation, int(d), 1) < .02 {
		o.final = 0 // nobody came; with more at the facility that does not happen
	}
	o.traded = o.final
	if f.seed.unit(streamOperation, int(d), 2) < .01 && o.final > 50e6 {
		o.traded += 50e6 // a part was not delivered
	}
	o.submitted = o.traded
	if o.final > 0 {
		o.parties = 3 + o.final/30e9
	}
	return o
}

// overnightFrom is the day from which there is a reverse repo operation daily.
func overnightFrom() schemas.Date { return schemas.NewDate(2013, time.September, 23) }

// secondStanding is the day from which standing repo runs twice a day.
func secondStanding() schemas.Date { return schemas.NewDate(2025, time.June, 26) }

// standing lists the standing repo operations of day d, by closing time.
func (f *fed) standing(d schemas.Date) []operation {
	var out []operation
	if d >= secondStanding() {
		out = append(out, operation{day: d, release: "08:15", close: "08:30"})
	}
	if d >= schemas.NewDate(2021, time.July, 29) {
		out = append(out, operation{day: d, release: "13:30", close: "13:45"})
	}
	flags := f.cal.Flags(d)
	for i := range out {
		o := &out[i]
		u := f.seed.unit(streamOperation, int(d), 10+i)
		amount := int64(0)
		switch {
		case flags.Has(calendar.QuarterEnd) && f.tau(d) < 2:
			amount = int64(5000 + 25000*u)
		case flags.Has(calendar.MonthEnd) && f.tau(d) < 2 && u < .6:
			amount = int64(10000 * u)
		case u < .03:
			amount = 1 // someone tries the line
		}
		o.parts[0] = amount * 45 / 100 * 1e6
		o.parts[1] = amount * 2 / 100 * 1e6
		o.parts[2] = amount*1e6 - o.parts[0] - o.parts[1]
		if amount == 1 {
			o.parts = [3]int64{1e6, 0, 0}
		}
		o.final = amount * 1e6
		o.traded, o.submitted = o.final, o.final
	}
	return out
}

// exercise is the small-value reverse repo operation of day d: once a year, on
// the second Tuesday of May.
func (f *fed) exercise(d schemas.Date) (operation, bool) {
	if d < overnightFrom() || d.Month() != time.May || d.Weekday() != time.Tuesday || d.Day() < 8 || d.Day() > 14 {
		return operation{}, false
	}
	amount := int64(21+f.seed.unit(streamOperation, int(d), 20)*80) * 1e6
	return operation{
		day: d, reverse: true, exercise: true, release: "09:45", close: "10:00",
		submitted: amount, traded: amount, final: amount, parties: amount / 1e6,
	}, true
}

// operations lists all operations of business day d by closing time.
func (f *fed) operations(d schemas.Date) []operation {
	standing := f.standing(d)
	var out []operation
	for _, o := range standing {
		if o.close < "09:00" {
			out = append(out, o)
		}
	}
	if o, held := f.exercise(d); held {
		out = append(out, o)
	}
	if d >= overnightFrom() {
		out = append(out, f.overnight(d))
	}
	for _, o := range standing {
		if o.close > "13:15" {
			out = append(out, o)
		}
	}
	return out
}

// The desk's and the Board's rates, in percent.

// repoRate is the rate of standing repo: the top of the target range.
func (f *fed) repoRate(d schemas.Date) float64 { return f.target(d).upper }

// reverseRate is the rate of the overnight reverse repo: 5 bp above the bottom
// of the range until 19 December 2024, the bottom since.
func (f *fed) reverseRate(d schemas.Date) float64 {
	if d < schemas.NewDate(2024, time.December, 19) {
		return f.target(d).lower + .05
	}
	return f.target(d).lower
}

// reserveRate is the interest on reserve balances.
func (f *fed) reserveRate(d schemas.Date) float64 { return f.target(d).lower + .15 }
