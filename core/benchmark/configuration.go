// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"cmp"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/simplex"
)

// Effort of [ConfigurationBound]: it gives up with the bound it has by then.
const (
	boundRounds = 300
	boundLooks  = 30_000_000 // at a shape on a machine, in all
	boundPivots = 2_000      // of one linear program
	boundShapes = 256        // more shapes get the bound in fractions
	boundGap    = 2e-5       // between what is known to be needed and to do
	// Looks for one machine in a round, in the first and at most.
	shallow, deep = 1_000, 64_000
	// smoothing is the weight of the best prices so far in those that are tried
	// next, as long as that finds patterns.
	smoothing = 0.5
)

// ConfigurationBound is a lower bound on the cost per hour of any set of nodes
// that holds the pods: the linear relaxation in which nodes may be bought in
// fractions, but what is on a node is whole pods. Where pods are large compared
// with nodes it says much more than [Bound]. It considers CPU, memory and the
// number of pods.
//
// Patterns, ways to fill a node, are generated as they are needed. The bound
// rests on none of that: prices of pods at which no node can hold more than r
// times what it costs value the pods at no more than r times the cost of any
// nodes that hold them (Farley's bound). What a node can hold at most is searched
// for with bounds of its own, so it holds too where a search is cut short.
func ConfigurationBound(pods []*corev1.Pod, types []*cloudprovider.InstanceType) float64 {
	fractions, shapes := Bound(pods, types), shapesOf(pods)
	if len(shapes) > boundShapes {
		return fractions
	}
	g := newGeneration(shapes, machinesOf(types))
	for range boundRounds {
		if !g.round() {
			break
		}
	}
	g.finish()
	return max(g.bound, fractions)
}

// generation is column generation for one set of shapes and machines.
type generation struct {
	shapes   []shape
	machines []machine
	program  *simplex.Program
	bound    float64
	looks    int
	depth    int       // looks for one machine
	center   []float64 // by shape: the prices that gave the bound
	smooth   float64   // the weight of the center in the prices that are tried
}

func newGeneration(shapes []shape, machines []machine) *generation {
	g := &generation{shapes: shapes, machines: machines, looks: boundLooks, smooth: 1, depth: shallow}
	rows, dearest := make([]simplex.Row, len(shapes)), 0.0
	for i, sh := range shapes {
		rows[i].Demand = sh.count
	}
	for _, m := range machines {
		dearest = max(dearest, m.price)
	}
	g.program = simplex.New(rows, 10*dearest)
	for i := range shapes {
		g.alone(i)
	}
	g.center = g.linear()
	return g
}

// alone adds the pattern that holds a shape alone at the lowest cost.
func (g *generation) alone(i int) {
	best, unit, copies := 0.0, math.Inf(1), 0.0
	for _, m := range g.machines {
		n := g.shapes[i].copies(m.room)
		if n > 0 && m.price/n < unit {
			best, unit, copies = m.price, m.price/n, n
		}
	}
	if copies > 0 {
		g.program.Add(best, []simplex.Entry{{Row: i, Amount: copies}})
	}
}

// linear prices pods by what they ask for, as [Bound] does.
func (g *generation) linear() []float64 {
	var total amount
	for _, sh := range g.shapes {
		for k, x := range sh.amount {
			total[k] += x * sh.count
		}
	}
	rows := []simplex.Row{{Demand: total[0]}, {Demand: total[1]}, {Demand: total[2]}}
	p := simplex.New(rows, 1e6)
	for _, m := range g.machines {
		p.Add(m.price, []simplex.Entry{{Row: 0, Amount: m.room[0]}, {Row: 1, Amount: m.room[1]}, {Row: 2, Amount: m.room[2]}})
	}
	p.Solve(boundPivots)
	out := make([]float64, len(g.shapes))
	for i, sh := range g.shapes {
		out[i] = max(0, sh.worth(amount(p.Duals())))
	}
	return out
}

// round adds patterns and raises the bound; false if it can do neither any more.
func (g *generation) round() bool {
	g.program.Solve(boundPivots)
	prices, worth := g.prices()
	if g.looks <= 0 || g.smooth < 1 && worth-g.bound <= boundGap*worth {
		return false
	}
	found := g.search(prices)
	switch {
	case g.smooth == 1: // the first time
		g.smooth = smoothing
	case found:
	case g.smooth > 0:
		g.smooth = 0
	case g.depth < deep:
		g.depth *= 8
	default:
		return false
	}
	return true
}

// prices are those to try next; worth is what the program says that all pods
// cost.
func (g *generation) prices() (prices []float64, worth float64) {
	for i, y := range g.program.Duals() {
		worth += y * g.shapes[i].count
		prices = append(prices, max(0, g.smooth*g.center[i]+(1-g.smooth)*y))
	}
	return prices, worth
}

// search looks for patterns that are worth more than they cost. It reports
// whether it found one that the program has a use for.
func (g *generation) search(prices []float64) (found bool) {
	ratio := 0.0
	for _, m := range g.machines {
		f := newFilling(g.shapes, prices, m, g.depth)
		f.run()
		g.looks -= g.depth - f.looks
		ratio = max(ratio, f.most/m.price)
		if entries := f.pattern(); len(entries) > 0 && g.program.Reduced(m.price, entries) < -1e-7*m.price {
			g.program.Add(m.price, entries)
			found = true
		}
	}
	g.raise(prices, ratio)
	return found
}

// finish raises the bound by a more thorough look at the last prices, at those
// machines that are in the way.
func (g *generation) finish() {
	g.smooth = 0
	prices, worth := g.prices()
	fillings := make([]*filling, len(g.machines))
	for i, m := range g.machines {
		fillings[i] = newFilling(g.shapes, prices, m, deep)
		fillings[i].run()
	}
	for range g.machines {
		worst := slices.MaxFunc(fillings, func(a, b *filling) int { return cmp.Compare(a.most/a.floor, b.most/b.floor) })
		most := worst.most
		if worst.most = min(most, worst.atMost()); worst.most == most || worst.most/worst.floor*g.bound >= worth {
			break
		}
	}
	ratio := 0.0
	for _, f := range fillings {
		ratio = max(ratio, f.most/f.floor)
	}
	g.raise(prices, ratio)
}

// raise raises the bound to what prices prove at which no machine holds more than
// ratio times what it costs.
func (g *generation) raise(prices []float64, ratio float64) {
	worth := 0.0
	for i, sh := range g.shapes {
		worth += prices[i] * sh.count
	}
	if worth > g.bound*ratio {
		g.bound, g.center = worth/ratio, prices
	}
}
