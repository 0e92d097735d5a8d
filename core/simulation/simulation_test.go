// SPDX-License-Identifier: Apache-2.0

package simulation_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/simulation"
	"karpenter.sh/core/simulation/policy"
	"karpenter.sh/core/simulation/trace"
)

// options are a replay with quiet defaults: on demand, one pool whose nodes may be
// consolidated after a minute.
func options(t *trace.Trace, p simulation.Policy) simulation.Options {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "default", ResourceVersion: "1"}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "Class", Name: "default"}
	np.Spec.Disruption = v1.Disruption{ConsolidateAfter: v1.NillableDurationOf(time.Minute), Budgets: []v1.Budget{{Nodes: "10%"}}}
	return simulation.Options{
		Trace: t, Pool: np, Types: benchmark.FakeCloud(), Policy: p, Seed: 1, Times: simulation.DefaultTimes(),
	}
}

// onSpot sells nothing but spot capacity of n types.
func onSpot(o simulation.Options, n int, reclaims float64) simulation.Options {
	o.Types, o.Reclaims = nil, reclaims
	for _, it := range benchmark.InstanceTypes(n) {
		o.Types = append(o.Types, it.WithOfferings(func(f *cloudprovider.Offering) *cloudprovider.Offering {
			if f.CapacityType() == v1.CapacityTypeSpot {
				return f
			}
			return f.Unavailable()
		}))
	}
	return o
}

// hours cuts a trace short.
func hours(n int, t *trace.Trace) *trace.Trace {
	t.Length = time.Duration(n) * time.Hour
	t.Changes = slices.DeleteFunc(t.Changes, func(c trace.Change) bool { return c.At >= t.Length })
	return t
}

func run(t *testing.T, o simulation.Options) *simulation.Report {
	t.Helper()
	report, err := simulation.Run(o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSameSeedSameReport(t *testing.T) {
	for _, p := range policy.All() {
		o := onSpot(options(hours(4, trace.Services(3, 40)), p), 24, 1.0/3)
		first := run(t, o)
		if again := run(t, o); !reflect.DeepEqual(again, first) {
			t.Errorf("%s: %+v, and again %+v", p.Name(), first, again)
		}
		o.Seed++
		if other := run(t, o); reflect.DeepEqual(other.Spans, first.Spans) {
			t.Errorf("%s: another seed gives the same machines", p.Name())
		}
	}
}

// The bill is that of the machines, however it was added up, and the hours make up
// the whole.
func TestTheBillIsThatOfTheMachines(t *testing.T) {
	for _, p := range policy.All() {
		r := run(t, onSpot(options(hours(4, trace.Services(5, 40)), p), 24, 1.0/3))
		spans, hours, bound := 0.0, 0.0, 0.0
		for _, s := range r.Spans {
			spans += s.Price * (s.To - s.From).Hours()
		}
		for _, h := range r.Series {
			hours, bound = hours+h.Cost, bound+h.Bound
		}
		if math.Abs(spans-r.Cost) > 1e-6*r.Cost || math.Abs(hours-r.Cost) > 1e-6*r.Cost || r.Cost == 0 {
			t.Errorf("%s: cost %f, but machines %f and hours %f", p.Name(), r.Cost, spans, hours)
		}
		if len(r.Spans) != r.Launched || r.Launched-r.Removed != r.Series[len(r.Series)-1].Nodes {
			t.Errorf("%s: %d machines, %d launched, %d removed, %d in the end", p.Name(), len(r.Spans), r.Launched, r.Removed, r.Series[len(r.Series)-1].Nodes)
		}
		if math.Abs(bound-r.Bound) > 1e-6*r.Bound || r.Cost < r.Bound {
			t.Errorf("%s: cost %f is below the bound %f, of which the hours have %f", p.Name(), r.Cost, r.Bound, bound)
		}
	}
}

// A workload that does not change leaves nothing to do after a while, and costs
// nothing then.
func TestAFixedWorkloadComesToRest(t *testing.T) {
	for _, p := range policy.All() {
		r := run(t, options(trace.Fixed(1, 200), p))
		for i, h := range r.Series {
			if i >= 3 && (h.Evictions > 0 || h.WaitingPodMinutes > 0 || h.Nodes != r.Series[3].Nodes) {
				t.Errorf("%s: in hour %d still %+v", p.Name(), i, h)
			}
		}
		if r.Passes > 300 || r.Waiting > 0 {
			t.Errorf("%s: asked %d times, %d pods wait", p.Name(), r.Passes, r.Waiting)
		}
	}
}

// A workload that does not change leads to a finite number of moves and then none,
// also where machines cost the same, are spot and on-demand, the scheduler binds pods
// elsewhere than planned, and the budget lets all go at once.
func TestConsolidationComesToRest(t *testing.T) {
	worlds := map[string]func(*simulation.Options){
		"spot and on-demand": func(o *simulation.Options) { o.Types = benchmark.InstanceTypes(32) },
		"equal prices": func(o *simulation.Options) {
			o.Types = nil
			for _, it := range benchmark.InstanceTypes(32) {
				o.Types = append(o.Types, it.WithOfferings(func(f *cloudprovider.Offering) *cloudprovider.Offering {
					priced := *f
					priced.Price = 0.05 * float64(it.Capacity.Cpu().Value())
					return &priced
				}))
			}
		},
		"spot only": func(o *simulation.Options) { *o = onSpot(*o, 40, 0) },
	}
	for name, change := range worlds {
		for seed := range uint64(3) {
			for _, packed := range []bool{false, true} {
				o := options(hours(10, trace.Fixed(seed, 150)), policy.NewConsolidation())
				change(&o)
				o.Seed, o.MostAllocated = seed, packed
				o.Pool.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "100%"}}
				r := run(t, o)
				for i, h := range r.Series {
					if i >= 5 && (h.Evictions > 0 || h.Nodes != r.Series[5].Nodes) {
						t.Errorf("%s, seed %d, packed %v: in hour %d still %+v", name, seed, packed, i, h)
					}
				}
			}
		}
	}
}

