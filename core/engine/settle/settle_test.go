// SPDX-License-Identifier: Apache-2.0

package settle_test

import (
	"fmt"
	"slices"
	"testing"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/settle"
	"karpenter.sh/core/engine/topology"
)

// world is an empty cluster with one pool, whose machines have 4 GiB of memory for
// each CPU and cost 1 for each.
type world struct {
	t        *testing.T
	v        *constraint.Vocabulary
	snapshot *model.Snapshot
	pods     []model.Pod
	left     float64
	change   func(*place.Bin) // of what is planned
}

func newWorld(t *testing.T, cpus ...int64) *world {
	w := &world{t: t, v: constraint.NewVocabulary(), snapshot: &model.Snapshot{}}
	var types []model.Type
	for _, cpu := range cpus {
		types = append(types, w.machine(fmt.Sprintf("%03d-cpu", cpu), cpu, 4*cpu, float64(cpu), nil))
	}
	w.sell(types)
	return w
}

func (w *world) machine(name string, cpu, memory int64, price float64, reservation *model.Reservation) model.Type {
	return model.Type{
		Name: name, Capacity: vector(cpu, memory),
		Requirements: w.v.Compile(requirement.All(requirement.In(label.InstanceType, name), requirement.In(label.Zone, "a"))),
		Groups: []model.Group{{Allocatable: vector(cpu, memory), Offerings: []model.Offering{
			{Price: price, Available: true, Reservation: reservation, Requirements: w.v.Compile(requirement.All(requirement.In(label.Zone, "a")))},
		}}},
	}
}

func (w *world) sell(types []model.Type, limits ...model.Limit) {
	var open bitset.Set
	for _, key := range []string{label.Zone, label.InstanceType} {
		open = open.Add(int(w.v.Key(key)))
	}
	template := model.NewTemplate(w.v, model.TemplateOptions{Pool: "p", Catalogue: model.NewCatalogue(w.v, types), Open: open})
	w.snapshot.Vocabulary, w.snapshot.Names = w.v, resource.NewNames()
	w.snapshot.Pools = []model.Pool{{Template: template, Remaining: limits}}
}

func vector(cpu, memory int64) resource.Vector {
	return resource.Vector{}.Set(resource.CPU, cpu).Set(resource.Memory, memory).Set(resource.Pods, 100)
}

func shape(cpu, memory int64) *model.Class {
	return &model.Class{
		Requests: resource.Vector{}.Set(resource.CPU, cpu).Set(resource.Memory, memory).Set(resource.Pods, 1),
		Attempts: []model.Attempt{{}},
	}
}

func (w *world) add(n int, c *model.Class) {
	for range n {
		name := fmt.Sprintf("pod-%04d", len(w.pods))
		w.pods = append(w.pods, model.Pod{Namespace: "default", Name: name, UID: name, Class: c})
	}
}

// rule adds a group and has a class obey it.
func (w *world) rule(c *model.Class, g topology.Group) {
	i := int32(len(w.snapshot.Groups))
	w.snapshot.Groups = append(w.snapshot.Groups, &g)
	c.Attempts[0].Rules, c.Attempts[0].Required, c.Topology.Counted = []int32{i}, 1, []int32{i}
}

// leaving are the settled bins, as their price and number of pods.
func (w *world) leaving() (out []string) {
	plan := place.Solve(place.Input{Snapshot: w.snapshot, Pods: w.pods, Repack: place.RepackSteps})
	for _, u := range plan.Unplaced {
		w.t.Fatalf("%s has no place: %s", w.pods[u.Pod], u.Why)
	}
	for i := range plan.Bins {
		if w.change != nil {
			w.change(&plan.Bins[i])
		}
	}
	for _, i := range settle.Bins(settle.Input{Snapshot: w.snapshot, Pods: w.pods, Plan: &plan, Left: w.left}) {
		out = append(out, fmt.Sprintf("%v for %d", plan.Bins[i].Price, len(plan.Bins[i].Pods)))
	}
	slices.Sort(out)
	return out
}

