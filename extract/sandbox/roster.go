package sandbox

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// security is one line of one issuer. Its prices are not kept: they are
// walked from its own seed whenever someone asks; see path.go.
type security struct {
	id     int
	issuer int // id of the issuer's first line
	class  int // 0 for the issuer's first line, 1 for its second

	symbol   string // the newest one, a class after a dot: BRK.B
	name     string
	sector   int
	industry string
	cusip    string
	isin     string
	sedol    string
	cik      int64
	exchange string

	beta  float64 // against the market's daily log return
	small float64 // 0 for the largest to 1 for the smallest: exposure to the size factor
	sigma float64 // of its own daily log return
	yield float64 // of ordinary dividends, a year; 0 pays none
	float float64 // share of its shares that trade freely
	issue float64 // growth of the number of shares, a quarter

	listed int  // first session
	gone   int  // first session without it; the number of sessions while it lasts
	failed bool // whether it ended by collapse rather than by a takeover

	first  float64   // value of an original share at the close before, or on, the first session
	shares float64   // shares outstanding on the first session
	drift  float64   // daily log return beyond everything else
	start  []float64 // value of an original share before the first session of each year of the market
	events []event   // corporate actions in order of session
	names  []rename  // changes of symbol in order of session
	halts  []span    // sessions without a trade
}

// rename says that the security was called old before the session at.
type rename struct {
	at  int
	old string
}

// span is a half-open range of sessions.
type span struct{ from, to int }

func (s span) has(t int) bool { return t >= s.from && t < s.to }

// trades reports whether the security exists at session t, halted or not.
func (s *security) trades(t int) bool { return t >= s.listed && t < s.gone }

func (s *security) halted(t int) bool {
	for _, h := range s.halts {
		if h.has(t) {
			return true
		}
	}
	return false
}

// symbolAt is the symbol of session t.
func (s *security) symbolAt(t int) string {
	for _, r := range s.names {
		if t < r.at {
			return r.old
		}
	}
	return s.symbol
}

// The ways in which publishers write a share class.
func dotted(symbol string) string { return symbol }
func joined(symbol string) string { return strings.ReplaceAll(symbol, ".", "") }
func dashed(symbol string) string { return strings.ReplaceAll(symbol, ".", "-") }

// giant is an issuer that is simulated under its real symbol, because metrics
// name it. Its prices are invented; it ends the market with about the weight
// in the large index given here, so that concentration looks as it does today.
type giant struct {
	symbol, name, industry string
	sector                 int
	class                  int     // 1: second line of the giant before
	begin, end             float64 // weight in the large index
	price                  float64 // about, on the last session
	beta, yield            float64
	split                  float64 // new shares per old one, 0 for none
	when                   float64 // the split's place in the market's time, 0 to 1
}

const simulated = " (simulated)"

func giants() []giant {
	return []giant{
		{symbol: "AAPL", name: "Apple Inc", sector: technology, industry: "Technology Hardware, Storage & Peripherals", begin: .060, end: .066, price: 235, beta: 1.1, yield: .005},
		{symbol: "MSFT", name: "Microsoft Corp", sector: technology, industry: "Systems Software", begin: .054, end: .066, price: 495, beta: 1.05, yield: .008},
		{symbol: "NVDA", name: "NVIDIA Corp", sector: technology, industry: "Semiconductors", begin: .016, end: .075, price: 175, beta: 1.5, yield: .0004, split: 10, when: .62},
		{symbol: "AMZN", name: "Amazon.com Inc", sector: discretionary, industry: "Broadline Retail", begin: .033, end: .040, price: 225, beta: 1.2},
		{symbol: "META", name: "Meta Platforms Inc Class A", sector: communication, industry: "Interactive Media & Services", begin: .018, end: .029, price: 700, beta: 1.2, yield: .003},
		{symbol: "GOOGL", name: "Alphabet Inc Class A", sector: communication, industry: "Interactive Media & Services", begin: .019, end: .026, price: 245, beta: 1.1, yield: .004, split: 20, when: .18},
		{symbol: "GOOG", name: "Alphabet Inc Class C", sector: communication, industry: "Interactive Media & Services", class: 1, begin: .018, end: .021, price: 245, beta: 1.1, yield: .004, split: 20, when: .18},
		{symbol: "TSLA", name: "Tesla Inc", sector: discretionary, industry: "Automobile Manufacturers", begin: .018, end: .019, price: 340, beta: 1.7, split: 3, when: .3},
		{symbol: "BRK.B", name: "Berkshire Hathaway Inc Class B", sector: financials, industry: "Multi-Sector Holdings", begin: .015, end: .017, price: 490, beta: .8},
	}
}

// The sectors of the Global Industry Classification Standard, in the order of
// their codes.
const (
	energy = iota
	materials
	industrials
	discretionary
	staples
	healthCare
	financials
	technology
	communication
	utilities
	realEstate
	sectorCount
)

type sector struct {
	name       string
	weight     float64 // share of issuers
	sigma      float64 // of the sector's daily log return beyond the market's
	businesses [2]string
	industries [2]string
}