// Whoever loses a machine gets another.
func TestReclaimsKeepPodsRunning(t *testing.T) {
	for _, p := range policy.All() {
		r := run(t, onSpot(options(hours(6, trace.Fixed(1, 100)), p), 24, 1))
		if r.Reclaims < 10 || r.ReclaimEvictions < 50 {
			t.Errorf("%s: %d reclaims that cost %d pods prove little", p.Name(), r.Reclaims, r.ReclaimEvictions)
		}
		if r.LongestWait > 5 {
			t.Errorf("%s: a pod waited for %.1f minutes", p.Name(), r.LongestWait)
		}
	}
}

// one is a trace of a number of pods that are all there from the start.
func one(shape trace.Shape, pods int) *trace.Trace {
	t := &trace.Trace{Length: 2 * time.Hour, Slots: pods}
	for slot := range pods {
		t.Changes = append(t.Changes, trace.Change{Slot: slot, Shape: &shape})
	}
	return t
}

func TestPodsGoWhereTheyMay(t *testing.T) {
	small := trace.Shape{App: "a", CPU: 100, Memory: 1 << 27}
	for _, tc := range []struct {
		why    string
		change func(*trace.Shape)
		pods   int
		nodes  int
	}{
		{"small pods share a node", func(*trace.Shape) {}, 6, 1},
		{"three zones hold two each", func(s *trace.Shape) { s.ZoneSkew = 1 }, 6, 3},
		{"a skew of two lets a zone be ahead", func(s *trace.Shape) { s.ZoneSkew = 2 }, 2, 1},
		{"apart is one for each node", func(s *trace.Shape) { s.Apart = true }, 4, 4},
		{"all are in the one zone that they ask for", func(s *trace.Shape) { s.Zone, s.ZoneSkew = "zone-2", 1 }, 3, 1},
		{"what is too large runs nowhere", func(s *trace.Shape) { s.CPU = 1 << 30 }, 1, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			shape := small
			tc.change(&shape)
			r := run(t, options(one(shape, tc.pods), policy.None{}))
			if r.Launched != tc.nodes || (r.Waiting > 0) != (tc.nodes == 0) {
				t.Errorf("%d nodes, want %d; %d of %d pods wait", r.Launched, tc.nodes, r.Waiting, tc.pods)
			}
		})
	}
}

// shrinking is eight hours of which the second half needs half of the pods: each
// node loses one of two.
func shrinking() *trace.Trace {
	t := one(trace.Shape{App: "a", CPU: 900, Memory: 1 << 30}, 60)
	t.Length = 8 * time.Hour
	for slot := t.Slots / 2; slot < t.Slots; slot++ {
		t.Changes = append(t.Changes, trace.Change{At: 4 * time.Hour, Slot: slot})
	}
	return t
}

// small has a machine hold two of the pods of shrinking.
func small(o simulation.Options) simulation.Options {
	o.Types = o.Types[3:6] // of two CPUs
	o.Pool.Spec.Disruption.Budgets = nil
	return o
}

