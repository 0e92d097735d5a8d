// SPDX-License-Identifier: Apache-2.0

package pack

import "math"

// pivots bounds the simplex steps of one [Prices]; a handful is usual.
const pivots = 64

// Prices puts a price on each resource: the prices at which the demand is worth
// most while no machine holds more than its own price is worth. This is the
// dual of the linear relaxation of packing, so what the demand is worth is a
// lower bound of its cost. Machines with an infinite price do not exist.
func Prices(demand []float64, rooms [][]int64, price []float64) []float64 {
	t := newTableau(demand, rooms, price)
	for range pivots {
		column := t.entering()
		if column < 0 {
			break
		}
		row := t.leaving(column)
		if row < 0 {
			break // no machine has any of it
		}
		t.pivot(row, column)
	}
	return t.solution()
}

// tableau is the simplex method's: maximize gain*x under rows*x <= limit, from
// x = 0, which is feasible because prices are not negative.
type tableau struct {
	rows   [][]float64
	limit  []float64
	gain   []float64
	basis  []int // by row: the variable, resources first, then slacks
	column []int // by column
	scale  []float64
}

func newTableau(demand []float64, rooms [][]int64, price []float64) *tableau {
	n := len(demand)
	t := &tableau{gain: make([]float64, n), column: make([]int, n), scale: make([]float64, n)}
	for m := range rooms {
		if !math.IsInf(price[m], 1) {
			t.limit = append(t.limit, price[m])
			for k, amount := range rooms[m] {
				t.scale[k] = max(t.scale[k], float64(amount))
			}
		}
	}
	cells := make([]float64, n*len(t.limit))
	for m := range rooms {
		if math.IsInf(price[m], 1) {
			continue
		}
		row := cells[:n:n]
		cells = cells[n:]
		for k, amount := range rooms[m] {
			if t.scale[k] > 0 {
				row[k] = float64(amount) / t.scale[k]
			}
		}
		t.basis = append(t.basis, n+len(t.rows))
		t.rows = append(t.rows, row)
	}
	for k := range n {
		t.column[k] = k
		if t.scale[k] > 0 {
			t.gain[k] = demand[k] / t.scale[k]
		}
	}
	return t
}

const tiny = 1e-9

// entering is the column that gains most, -1 at the optimum.
func (t *tableau) entering() int {
	best, most := -1, tiny
	for k, g := range t.gain {
		if g > most {
			best, most = k, g
		}
	}
	return best
}

// leaving is the row that limits a column first; the lowest among equals.
func (t *tableau) leaving(column int) int {
	best, least := -1, math.Inf(1)
	for i, row := range t.rows {
		if row[column] > tiny && t.limit[i]/row[column] < least {
			best, least = i, t.limit[i]/row[column]
		}
	}
	return best
}

// pivot exchanges the variables of a row and a column.
func (t *tableau) pivot(row, column int) {
	p := 1 / t.rows[row][column]
	pivot := t.rows[row]
	for k := range pivot {
		pivot[k] *= p
	}
	pivot[column] = p
	t.limit[row] *= p
	for i, r := range t.rows {
		if i == row || r[column] == 0 {
			continue
		}
		t.limit[i] -= r[column] * t.limit[row]
		eliminate(r, pivot, column, p)
	}
	eliminate(t.gain, pivot, column, p)
	t.basis[row], t.column[column] = t.column[column], t.basis[row]
}

func eliminate(row, pivot []float64, column int, p float64) {
	f := row[column]
	for k := range row {
		row[k] -= f * pivot[k]
	}
	row[column] = -f * p
}

func (t *tableau) solution() []float64 {
	out := make([]float64, len(t.gain))
	for i, variable := range t.basis {
		if variable < len(out) {
			out[variable] = t.limit[i] / t.scale[variable]
		}
	}
	return out
}
