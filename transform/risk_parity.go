package transform

import (
	"math"

	"tidemark/schemas"
)

// covariance returns the sample covariances of several series of the same
// length, which is at least 2.
func covariance(series [][]float64) [][]float64 {
	n := float64(len(series[0]))
	means := make([]float64, len(series))
	for i, x := range series {
		for _, v := range x {
			means[i] += v
		}
		means[i] /= n
	}
	out := make([][]float64, len(series))
	for i := range series {
		out[i] = make([]float64, len(series))
		for j := range series[:i+1] {
			total := 0.0
			for k, v := range series[i] {
				total += (v - means[i]) * (series[j][k] - means[j])
			}
			out[i][j] = total / (n - 1)
			out[j][i] = out[i][j]
		}
	}
	return out
}

// riskShares returns what each asset contributes to the variance of a portfolio,
// RC = w (Sigma w)/(w' Sigma w), and the standard deviation itself. A portfolio
// without variance has neither.
func riskShares(weights []float64, cov [][]float64) (shares []float64, sd float64, ok bool) {
	shares = make([]float64, len(weights))
	variance, scale := 0.0, 0.0
	for i, w := range weights {
		for j, v := range weights {
			shares[i] += w * v * cov[i][j]
		}
		variance += shares[i]
		scale += math.Abs(w) * math.Sqrt(cov[i][i])
	}
	// What is left of assets that cancel one another is rounding.
	if !(variance > 1e-12*scale*scale) || scale < constantSD {
		return nil, 0, false
	}
	for i := range shares {
		shares[i] /= variance
	}
	return shares, math.Sqrt(variance), true
}

const (
	riskTolerance  = 1e-11
	riskIterations = 1000
)

// equalRisk returns the weights, which add up to 1, at which each asset
// contributes the same to the variance: of the sum of y' Sigma y / 2 and
// -sum ln(y)/n the least, which cyclical coordinate descent finds from weights
// by the inverse of volatility. For two assets those are the answer itself.
// See Griveau-Billion, Richard and Roncalli, A Fast Algorithm for Computing
// High-dimensional Risk Parity Portfolios, 2013.
func equalRisk(cov [][]float64) ([]float64, schemas.Status) {
	n := len(cov)
	y := make([]float64, n)
	for i := range y {
		if !(cov[i][i] > constantSD*constantSD) {
			return nil, schemas.ZeroDenominator
		}
		y[i] = 1 / math.Sqrt(cov[i][i]*float64(n))
	}
	weights := make([]float64, n)
	for range riskIterations {
		total := 0.0
		for _, v := range y {
			total += v
		}
		for i, v := range y {
			weights[i] = v / total
		}
		shares, _, ok := riskShares(weights, cov)
		if !ok {
			return nil, schemas.ZeroDenominator
		}
		apart := 0.0
		for _, s := range shares {
			apart = max(apart, math.Abs(s-1/float64(n)))
		}
		if apart < riskTolerance {
			return weights, schemas.StatusOK
		}
		for i := range y {
			others := 0.0
			for j, v := range y {
				if j != i {
					others += cov[i][j] * v
				}
			}
			y[i] = (-others + math.Sqrt(others*others+4*cov[i][i]/float64(n))) / (2 * cov[i][i])
		}
	}
	return nil, schemas.ZeroDenominator // so close to a portfolio without risk that no weights can be told
}
