package transform

// rollingMax writes to dst[i] the largest of src[i-w+1..i], for every i from
// w-1 on; what comes before is left as it is. It takes three steps a value
// whatever w is: the running maximum within blocks of w from the left, the
// same from the right, and the larger of the two where a window crosses from
// one block into the next (van Herk 1992, Gil and Werman 1993).
func rollingMax(dst, src, scratch []int64, w int) {
	n := len(src)
	if n < w {
		return
	}
	left := scratch[:n]
	for i := range src {
		if i%w == 0 {
			left[i] = src[i]
		} else {
			left[i] = max(left[i-1], src[i])
		}
	}
	var right int64
	for i := n - 1; i >= 0; i-- {
		if i == n-1 || (i+1)%w == 0 {
			right = src[i]
		} else {
			right = max(right, src[i])
		}
		if end := i + w - 1; end < n {
			dst[end] = max(right, left[end])
		}
	}
}

// rollingSum returns the sum of src[i-w+1..i] from running totals with
// total[i] the sum of src[:i]. Totals may wrap around; their difference does
// not as long as the sum itself fits.
func rollingSum(total []int64, i, w int) int64 { return total[i+1] - total[i+1-w] }
