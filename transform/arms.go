package transform

import (
	"strings"

	"tidemark/schemas"
)

// armsTerms are the four terms of the Arms index: advances, declines and
// their volumes, of a day or summed over several.
type armsTerms struct{ adv, dec, up, down float64 }

// index returns TRIN = (A/D)/(UV/DV) (Arms 1967). It has no value where any of
// the four is zero.
func (a armsTerms) index() schemas.Opt[float64] {
	if a.zero() != "" {
		return schemas.None[float64]()
	}
	return schemas.Some((a.adv / a.dec) / (a.up / a.down))
}

// zero names the terms that are zero.
func (a armsTerms) zero() string {
	var names []string
	for _, t := range []struct {
		name  string
		value float64
	}{{"adv", a.adv}, {"dec", a.dec}, {"up_vol", a.up}, {"down_vol", a.down}} {
		if t.value == 0 {
			names = append(names, t.name+"=0")
		}
	}
	return strings.Join(names, " ")
}

func (a armsTerms) plus(b armsTerms) armsTerms {
	return armsTerms{a.adv + b.adv, a.dec + b.dec, a.up + b.up, a.down + b.down}
}
