// SPDX-License-Identifier: Apache-2.0

package price

import (
	"math"
	"slices"
)

// pull draws factors to the level of the prices, in shares of a sample: so little
// that prices which determine a rate decide it.
const pull = 1e-5

// fit returns by which factor each configured rate must be multiplied to explain
// the samples: least squares of relative errors, none negative (KIT-047). Where
// the samples leave a factor open, because all shapes are proportional or none
// has accelerators, it is the level of the prices.
func fit(samples []sample) vector {
	level := levelOf(samples)
	e := equations{pull: pull * float64(len(samples))}
	for _, s := range samples {
		e.add(s, level)
	}
	best, least := vector{1, 1, 1}, math.Inf(1)
	for free := range 1 << parts { // which factors are not held at 0
		x := e.solve(free)
		if loss := e.loss(x); slices.Min(x[:]) >= 0 && loss < least {
			best, least = x, loss
		}
	}
	for i := range best {
		best[i] *= level
	}
	return best
}

// equations are the normal equations, in units of the level: so the pull is the
// same for dear types and cheap ones.
type equations struct {
	left  [parts]vector
	right vector
	pull  float64
}

func (e *equations) add(s sample, level float64) {
	for i := range s {
		e.right[i] += s[i] * level
		for j := range s {
			e.left[i][j] += s[i] * level * s[j] * level
		}
	}
}

// loss is what is minimized, but for a constant.
func (e *equations) loss(x vector) float64 {
	loss := -2 * e.right.dot(x)
	for i := range x {
		loss += x[i]*e.left[i].dot(x) + e.pull*(x[i]-1)*(x[i]-1)
	}
	return loss
}

// solve returns the minimum with some factors free, a bit for each, and the
// others 0. The pull makes it unique.
func (e *equations) solve(free int) vector {
	left, right := e.left, e.right
	for i := range left {
		left[i][i] += e.pull
		right[i] += e.pull
		if free&(1<<i) != 0 {
			continue
		}
		for j := range left {
			left[i][j], left[j][i] = 0, 0
		}
		left[i][i], right[i] = 1, 0
	}
	return eliminate(left, right)
}

// eliminate solves a positive definite system, which needs no pivoting.
func eliminate(left [parts]vector, right vector) vector {
	for i := range left {
		for j := i + 1; j < parts; j++ {
			factor := left[j][i] / left[i][i]
			for k := i; k < parts; k++ {
				left[j][k] -= factor * left[i][k]
			}
			right[j] -= factor * right[i]
		}
	}
	var x vector
	for i := parts - 1; i >= 0; i-- {
		x[i] = (right[i] - left[i].dot(x)) / left[i][i]
	}
	return x
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
