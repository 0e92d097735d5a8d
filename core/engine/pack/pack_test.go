// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"math"
	"math/rand"
	"testing"

	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/resource"
)

// anyone lets every group onto every machine. Prices are by machine.
type anyone []float64

func (anyone) Join(pack.State, int) (pack.State, bool)   { return 1, true }
func (a anyone) Price(_ pack.State, machine int) float64 { return a[machine] }

// apart lets no two groups share a machine.
type apart []float64

func (apart) Join(at pack.State, group int) (pack.State, bool) {
	return pack.State(group + 1), at == 0 || at == pack.State(group+1)
}
func (a apart) Price(_ pack.State, machine int) float64 { return a[machine] }

func vector(cpu, memory int64) resource.Vector {
	return resource.Vector{cpu, memory}
}

func cost(loads []pack.Load, prices []float64) (sum float64, machines int) {
	for _, l := range loads {
		sum += float64(l.Times) * prices[l.Machine]
		machines += l.Times
	}
	return sum, machines
}

func TestCheapest(t *testing.T) {
	for _, c := range []struct {
		why      string
		rooms    []resource.Vector
		prices   []float64
		items    []pack.Item
		usd      float64
		machines int
	}{
		{"complementary shapes share a machine rather than leave half of it empty",
			[]resource.Vector{vector(10, 10)}, []float64{1},
			[]pack.Item{{vector(9, 1), 5}, {vector(1, 9), 5}}, 5, 5},
		{"shapes that lean one way go to machines that lean that way",
			[]resource.Vector{vector(10, 10), vector(10, 20)}, []float64{1, 1.5},
			[]pack.Item{{vector(5, 5), 4}, {vector(5, 10), 4}}, 5, 4},
		{"one large machine instead of several small ones that cost the same",
			[]resource.Vector{vector(10, 10), vector(40, 40)}, []float64{1, 4},
			[]pack.Item{{vector(5, 5), 8}}, 4, 1},
		{"small machines where the large one would be half empty",
			[]resource.Vector{vector(10, 10), vector(40, 40)}, []float64{1, 4},
			[]pack.Item{{vector(10, 10), 2}}, 2, 2},
		{"what asks for nothing that is scarce takes room all the same",
			[]resource.Vector{{10, 10, 3}}, []float64{1},
			[]pack.Item{{resource.Vector{10, 10, 1}, 1}, {resource.Vector{0, 0, 1}, 5}}, 2, 2},
	} {
		t.Run(c.why, func(t *testing.T) {
			loads, ok := pack.Cheapest(pack.Problem{
				Rooms: c.rooms, Groups: []pack.Group{{Items: c.items}}, Space: anyone(c.prices), Steps: 1_000_000,
			})
			usd, machines := cost(loads, c.prices)
			if !ok || usd != c.usd || machines != c.machines {
				t.Errorf("%v, $%v on %d machines, want $%v on %d: %+v", ok, usd, machines, c.usd, c.machines, loads)
			}
		})
	}
}

