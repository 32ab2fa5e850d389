package jobs

import (
	"testing"
	"time"

	"tidemark/extract"
	"tidemark/schemas"
)

// TestShares holds that the processes of a backfill have each window once, whether they
// are counted from 0 or from 1, and together ask no faster than one.
func TestShares(t *testing.T) {
	for _, first := range []int{0, 1} {
		owners := map[int]int{}
		for y := range 400 {
			w, n := schemas.CutYear.Window("vendor", schemas.NewDate(1900+y/2, time.January, 1)), 0
			for i := range 4 {
				if (Share{first + i, 4}).owns(&Job{Name: "bars"}, w) {
					owners[i]++
					n++
				}
			}
			if n != 1 {
				t.Fatalf("%s has %d owners", w, n)
			}
		}
		for i, n := range owners {
			if n < 60 {
				t.Errorf("process %d of 4 begins with %d of 400 windows", i, n)
			}
		}
	}
	if !(Share{}).owns(&Job{Name: "bars"}, schemas.Window{}) {
		t.Error("who works alone does not have everything")
	}
	limits := Share{2, 4}.Limits(map[string]extract.Limit{"x": {Every: time.Second}})
	if limits["x"].Every != 4*time.Second {
		t.Errorf("one of four asks each %s", limits["x"].Every)
	}
	for text, good := range map[string]bool{"1/1": true, "0/4": true, "4/4": true, "5/4": false, "-1/4": false, "1/0": false, "1": false, "1/4x": false, "01/4": false, "": false, "1/1001": false} {
		if _, err := ParseShare(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
