package transform

import (
	"slices"
	"testing"

	"tidemark/schemas"
)

// Every metric that a family of size or liquidity names is in the register,
// and the other way round.
func TestMoneyFamiliesMatchRegister(t *testing.T) {
	t.Parallel()
	for dataset, families := range map[string][]Family{schemas.Size.String(): sizeFamilies, schemas.Liquidity.String(): liquidityFamilies} {
		var got, want []string
		for _, f := range families {
			got = append(got, f.Metrics...)
		}
		for _, m := range schemas.Register() {
			if m.Dataset == dataset {
				want = append(want, m.ID)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: families give %v, the register has %v", dataset, got, want)
		}
	}
}