func TestWhatMayBeGivenUpIsUpToThePool(t *testing.T) {
	for _, tc := range []struct {
		why    string
		policy simulation.Policy
		change func(*simulation.Options)
		moves  bool
	}{
		{"pods move together", policy.Practice{}, func(*simulation.Options) {}, true},
		{"nobody moves them without a policy", policy.None{}, func(*simulation.Options) {}, false},
		{"nodes that are not empty stay", policy.Emptiness{}, func(*simulation.Options) {}, false},
		{"the pool turns consolidation off", policy.Practice{}, func(o *simulation.Options) { o.Pool.Spec.Disruption.ConsolidateAfter = "Never" }, false},
		{"the nodes are not quiet for long enough", policy.Practice{}, func(o *simulation.Options) { o.Pool.Spec.Disruption.ConsolidateAfter = "24h" }, false},
		{"the budget of the pool is nothing", policy.Practice{}, func(o *simulation.Options) { o.Pool.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "0"}} }, false},
		{"no pod may be missing", policy.Practice{}, func(o *simulation.Options) { o.Trace.MaxUnavailable = map[string]int{"a": 0} }, false},
		{"one pod at a time may be missing", policy.Practice{}, func(o *simulation.Options) { o.Trace.MaxUnavailable = map[string]int{"a": 1} }, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			o := small(options(shrinking(), tc.policy))
			tc.change(&o)
			r := run(t, o)
			if (r.Evictions > 0) != tc.moves || (r.Commands > 0) != tc.moves || r.Waiting > 0 {
				t.Errorf("%d commands, %d evictions, %d pods wait", r.Commands, r.Evictions, r.Waiting)
			}
			if tc.moves && r.Cost > 0.9*run(t, small(options(shrinking(), policy.Emptiness{}))).Cost {
				t.Errorf("the bill of %f is no less", r.Cost)
			}
		})
	}
}

// leftAlone is eight hours of which the second half needs one pod of twenty.
func leftAlone() *trace.Trace {
	t := one(trace.Shape{App: "a", CPU: 900, Memory: 1 << 30}, 20)
	t.Length = 8 * time.Hour
	for slot := 1; slot < t.Slots; slot++ {
		t.Changes = append(t.Changes, trace.Change{At: 4 * time.Hour, Slot: slot})
	}
	return t
}

// DIS-085: a spot node is replaced by another only if there are many cheaper types
// to choose from. What replaces a node is there before its pods are evicted.
func TestSpotIsReplacedWhereThereIsChoice(t *testing.T) {
	for types, replaced := range map[int]bool{12: false, 60: true} {
		before := run(t, onSpot(options(leftAlone(), policy.Emptiness{}), types, 0))
		r := run(t, onSpot(options(leftAlone(), policy.Practice{}), types, 0))
		if (r.Launched > before.Launched) != replaced {
			t.Errorf("of %d types %d nodes were launched, %d without consolidation", types, r.Launched, before.Launched)
		}
		for _, h := range r.Series[4:] {
			if h.WaitingPodMinutes > 0.1 {
				t.Errorf("of %d types: pods waited for %f minutes", types, h.WaitingPodMinutes)
			}
		}
	}
}

// The scheduler keeps rules about pods of an application, however much room a node
// has: there is one with room for all in zone-1, and a full one in each other zone.
func TestTheSchedulerKeepsTheRules(t *testing.T) {
	for _, tc := range []struct {
		why      string
		shape    trace.Shape
		launched int
	}{
		{"no rule", trace.Shape{}, 3},
		{"a skew of one sends pods to each zone", trace.Shape{ZoneSkew: 1}, 5},
		{"pods that keep apart get a node each", trace.Shape{Apart: true}, 5},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := &trace.Trace{Length: 2 * time.Hour}
			add := func(at time.Duration, s trace.Shape) {
				w.Changes = append(w.Changes, trace.Change{At: at, Slot: w.Slots, Shape: &s})
				w.Slots++
			}
			for i, cpu := range []int64{3000, 900, 900} {
				zone := fmt.Sprintf("zone-%d", i+1)
				add(0, trace.Shape{App: zone, Zone: zone, CPU: cpu, Memory: 1 << 27})
			}
			tc.shape.App, tc.shape.CPU, tc.shape.Memory = "a", 200, 1<<27
			for range 3 {
				add(time.Hour, tc.shape)
			}
			if r := run(t, options(w, policy.None{})); r.Launched != tc.launched || r.Waiting > 0 {
				t.Errorf("%d nodes, want %d; %d pods wait", r.Launched, tc.launched, r.Waiting)
			}
		})
	}
}
