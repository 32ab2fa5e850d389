package series

// Number is what values are counted or measured in.
type Number interface{ ~int64 | ~float64 }

// Max writes to dst[i] the largest of src[i-w+1..i], for every i from w-1 on;
// what comes before is left as it is, and so is all of it where w < 1. No value
// may be NaN. dst is as long as src and shares no memory with it; scratch has room
// for w values.
//
// It takes three steps a value whatever w is: the running maximum of blocks of w
// from the right, the same from the left, and the larger of the two where a window
// crosses from one block into the next (van Herk 1992, Gil and Werman 1993).
func Max[T Number](dst, src, scratch []T, w int) {
	if w < 1 {
		return
	}
	for lo := 0; lo+w <= len(src); lo += w {
		block := src[lo : lo+w]
		fromRight := scratch[:len(block)]
		largest := block[len(block)-1]
		for i := len(block) - 1; i >= 0; i-- {
			largest = max(largest, block[i])
			fromRight[i] = largest
		}
		dst[lo+w-1] = largest
		next := src[lo+w : min(lo+2*w-1, len(src))]
		out := dst[lo+w:][:len(next)]
		fromRight = fromRight[1:][:len(next)]
		if len(next) > 0 {
			largest = next[0]
		}
		for i, v := range next {
			largest = max(largest, v)
			out[i] = max(largest, fromRight[i])
		}
	}
}

// Totals writes to dst[i] the sum of src[:i]; dst is one longer than src.
func Totals[T Number](dst, src []T) {
	total := T(0)
	dst[0] = total
	for i, v := range src {
		total += v
		dst[i+1] = total
	}
}

// Sum returns the sum of src[i-w+1..i] from the totals of src. Whole numbers may
// wrap around in the totals; their difference is right as long as the sum itself
// fits.
func Sum[T Number](totals []T, i, w int) T { return totals[i+1] - totals[i+1-w] }
