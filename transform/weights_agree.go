package transform

import (
	"fmt"
	"math"
	"slices"

	"tidemark/schemas"
	"tidemark/transform/ranking"
)

const (
	// agreeLines is how many of the largest lines of two funds are compared.
	agreeLines = 10
	// fundTolerance is how far their weights in two funds on one index may lie
	// apart. The funds differ by their cash and by whose closing prices they
	// take, hundredths of a point; a file under the date of the day before or
	// after it is up to three tenths away.
	fundTolerance = 0.005
)

// fundsAgree holds the files of the universe's funds for one day within the
// window against that of the first fund: they are all of one index.
func (b *fundBook) fundsAgree(in *Inputs) []Finding {
	if len(in.Universe.Funds) < 2 {
		return nil
	}
	first := in.Universe.Funds[0]
	tops := make(map[schemas.Date]float64)
	for i := range b.files[first] {
		tops[b.files[first][i].asOf] = b.files[first][i].top(agreeLines)
	}
	var out []Finding
	for _, fund := range in.Universe.Funds[1:] {
		for i := range b.files[fund] {
			p := &b.files[fund][i]
			want, ok := tops[p.asOf]
			if !ok || p.asOf < in.Window.From {
				continue
			}
			if got := p.top(agreeLines); math.Abs(got-want) > fundTolerance {
				out = append(out, Finding{
					Check: "funds_agree", Severity: schemas.SeverityWarning, Security: fund, Date: p.asOf,
					Message: fmt.Sprintf("the ten largest lines weigh %.2f %%, those of %s on the same day %.2f %%", 100*got, first, 100*want),
				})
			}
		}
	}
	return out
}

// top returns the weight of the n largest lines.
func (p *portfolio) top(n int) float64 {
	w := ranking.Weights(slices.Sorted(slices.Values(p.weights)))
	slices.Reverse(w)
	return w.Top(n)
}
