// SPDX-License-Identifier: Apache-2.0

package simplex_test

import (
	"math"
	"math/rand"
	"testing"

	"karpenter.sh/core/engine/simplex"
)

const penalty, enough = 1e4, 10_000

// buys is a column: its cost and what it gives to each row.
type buys struct {
	cost float64
	of   []float64
}

func (b buys) entries() (out []simplex.Entry) {
	for row, n := range b.of {
		if n != 0 {
			out = append(out, simplex.Entry{Row: row, Amount: n})
		}
	}
	return out
}

func demand(amounts ...float64) (out []simplex.Row) {
	for _, n := range amounts {
		out = append(out, simplex.Row{Demand: n})
	}
	return out
}

func solve(rows []simplex.Row, columns []buys) (p *simplex.Program, optimal bool, cost float64) {
	p = simplex.New(rows, penalty)
	for _, c := range columns {
		p.Add(c.cost, c.entries())
	}
	optimal = p.Solve(enough)
	for i, c := range columns {
		cost += c.cost * p.Amount(i)
	}
	return p, optimal, cost
}

func TestSolve(t *testing.T) {
	for _, c := range []struct {
		why     string
		rows    []simplex.Row
		columns []buys
		cost    float64
		unmet   float64
	}{
		{"nothing is demanded", demand(0, 0), []buys{{1, []float64{1, 1}}}, 0, 0},
		{"the cheaper of two", demand(6), []buys{{3, []float64{2}}, {4, []float64{3}}}, 8, 0},
		{"one column for both rows where that is cheaper", demand(2, 2), []buys{{3, []float64{1, 0}}, {3, []float64{0, 1}}, {5, []float64{1, 1}}}, 10, 0},
		{"more than is demanded where that is cheaper", demand(1, 4), []buys{{3, []float64{1, 0}}, {3, []float64{0, 1}}, {2, []float64{1, 1}}}, 8, 0},
		{"just what is demanded where it must be", []simplex.Row{{Demand: 1, Exact: true}, {Demand: 4}},
			[]buys{{3, []float64{1, 0}}, {3, []float64{0, 1}}, {2, []float64{1, 1}}}, 11, 0},
		{"what no column holds is unmet", demand(1, 2), []buys{{3, []float64{1, 0}}}, 3, 2},
		{"an exact row that cannot be met to the point", []simplex.Row{{Demand: 1, Exact: true}, {Demand: 4, Exact: true}},
			[]buys{{1, []float64{1, 1}}}, 1, 3},
		{"no column at all", demand(1), nil, 0, 1},
		{"equal columns", demand(1, 1), []buys{{1, []float64{1, 1}}, {1, []float64{1, 1}}, {1, []float64{1, 1}}}, 1, 0},
		{"a column that costs nothing", demand(3), []buys{{1, []float64{1}}, {0, []float64{1}}}, 0, 0},
	} {
		t.Run(c.why, func(t *testing.T) {
			p, optimal, cost := solve(c.rows, c.columns)
			if !optimal || math.Abs(cost-c.cost) > 1e-6 || math.Abs(p.Unmet()-c.unmet) > 1e-6 {
				t.Errorf("optimal %v, cost %v, unmet %v; want %v, %v", optimal, cost, p.Unmet(), c.cost, c.unmet)
			}
		})
	}
}

