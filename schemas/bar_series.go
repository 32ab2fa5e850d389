package schemas

import "slices"

// BarSeries holds bars of one symbol in columns: what figures are computed
// from, without the texts that every [Bar] repeats. The columns are of one
// length, and the sessions ascend.
type BarSeries struct {
	Publisher, Symbol, Adjustment string
	Sessions                      []Date
	Close                         []float64 // USD per share
	High, Low                     []float64 // USD per share; 0 where not known
	Volume                        []float64 // shares; 0 where not known
	Known                         []BarKnown
}

// BarKnown says which values of a bar are known besides its close.
type BarKnown uint8

// The values of a bar that its publisher may leave out.
const (
	KnownHigh BarKnown = 1 << iota
	KnownLow
	KnownVolume
)

// Len returns the number of bars.
func (s *BarSeries) Len() int { return len(s.Sessions) }

// Slice returns the bars [lo, hi) of the series, which share its memory.
func (s *BarSeries) Slice(lo, hi int) BarSeries {
	return BarSeries{
		Publisher: s.Publisher, Symbol: s.Symbol, Adjustment: s.Adjustment,
		Sessions: s.Sessions[lo:hi], Close: s.Close[lo:hi], High: s.High[lo:hi], Low: s.Low[lo:hi], Volume: s.Volume[lo:hi], Known: s.Known[lo:hi],
	}
}

// Between returns the bars of the half-open days [from, to).
func (s *BarSeries) Between(from, to Date) BarSeries { return s.Slice(Within(s.Sessions, from, to)) }

// Within returns which of ascending days lie in the half-open [from, to): those
// at [lo, hi).
func Within(days []Date, from, to Date) (lo, hi int) {
	lo, _ = slices.BinarySearch(days, from)
	hi, _ = slices.BinarySearch(days, to)
	return lo, max(lo, hi)
}

// BarSeriesOf turns rows into series. Rows in the order of raw.bar give one
// series of each symbol and adjustment; others give more, shorter ones.
func BarSeriesOf(rows []Bar) []BarSeries { return AppendBars(nil, rows) }

// AppendBars adds rows to series that others have begun: where they go on with
// the last one it grows.
func AppendBars(to []BarSeries, rows []Bar) []BarSeries {
	for lo := 0; lo < len(rows); {
		first := &rows[lo]
		hi := lo + 1
		for hi < len(rows) && rows[hi].Session > rows[hi-1].Session && sameSeries(&rows[hi], first.Publisher, first.Symbol, first.Adjustment) {
			hi++
		}
		n := len(to)
		if n == 0 || !sameSeries(first, to[n-1].Publisher, to[n-1].Symbol, to[n-1].Adjustment) || first.Session <= to[n-1].Sessions[to[n-1].Len()-1] {
			to = append(to, BarSeries{Publisher: first.Publisher, Symbol: first.Symbol, Adjustment: first.Adjustment})
		}
		to[len(to)-1].grow(rows[lo:hi])
		lo = hi
	}
	return to
}

func sameSeries(b *Bar, publisher, symbol, adjustment string) bool {
	return b.Symbol == symbol && b.Publisher == publisher && b.Adjustment == adjustment
}

func (s *BarSeries) grow(rows []Bar) {
	n := len(rows)
	s.Sessions, s.Known = slices.Grow(s.Sessions, n), slices.Grow(s.Known, n)
	s.Close, s.High, s.Low, s.Volume = slices.Grow(s.Close, n), slices.Grow(s.High, n), slices.Grow(s.Low, n), slices.Grow(s.Volume, n)
	for i := range rows {
		b := &rows[i]
		var known BarKnown
		value := func(o Opt[float64], bit BarKnown) float64 {
			if !o.OK {
				return 0
			}
			known |= bit
			return o.V
		}
		s.Sessions, s.Close = append(s.Sessions, b.Session), append(s.Close, b.Close)
		s.High, s.Low = append(s.High, value(b.High, KnownHigh)), append(s.Low, value(b.Low, KnownLow))
		s.Volume = append(s.Volume, value(b.Volume, KnownVolume))
		s.Known = append(s.Known, known)
	}
}
