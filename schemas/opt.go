package schemas

// Opt is a value that may be unknown. Unknown is never written as zero, NaN
// or an empty string; the zero Opt is unknown.
type Opt[T any] struct {
	V  T
	OK bool
}

// Some returns a known value.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, OK: true} }

// None returns an unknown value.
func None[T any]() Opt[T] { return Opt[T]{} }