// TestDegenerate: many rows run out at once in every step. The example goes round
// in circles if the column that saves most is taken each time (Beale).
func TestDegenerate(t *testing.T) {
	rows := []simplex.Row{{Demand: 0, Exact: true}, {Demand: 0, Exact: true}, {Demand: 1, Exact: true}}
	p, optimal, cost := solve(rows, []buys{
		{0, []float64{1, 0, 0}}, {0, []float64{0, 1, 0}}, {0, []float64{0, 0, 1}},
		{-0.75, []float64{0.25, 0.5, 0}}, {20, []float64{-8, -12, 0}}, {-0.5, []float64{-1, -0.5, 1}}, {6, []float64{9, 3, 0}},
	})
	if !optimal || math.Abs(cost+1.25) > 1e-6 || p.Unmet() != 0 {
		t.Errorf("optimal %v, cost %v, want -1.25", optimal, cost)
	}
	n := 12
	var columns []buys
	for i := range n {
		for j := range i {
			of := make([]float64, n)
			of[i], of[j] = 1, 1
			columns = append(columns, buys{1, of})
		}
	}
	same := make([]float64, n)
	for i := range same {
		same[i] = 1
	}
	if _, optimal, cost := solve(demand(same...), columns); !optimal || math.Abs(cost-float64(n)/2) > 1e-6 {
		t.Errorf("pairs of %d: optimal %v, cost %v", n, optimal, cost)
	}
}

func TestUnbounded(t *testing.T) {
	if _, optimal, _ := solve(demand(1), []buys{{-1, []float64{1}}}); optimal {
		t.Error("an optimum, where more of a column is always better")
	}
}

// TestOptimal: in programs of all kinds the amounts meet the demand, no column
// would save anything, and cost and worth are the same: together that proves the
// optimum. A program that gets its columns bit by bit ends at the same cost.
func TestOptimal(t *testing.T) {
	for seed := range int64(300) {
		rnd := rand.New(rand.NewSource(seed))
		rows := make([]simplex.Row, 1+rnd.Intn(12))
		for i := range rows {
			rows[i] = simplex.Row{Demand: float64(rnd.Intn(20)), Exact: rnd.Intn(4) == 0}
		}
		var columns []buys
		for i := range rows { // whatever is exact can be met
			of := make([]float64, len(rows))
			of[i] = 1
			columns = append(columns, buys{1 + 10*rnd.Float64(), of})
		}
		for range rnd.Intn(40) {
			of := make([]float64, len(rows))
			for range 1 + rnd.Intn(4) {
				of[rnd.Intn(len(rows))] = float64(1 + rnd.Intn(5))
			}
			columns = append(columns, buys{float64(1 + rnd.Intn(10)), of})
		}
		p, optimal, cost := solve(rows, columns)
		if !optimal {
			t.Fatalf("seed %d: no optimum", seed)
		}
		checkOptimum(t, seed, p, rows, columns)

		q := simplex.New(rows, penalty)
		bit, total := len(rows), 0.0
		for i, c := range columns {
			if q.Add(c.cost, c.entries()); i%bit == 0 {
				q.Solve(enough)
			}
		}
		q.Solve(enough)
		for i, c := range columns {
			total += c.cost * q.Amount(i)
		}
		if math.Abs(total-cost) > 1e-6*(1+cost) {
			t.Errorf("seed %d: cost %v, bit by bit %v", seed, cost, total)
		}
	}
}

func checkOptimum(t *testing.T, seed int64, p *simplex.Program, rows []simplex.Row, columns []buys) {
	t.Helper()
	cost, worth, sums := 0.0, 0.0, make([]float64, len(rows))
	for i, c := range columns {
		cost += c.cost * p.Amount(i)
		for row, n := range c.of {
			sums[row] += n * p.Amount(i)
		}
		if d := p.Reduced(c.cost, c.entries()); d < -1e-6 {
			t.Errorf("seed %d: column %d would save %v", seed, i, -d)
		}
	}
	for i, r := range rows {
		worth += r.Demand * p.Duals()[i]
		if sums[i] < r.Demand-1e-6 || r.Exact && sums[i] > r.Demand+1e-6 {
			t.Errorf("seed %d: row %d of %v gets %v", seed, i, r, sums[i])
		}
		if !r.Exact && p.Duals()[i] < -1e-6 {
			t.Errorf("seed %d: more of row %d would be cheaper", seed, i)
		}
	}
	if math.Abs(worth-cost) > 1e-6*(1+cost) {
		t.Errorf("seed %d: cost %v, worth %v", seed, cost, worth)
	}
}