func sectors() [sectorCount]sector {
	return [sectorCount]sector{
		{"Energy", .05, .009, [2]string{"Energy", "Pipelines"}, [2]string{"Oil & Gas Exploration & Production", "Oil & Gas Storage & Transportation"}},
		{"Materials", .06, .006, [2]string{"Chemical", "Mining"}, [2]string{"Specialty Chemicals", "Diversified Metals & Mining"}},
		{"Industrials", .16, .004, [2]string{"Industries", "Logistics"}, [2]string{"Industrial Machinery & Supplies & Components", "Air Freight & Logistics"}},
		{"Consumer Discretionary", .12, .005, [2]string{"Stores", "Leisure"}, [2]string{"Other Specialty Retail", "Leisure Facilities"}},
		{"Consumer Staples", .06, .004, [2]string{"Foods", "Household"}, [2]string{"Packaged Foods & Meats", "Household Products"}},
		{"Health Care", .13, .005, [2]string{"Therapeutics", "Medical"}, [2]string{"Biotechnology", "Health Care Equipment"}},
		{"Financials", .16, .005, [2]string{"Bancorp", "Insurance"}, [2]string{"Regional Banks", "Property & Casualty Insurance"}},
		{"Information Technology", .13, .007, [2]string{"Systems", "Micro"}, [2]string{"Application Software", "Semiconductors"}},
		{"Communication Services", .04, .005, [2]string{"Media", "Telecom"}, [2]string{"Publishing", "Integrated Telecommunication Services"}},
		{"Utilities", .04, .005, [2]string{"Power", "Water"}, [2]string{"Electric Utilities", "Water Utilities"}},
		{"Real Estate", .05, .005, [2]string{"Properties", "Storage"}, [2]string{"Office REITs", "Self-Storage REITs"}},
	}
}

// Lines that are simulated on purpose, by their position in the roster after
// the giants: whatever the seed, a market has at least one of each.
const (
	lineReverseSplit = iota + 2
	lineThreeForTwo
	lineSpecial
	lineParent // loses a part of itself to lineChild
	lineChild
	lineRenamed
	lineHalted
	linePair // two lines of one issuer, this one and the next
	linePairSecond
	lineTakenOver
	lineCollapsed
	scriptedLines
)

// roster draws the securities of a market of the given number of sessions.
// Prices, sizes and actions come later.
func roster(seed seeded, count, sessions int, years float64) []*security {
	named := giants()
	table := sectors()
	out := make([]*security, 0, count)
	add := func(s *security) {
		s.id = len(out)
		s.issuer = s.id - s.class
		s.cusip, s.isin, s.sedol = identifiers(s.issuer, s.class)
		s.cik = int64(9_000_000 + s.issuer)
		s.gone = sessions
		s.exchange = "New York Stock Exchange Inc."
		if s.sector == technology || s.sector == healthCare || s.issuer%3 == 0 {
			s.exchange = "NASDAQ"
		}
		out = append(out, s)
	}
	for i := range named {
		g := &named[i]
		add(&security{
			class: g.class, symbol: g.symbol, name: g.name + simulated, sector: g.sector, industry: g.industry,
			beta: g.beta, sigma: .010, yield: g.yield, float: 1, issue: -.003,
		})
	}
	for k := 0; len(out) < count; k++ {
		r := seed.rand(streamRoster, k, 0)
		s := &security{sector: pickSector(&table, r.Float64())}
		kind := r.IntN(2)
		s.industry = table[s.sector].industries[kind]
		s.symbol = invented(len(out), count)
		s.name = syllables(len(out)) + " " + table[s.sector].businesses[kind] + " Inc" + simulated
		// The position decides the size, so the small lines are many.
		s.small = math.Min(1, float64(k)/float64(count))
		s.beta = .75 + .5*r.Float64() + .15*s.small
		s.sigma = (.14 + .33*s.small + (.03+.08*s.small)*r.Float64()) / math.Sqrt(252)
		s.drift = -(news*s.sigma*s.sigma + table[s.sector].sigma*table[s.sector].sigma) / 2 // volatility is not to raise the mean
		if r.Float64() < .75-.5*s.small {
			s.yield = .005 + .035*r.Float64()
		}
		s.float = 1
		if r.Float64() < .25 {
			s.float = math.Round(100*(.45+.5*r.Float64())) / 100
		}
		s.issue = -.006 + .010*r.Float64()
		lifetime(s, r.Float64(), r.Float64(), r.Float64(), sessions, years)
		add(s)
		script(out, s, k, sessions, count)
	}
	return out
}

// lifetime lets a part of the securities be listed after the market's first
// session and a part leave before its last: about 2.5 % a year go, and as
// many come.
func lifetime(s *security, come, leave, how float64, sessions int, years float64) {
	s.listed, s.gone = 0, sessions
	if settled := 1 / (1 + .03*years); come > settled {
		s.listed = int((come - settled) / (1 - settled) * float64(sessions))
	}
	const hazard = .025
	if left := -math.Log(1-leave) / hazard; left < years*float64(sessions-s.listed)/float64(sessions) {
		s.gone = s.listed + int(left/years*float64(sessions))
		s.failed = how < .3
	}
	if s.gone-s.listed < 40 { // too short to be a listing
		s.gone = sessions
	}
	s.listed = min(s.listed, sessions-1)
}

