package extract

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"tidemark/schemas"
)

// TestAskDays has archives that end early, that have a hole, and that have nothing.
func TestAskDays(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		answers []error
		asked   int
		want    error
	}{
		"all":             {[]error{nil, nil, nil}, 3, nil},
		"ends early":      {[]error{nil, nil, ErrNotArchived, ErrNotArchived}, 4, nil},
		"a hole":          {[]error{nil, ErrNotArchived, nil, nil}, 3, ErrNotArchived},
		"nothing":         {[]error{ErrNotArchived, ErrNotArchived}, 2, ErrNotArchived},
		"a failure":       {[]error{nil, broken, nil}, 2, broken},
		"failure in hole": {[]error{nil, ErrNotArchived, broken}, 3, broken},
		"no days":         {nil, 0, nil},
	} {
		var asked []schemas.Date
		err := AskDays([]schemas.Date{0, 1, 2, 3}[:len(c.answers)], func(d schemas.Date) error {
			asked = append(asked, d)
			if e := c.answers[d]; e != nil {
				return fmt.Errorf("day %d: %w", d, e)
			}
			return nil
		})
		if !errors.Is(err, c.want) || len(asked) != c.asked || !slices.IsSorted(asked) {
			t.Errorf("%s: asked for %v, error %v", name, asked, err)
		}
	}
}