// SCH-018: what leaves ahead of pods that are still to come.
func TestBins(t *testing.T) {
	zone := func(w *world) constraint.Key { return w.v.Key(label.Zone) }
	for _, tc := range []struct {
		why   string
		types []int64
		build func(*world)
		want  []string
	}{
		{"a full machine of the largest type leaves, what is over stays", []int64{8, 16, 32},
			func(w *world) { w.add(40, shape(1, 4)) }, []string{"32 for 32"}},
		{"one that holds many pods leaves, though there are larger types", []int64{1, 2, 4, 8, 16, 64},
			func(w *world) { w.add(17, shape(1, 4)) }, []string{"16 for 16"}},
		{"few pods wait, full as their machine is", []int64{1, 2, 4, 8, 16, 64},
			func(w *world) { w.add(15, shape(1, 4)) }, nil},
		{"a few that fill the largest type do not", []int64{1, 2, 4, 8, 16},
			func(w *world) { w.add(2, shape(8, 32)) }, []string{"16 for 2"}},
		{"many pods wait while more than that has left", []int64{1, 2, 4, 8, 16, 64},
			func(w *world) { w.add(17, shape(1, 4)); w.left = 17 }, nil},
		{"a machine that is not full waits", []int64{32},
			func(w *world) { w.add(31, shape(1, 4)) }, nil},
		{"one that has room for a shape at hand waits", []int64{64},
			func(w *world) { w.add(63, shape(1, 4)); w.add(1, shape(0, 1)) }, nil},
		{"one with much memory left waits for pods that need it", []int64{32},
			func(w *world) { w.add(32, shape(1, 2)) }, nil},
		{"what hardly anybody could use is no reason to wait", []int64{32},
			func(w *world) { w.add(31, shape(1, 4)); w.add(1, shape(1, 3)) }, []string{"32 for 32"}},
		{"pods of one shape that no machine suits leave all the same", []int64{32},
			func(w *world) { w.add(10, shape(3, 12)) }, []string{"32 for 10"}},
		{"a machine whose minValues were relaxed waits", []int64{32}, func(w *world) {
			w.add(32, shape(1, 4))
			w.change = func(b *place.Bin) { b.Relaxed = true }
		}, nil},
		{"pods whose volumes are somewhere wait", []int64{32}, func(w *world) {
			c := shape(1, 4)
			c.Volumes = []constraint.Sets{{}}
			w.add(32, c)
		}, nil},
		{"pods that spread over zones wait", []int64{32}, func(w *world) {
			c := shape(1, 4)
			w.rule(c, topology.Group{Kind: topology.Spread, Key: zone(w), MaxSkew: 1})
			w.add(32, c)
		}, nil},
		{"pods that must be on one node wait", []int64{32}, func(w *world) {
			c := shape(1, 4)
			w.rule(c, topology.Group{Kind: topology.Affinity, Hostname: true})
			w.add(32, c)
		}, nil},
		{"pods that must be on nodes of their own leave if they fill them", []int64{32}, func(w *world) {
			c := shape(32, 128)
			w.rule(c, topology.Group{Kind: topology.AntiAffinity, Hostname: true})
			w.add(2, c)
		}, []string{"32 for 1", "32 for 1"}},
		{"pods with volumes wait", []int64{32}, func(w *world) {
			w.add(32, shape(1, 4))
			w.pods[7].Attachments = []attach.Attachment{{}}
		}, nil},
		{"limits that the plan takes more than half of are shared out at the end", []int64{32}, func(w *world) {
			w.sell([]model.Type{w.machine("m", 32, 128, 32, nil)}, model.Limit{Resource: resource.CPU, Amount: 63})
			w.add(32, shape(1, 4))
		}, nil},
		{"limits with more than that left are not in the way", []int64{32}, func(w *world) {
			w.sell([]model.Type{w.machine("m", 32, 128, 32, nil)}, model.Limit{Resource: resource.CPU, Amount: 64})
			w.add(32, shape(1, 4))
		}, []string{"32 for 32"}},
		{"so is reserved capacity", []int64{32}, func(w *world) {
			w.sell([]model.Type{
				w.machine("m", 32, 128, 32, nil), w.machine("r", 16, 64, 1, &model.Reservation{ID: constraint.Label{Key: zone(w)}, Capacity: 1}),
			})
			w.add(32, shape(1, 4))
		}, nil},
		{"a machine that costs more for each pod than others waits", []int64{64}, func(w *world) {
			w.sell([]model.Type{w.machine("dear", 32, 128, 33, nil), w.machine("cheap", 64, 256, 64, nil)})
			w.add(32, shape(1, 4))
		}, nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t, tc.types...)
			tc.build(w)
			if got := w.leaving(); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