// script turns line k into what the constants above promise.
func script(all []*security, s *security, k, sessions, count int) {
	at := func(part float64) int { return int(part * float64(sessions-1)) }
	if k >= 1 && k < scriptedLines {
		s.listed, s.gone, s.failed = 0, sessions, false
	}
	switch k {
	case lineSpecial:
		s.yield = .02
	case lineChild:
		s.listed = at(.45)
	case lineRenamed:
		s.names = []rename{{at(.55), invented(s.id+count, count)}}
	case lineHalted:
		if from := at(.7); sessions-from > 20 {
			s.halts = []span{{from, from + 7}}
		}
	case linePair:
		s.symbol, s.name = "ZNWA", syllables(s.id)+" Press Corp Class A"+simulated
		s.sector, s.industry = communication, "Publishing"
	case linePairSecond:
		first := all[s.id-1]
		s.issuer, s.class, s.cik = first.issuer, 1, first.cik
		s.cusip, s.isin, s.sedol = identifiers(s.issuer, 1)
		s.symbol, s.name = "ZNW", strings.Replace(first.name, "Class A", "Class B", 1)
		s.sector, s.industry, s.exchange = first.sector, first.industry, first.exchange
		s.beta, s.sigma, s.small, s.drift, s.yield, s.issue = first.beta, first.sigma, first.small, first.drift, first.yield, first.issue
	case lineTakenOver:
		s.gone = at(.35)
	case lineCollapsed:
		s.gone, s.failed = at(.8), true
	}
}

func pickSector(table *[sectorCount]sector, u float64) int {
	for i := range table {
		if u < table[i].weight {
			return i
		}
		u -= table[i].weight
	}
	return industrials
}

// invented returns the n-th symbol of the sandbox, for a roster of count
// lines. They begin with Z, as few real ones do.
func invented(n, count int) string {
	digits, size := 3, 26*26*26
	for 3*count > size {
		digits++
		size *= 26
	}
	// 7919 is prime to 26, so that no two lines share a symbol.
	v := (n*7919 + 4242) % size
	b := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		b[i] = byte('A' + v%26)
		v /= 26
	}
	s := "Z" + string(b)
	if s == "ZNWA" { // taken by the scripted pair
		return "ZZNWA"
	}
	return s
}

// syllables returns the n-th invented company name.
func syllables(n int) string {
	const consonants, vowels = "bdfgklmnprtv", "aeiou"
	const pairs = len(consonants) * len(vowels)
	v := (n*7919 + 1234) % (pairs * pairs * pairs)
	b := make([]byte, 0, 6)
	for range 3 {
		p := v % pairs
		b = append(b, consonants[p/len(vowels)], vowels[p%len(vowels)])
		v /= pairs
	}
	b[0] -= 'a' - 'A'
	return string(b)
}

// identifiers returns CUSIP, ISIN and SEDOL with valid check digits. The
// CUSIPs begin with 99, which is set aside for private use, so that none of
// them is a real security's.
func identifiers(issuer, class int) (cusip, isin, sedol string) {
	const letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ" // without I and O
	cusip = "99" + digitsOf(issuer, letters, 4) + strconv.Itoa(class+1) + "0"
	cusip += strconv.Itoa(cusipCheck(cusip))
	isin = "US" + cusip
	isin += strconv.Itoa(isinCheck(isin))
	const sounds = "0123456789BCDFGHJKLMNPQRSTVWXYZ" // without vowels
	sedol = "Z" + digitsOf(issuer*2+class, sounds, 5)
	sedol += strconv.Itoa(sedolCheck(sedol))
	return cusip, isin, sedol
}

func digitsOf(v int, alphabet string, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = alphabet[v%len(alphabet)]
		v /= len(alphabet)
	}
	return string(b)
}

func letterValue(c byte) int {
	if c >= 'A' {
		return int(c-'A') + 10
	}
	return int(c - '0')
}

// cusipCheck is the modulus 10 double add double of the CUSIP.
func cusipCheck(s string) int {
	sum := 0
	for i := range len(s) {
		v := letterValue(s[i])
		if i%2 == 1 {
			v *= 2
		}
		sum += v/10 + v%10
	}
	return (10 - sum%10) % 10
}

// isinCheck is Luhn's, over the letters written as numbers.
func isinCheck(s string) int {
	var digits strings.Builder
	for i := range len(s) {
		fmt.Fprint(&digits, letterValue(s[i]))
	}
	d := digits.String()
	sum := 0
	for i := range len(d) {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 0 {
			v *= 2
		}
		sum += v/10 + v%10
	}
	return (10 - sum%10) % 10
}

func sedolCheck(s string) int {
	weights := [...]int{1, 3, 1, 7, 3, 9}
	sum := 0
	for i, w := range weights {
		sum += w * letterValue(s[i])
	}
	return (10 - sum%10) % 10
}