func TestGroupsFillUpEachOther(t *testing.T) {
	groups := []pack.Group{{Items: []pack.Item{{vector(6, 6), 1}}}, {Items: []pack.Item{{vector(4, 4), 1}}}}
	problem := pack.Problem{Rooms: []resource.Vector{vector(10, 10)}, Groups: groups, Steps: 100}
	for _, c := range []struct {
		why      string
		space    pack.Space
		machines int
	}{
		{"groups that may share do", anyone{1}, 1},
		{"groups that may not share get machines of their own", apart{1}, 2},
	} {
		t.Run(c.why, func(t *testing.T) {
			problem.Space = c.space
			loads, ok := pack.Cheapest(problem)
			if _, machines := cost(loads, []float64{1}); !ok || machines != c.machines {
				t.Errorf("%v, %d machines, want %d", ok, machines, c.machines)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	problem := func() pack.Problem {
		return pack.Problem{
			Rooms: []resource.Vector{vector(10, 10)}, Space: anyone{1}, Steps: 100,
			Groups: []pack.Group{{Items: []pack.Item{{vector(1, 1), 1}, {vector(7, 7), 3}}}},
		}
	}
	for _, c := range []struct {
		why    string
		change func(*pack.Problem)
	}{
		{"an item that fits nowhere", func(p *pack.Problem) { p.Groups[0].Items[1].Requests = vector(11, 1) }},
		{"a machine that cannot be had", func(p *pack.Problem) { p.Space = anyone{math.Inf(1)} }},
		{"a machine that is overfull when empty", func(p *pack.Problem) { p.Rooms[0] = vector(10, -1) }},
		{"too few steps", func(p *pack.Problem) { p.Steps = 1 }},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := problem()
			if _, ok := pack.Cheapest(p); !ok {
				t.Fatal("no answer before the change")
			}
			if c.change(&p); p.Steps > 1 || len(p.Groups[0].Items) > 1 {
				if _, ok := pack.Cheapest(p); ok {
					t.Error("an answer")
				}
			}
		})
	}
}

// TestNearTheBound: many small items cost little more than if they could be
// cut, also where their mix is just what one machine has: then a resource may be
// worth nothing at the margin and run out all the same.
func TestNearTheBound(t *testing.T) {
	for seed := range int64(40) {
		rnd := rand.New(rand.NewSource(seed))
		p := pack.Problem{Steps: 10_000_000, Groups: make([]pack.Group, 1)}
		var prices []float64
		for _, ratio := range []int64{2, 4, 8} {
			for size := int64(4); size <= 64; size *= 2 {
				p.Rooms = append(p.Rooms, vector(1000*size-100, 1024*ratio*size))
				prices = append(prices, 0.024*float64(size)+0.003*float64(ratio*size))
			}
		}
		for range 30 {
			cpu := int64(100 + rnd.Intn(1400))
			memory := cpu * int64(1024*(1+rnd.Intn(int(2+seed%4)))) / 1000
			p.Groups[0].Items = append(p.Groups[0].Items, pack.Item{Requests: vector(cpu, memory), Count: 20 + rnd.Intn(100)})
		}
		p.Space = anyone(prices)
		loads, ok := pack.Cheapest(p)
		usd, _ := cost(loads, prices)
		if bound := boundOf(p, prices); !ok || usd > bound*1.04 {
			t.Errorf("seed %d: $%v, bound $%v, %v", seed, usd, bound, usd/bound)
		}
	}
}

// TestProperties: everything is packed once, no machine is overfull, nothing is
// cheaper than the bound, and equal input gives equal output.
func TestProperties(t *testing.T) {
	for seed := range int64(200) {
		p, prices := random(seed)
		loads, ok := pack.Cheapest(p)
		if !ok {
			t.Fatalf("seed %d: no answer", seed)
		}
		checkLoads(t, seed, p, loads)
		usd, _ := cost(loads, prices)
		if bound := boundOf(p, prices); usd < bound*(1-1e-9) {
			t.Errorf("seed %d: $%v is below the bound $%v", seed, usd, bound)
		}
		again, _ := pack.Cheapest(p)
		if usdAgain, _ := cost(again, prices); usdAgain != usd || len(again) != len(loads) {
			t.Errorf("seed %d: a second run differs", seed)
		}
	}
}

func random(seed int64) (pack.Problem, []float64) {
	rnd := rand.New(rand.NewSource(seed))
	var p pack.Problem
	var prices []float64
	for range 1 + rnd.Intn(6) {
		cpu, memory := int64(20+rnd.Intn(200)), int64(20+rnd.Intn(400))
		p.Rooms = append(p.Rooms, vector(cpu, memory))
		prices = append(prices, float64(cpu)*0.02+float64(memory)*0.005+rnd.Float64())
	}
	for range 1 + rnd.Intn(3) {
		var g pack.Group
		for range 1 + rnd.Intn(5) {
			g.Items = append(g.Items, pack.Item{Requests: vector(int64(rnd.Intn(20)), int64(1+rnd.Intn(20))), Count: 1 + rnd.Intn(30)})
		}
		p.Groups = append(p.Groups, g)
	}
	p.Steps = 10_000_000
	p.Space = anyone(prices)
	if seed%2 == 1 {
		p.Space = apart(prices)
	}
	return p, prices
}

func checkLoads(t *testing.T, seed int64, p pack.Problem, loads []pack.Load) {
	left := map[[2]int]int{}
	for g := range p.Groups {
		for i, it := range p.Groups[g].Items {
			left[[2]int{g, i}] = it.Count
		}
	}
	for _, l := range loads {
		var used resource.Vector
		groups := map[int]bool{}
		for _, part := range l.Parts {
			left[[2]int{part.Group, part.Item}] -= part.Count * l.Times
			groups[part.Group] = true
			for range part.Count {
				used = used.Add(p.Groups[part.Group].Items[part.Item].Requests)
			}
		}
		if !used.FitsIn(p.Rooms[l.Machine]) {
			t.Errorf("seed %d: %v in a room of %v", seed, used, p.Rooms[l.Machine])
		}
		if _, alone := p.Space.(apart); alone && len(groups) > 1 {
			t.Errorf("seed %d: groups share a machine", seed)
		}
	}
	for item, n := range left {
		if n != 0 {
			t.Errorf("seed %d: %d of item %v left", seed, n, item)
		}
	}
}

func boundOf(p pack.Problem, prices []float64) (sum float64) {
	demand := make([]float64, 2)
	for _, g := range p.Groups {
		for _, it := range g.Items {
			for k := range demand {
				demand[k] += float64(it.Requests.Get(resource.ID(k))) * float64(it.Count)
			}
		}
	}
	rooms := make([][]int64, len(p.Rooms))
	for i, r := range p.Rooms {
		rooms[i] = r
	}
	for k, worth := range pack.Prices(demand, rooms, prices) {
		sum += worth * demand[k]
	}
	return sum
}
