// SPDX-License-Identifier: Apache-2.0

package simplex

import "math"

// Program is a linear program under construction: minimize the cost of columns
// bought in amounts of 0 or more. Not safe for concurrent use.
type Program struct {
	rows    []Row
	columns []column
	penalty float64 // cost of a unit of demand that no column meets

	basis   []int       // by row: the column, or one of the kinds below
	at      []int       // by column: its row in the basis, -1 for none
	inverse [][]float64 // of the basis
	amount  []float64   // by row of the basis
	duals   []float64
	entry   []float64 // of the entering column, in terms of the basis
	pivots  int
}

// Row is a demand.
type Row struct {
	Demand float64
	// Exact rows are met to the point; others may be exceeded.
	Exact bool
}

// Entry is what one unit of a column gives to a row.
type Entry struct {
	Row    int
	Amount float64
}

type column struct {
	cost    float64
	entries []Entry
}

// Columns that every row has: one that stands for unmet demand, and one for
// what exceeds the demand. In a basis they are -1-2*row and -2-2*row.
const unmet, excess = -1, -2

// tiny is what counts as nothing.
const tiny = 1e-9

// New returns a program without columns. Demands must not be negative. A unit of
// demand that no column meets costs the penalty, which should exceed what any
// column costs for a unit.
func New(rows []Row, penalty float64) *Program {
	n := len(rows)
	p := &Program{
		rows: rows, penalty: penalty, basis: make([]int, n), inverse: make([][]float64, n),
		amount: make([]float64, n), duals: make([]float64, n), entry: make([]float64, n),
	}
	cells := make([]float64, n*n)
	for i, r := range rows {
		p.basis[i], p.amount[i], p.duals[i] = unmet-2*i, r.Demand, penalty
		p.inverse[i], cells = cells[:n:n], cells[n:]
		p.inverse[i][i] = 1
	}
	return p
}

// Add adds a column and returns its index. It has at most one entry for a row; one
// that is alone must be positive.
func (p *Program) Add(cost float64, entries []Entry) int {
	p.columns, p.at = append(p.columns, column{cost, entries}), append(p.at, -1)
	c := len(p.columns) - 1
	if e := entries[0]; p.pivots == 0 && len(entries) == 1 && p.basis[e.Row] == unmet-2*e.Row {
		p.start(c, e)
	}
	return c
}

// start puts a column of a single row where nothing meets the row's demand yet.
func (p *Program) start(c int, e Entry) {
	p.basis[e.Row], p.at[c] = c, e.Row
	p.inverse[e.Row][e.Row] = 1 / e.Amount
	p.amount[e.Row] = p.rows[e.Row].Demand / e.Amount
	p.duals[e.Row] = p.columns[c].cost / e.Amount
}

// Solve makes up to so many pivots and reports whether it found the optimum.
// The amounts are of use without it: each pivot leaves them better or equal.
func (p *Program) Solve(pivots int) bool {
	for stalled := 0; pivots > 0; pivots-- {
		c, reduced := p.entering(stalled > len(p.rows))
		if reduced >= -tiny {
			return true
		}
		p.express(c)
		row := p.leaving()
		if row < 0 {
			return false // costs fall for ever: some cost is negative
		}
		if stalled++; p.amount[row] > tiny {
			stalled = 0
		}
		p.pivot(row, c, reduced)
	}
	return false
}

// entering is the column that saves most for a unit of it, or the first that saves
// anything: that ends, where the former could go round in circles (Bland).
func (p *Program) entering(first bool) (column int, reduced float64) {
	for i, y := range p.duals {
		if y < reduced && y < -tiny && !p.rows[i].Exact {
			if column, reduced = excess-2*i, y; first {
				return column, reduced
			}
		}
	}
	for c := range p.columns {
		if p.at[c] >= 0 {
			continue
		}
		if d := p.Reduced(p.columns[c].cost, p.columns[c].entries); d < reduced && d < -tiny {
			if column, reduced = c, d; first {
				return column, reduced
			}
		}
	}
	return column, reduced
}

// Reduced is what a unit of a column costs more than what it holds is worth: a
// column is of use only where that is negative.
func (p *Program) Reduced(cost float64, entries []Entry) float64 {
	for _, e := range entries {
		cost -= p.duals[e.Row] * e.Amount
	}
	return cost
}

// express computes the entering column in terms of the basis.
func (p *Program) express(c int) {
	if c < 0 {
		row := (excess - c) / 2
		for i := range p.entry {
			p.entry[i] = -p.inverse[i][row]
		}
		return
	}
	for i, line := range p.inverse {
		sum := 0.0
		for _, e := range p.columns[c].entries {
			sum += line[e.Row] * e.Amount
		}
		p.entry[i] = sum
	}
}

// leaving is the row of the basis that limits the entering column first, of
// equals the one with the lowest column; -1 if nothing limits it.
func (p *Program) leaving() int {
	best, least := -1, math.Inf(1)
	for i, x := range p.entry {
		if x <= tiny {
			continue
		}
		ratio := max(p.amount[i], 0) / x
		if ratio < least-tiny || ratio <= least+tiny && (best < 0 || p.basis[i] < p.basis[best]) {
			best, least = i, min(ratio, least)
		}
	}
	return best
}

// pivot lets a column into the basis in place of a row's.
func (p *Program) pivot(row, c int, reduced float64) {
	p.pivots++
	if old := p.basis[row]; old >= 0 {
		p.at[old] = -1
	}
	if p.basis[row] = c; c >= 0 {
		p.at[c] = row
	}
	line, by := p.inverse[row], 1/p.entry[row]
	for k := range line {
		line[k] *= by
		p.duals[k] += reduced * line[k]
	}
	p.amount[row] *= by
	for i, f := range p.entry {
		if i == row || f == 0 {
			continue
		}
		p.amount[i] -= f * p.amount[row]
		other := p.inverse[i][:len(line)]
		for k, x := range line {
			other[k] -= f * x
		}
	}
}

// Duals are what one more unit of each row would cost. The slice is the
// program's own.
func (p *Program) Duals() []float64 { return p.duals }

// Amount is how much of a column to buy.
func (p *Program) Amount(column int) float64 {
	if p.at[column] < 0 {
		return 0
	}
	return max(p.amount[p.at[column]], 0)
}

// Pivots is how many there were so far.
func (p *Program) Pivots() int { return p.pivots }

// Unmet is the demand that no column meets.
func (p *Program) Unmet() (sum float64) {
	for i, c := range p.basis {
		if c < 0 && c%2 == unmet%2 && p.amount[i] > tiny {
			sum += p.amount[i]
		}
	}
	return sum
}
