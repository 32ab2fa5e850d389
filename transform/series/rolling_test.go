package series

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRollingEqualsItsDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SliceOfN(rapid.Int64Range(-5, 5), 0, 60).Draw(t, "values")
		w := rapid.IntRange(0, 12).Draw(t, "window")
		const untouched = 99
		dst := slices.Repeat([]int64{untouched}, len(src))
		Max(dst, src, make([]int64, w), w)
		totals := make([]int64, len(src)+1)
		Totals(totals, src)
		for i := range src {
			if w < 1 || i < w-1 {
				if dst[i] != untouched {
					t.Fatalf("window %d: wrote to %d", w, i)
				}
				continue
			}
			window := src[i-w+1 : i+1]
			if want := slices.Max(window); dst[i] != want {
				t.Fatalf("window %d at %d: largest %d, want %d", w, i, dst[i], want)
			}
			want := int64(0)
			for _, v := range window {
				want += v
			}
			if got := Sum(totals, i, w); got != want {
				t.Fatalf("window %d at %d: sum %d, want %d", w, i, got, want)
			}
		}
	})
}
