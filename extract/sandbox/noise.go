package sandbox

import "math/rand/v2"

// stream separates the uses of randomness from one another, so that asking
// for a security's volumes does not move its prices.
type stream uint64

const (
	streamMarket stream = iota + 1
	streamRoster
	streamPath
	streamBar
	streamHalt
	streamFed
	streamPolicy
	streamRate
	streamOperation
	streamHoldings
	streamFilings
	streamSOMA
)

// seeded derives independent, reproducible randomness from one seed: from the
// same seed, use and position the same numbers follow, in any order of asking.
type seeded uint64

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func (s seeded) key(use stream, a, b int) uint64 {
	k := mix(uint64(s) + 0x9e3779b97f4a7c15*uint64(use))
	k = mix(k ^ uint64(int64(a))*0xd6e8feb86659fd93)
	return mix(k ^ uint64(int64(b))*0xa0761d6478bd642f)
}

// rand returns the numbers of one position.
func (s seeded) rand(use stream, a, b int) *rand.Rand {
	k := s.key(use, a, b)
	return rand.New(rand.NewPCG(k, mix(k+1))) //nolint:gosec // a simulation has to be reproducible; nothing here is secret
}

// unit returns one number in [0, 1).
func (s seeded) unit(use stream, a, b int) float64 {
	return float64(s.key(use, a, b)>>11) / (1 << 53)
}

// bell returns one number from about -3 to 3 with mean 0 and deviation 1: the
// sum of three uniform ones, which is enough for figures of the money market.
func (s seeded) bell(use stream, a, b int) float64 {
	k := s.key(use, a, b)
	var sum float64
	for range 3 {
		sum += float64(k>>11) / (1 << 53)
		k = mix(k + 0x9e3779b97f4a7c15)
	}
	return (sum - 1.5) * 2
}
