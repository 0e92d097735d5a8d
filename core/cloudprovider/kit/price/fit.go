// SPDX-License-Identifier: Apache-2.0

package price

import "slices"

const (
	// pull draws factors to the level of the prices, in shares of a sample: so
	// little that prices which determine a rate decide it.
	pull = 1e-4
	// rounds bound the descent; it converges long before.
	rounds = 2000
)

// fit returns by which factor each configured rate must be multiplied to explain
// the samples: least squares of relative errors, none negative (KIT-047). Where
// the samples leave a factor open, because all shapes are proportional or none
// has accelerators, it is the level of the prices.
func fit(samples []sample) vector {
	level := levelOf(samples)
	x := vector{level, level, level}
	weight := pull * float64(len(samples))
	for range rounds {
		before := x
		for i := range x {
			x[i] = best(samples, x, i, weight, level)
		}
		if x == before {
			break
		}
	}
	return x
}

// best is the factor of one part that fits best, the others given.
func best(samples []sample, x vector, i int, weight, level float64) float64 {
	// In units of the level the pull is the same for dear and cheap types.
	a, b := weight/(level*level), weight/level
	for _, s := range samples {
		rest := 1 - vector(s).dot(x) + s[i]*x[i]
		a += s[i] * s[i]
		b += s[i] * rest
	}
	return max(b/a, 0)
}

// levelOf is the median of price over cost by the configured rates.
func levelOf(samples []sample) float64 {
	ratios := make([]float64, len(samples))
	for i, s := range samples {
		ratios[i] = 1 / vector(s).dot(vector{1, 1, 1})
	}
	slices.Sort(ratios)
	n := len(ratios)
	return (ratios[(n-1)/2] + ratios[n/2]) / 2
}
