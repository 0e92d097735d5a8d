// SPDX-License-Identifier: Apache-2.0

package placetest_test

import (
	"strings"
	"testing"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/place/placetest"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// question has one node with room for one pod, and a pool of two types.
func question() place.Input {
	v := constraint.NewVocabulary()
	amount := func(cpu int64) resource.Vector { return resource.Vector{resource.CPU: cpu, resource.Pods: 9} }
	itype := func(name string, cpu int64) model.Type {
		return model.Type{
			Name: name, Capacity: amount(cpu), Requirements: v.Compile(requirement.All(requirement.In(label.InstanceType, name))),
			Groups: []model.Group{{Allocatable: amount(cpu), Offerings: []model.Offering{{Price: float64(cpu), Available: true}}}},
		}
	}
	template := model.NewTemplate(v, model.TemplateOptions{
		Pool: "default", Catalogue: model.NewCatalogue(v, []model.Type{itype("small", 2), itype("large", 8)}),
		Requirements: requirement.All(requirement.Exists(label.InstanceType).WithMinValues(2)),
	})
	class := &model.Class{
		Requests: resource.Vector{resource.CPU: 1, resource.Pods: 1}, Attempts: []model.Attempt{{}},
		Ports: hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}},
	}
	in := place.Input{Snapshot: &model.Snapshot{
		Vocabulary: v, Names: resource.NewNames(),
		Nodes: []*model.Node{{Name: "n", Free: resource.Vector{resource.CPU: 1, resource.Pods: 9}}},
		Pools: []model.Pool{{Template: template, Remaining: model.Limits{{Resource: resource.CPU, Amount: 8}}}},
	}}
	for _, name := range []string{"a", "b", "c"} {
		in.Pods = append(in.Pods, model.Pod{Namespace: "default", Name: name, UID: name, Class: class})
	}
	return in
}

// The engine's plan passes; the same plan with one thing wrong does not.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		why   string
		spoil func(*place.Input, *place.Plan)
		want  string // part of what is broken; empty: nothing
	}{
		{"as planned", func(*place.Input, *place.Plan) {}, ""},
		{"a pod lost", func(_ *place.Input, p *place.Plan) { p.Unplaced = nil }, "appears 0 times"},
		{"a pod twice", func(_ *place.Input, p *place.Plan) { p.Placements = append(p.Placements, p.Placements[0]) }, "appears 2 times"},
		{"a node too full", func(in *place.Input, _ *place.Plan) { in.Snapshot.Nodes[0].Free = nil }, "node n has"},
		{"a node left out", func(in *place.Input, _ *place.Plan) { in.Without = in.Without.Add(0) }, "left out"},
		{"a port taken", func(in *place.Input, _ *place.Plan) { in.Snapshot.Nodes[0].Ports = in.Pods[0].Class.Ports }, "port taken"},
		{"a taint", func(in *place.Input, _ *place.Plan) {
			in.Snapshot.Nodes[0].Taints = []taint.Taint{{Key: "k", Effect: taint.NoSchedule}}
		}, "does not want node n"},
		{"types by falling price", func(_ *place.Input, p *place.Plan) {
			p.Bins[0].Types[0], p.Bins[0].Types[1] = p.Bins[0].Types[1], p.Bins[0].Types[0]
		}, "order of their prices"},
		{"a type too few", func(_ *place.Input, p *place.Plan) { p.Bins[0].Types = p.Bins[0].Types[:1] }, "1 distinct values"},
		{"a price of another type", func(_ *place.Input, p *place.Plan) { p.Bins[0].Price++ }, "costs 3 instead of 2"},
		{"a type too small", func(in *place.Input, _ *place.Plan) { in.Pods[0].Class.Requests[resource.CPU] = 5 }, "type small cannot hold"},
		{"requests too low", func(_ *place.Input, p *place.Plan) { p.Bins[0].Requests = nil }, "requests []"},
		{"a limit", func(in *place.Input, _ *place.Plan) { in.Snapshot.Pools[0].Remaining[0].Amount = 7 }, "8 of resource"},
		{"wider than the pool", func(_ *place.Input, p *place.Plan) { p.Bins[0].Requirements = nil }, "requirements []"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			in := question()
			plan := place.Solve(in)
			if len(plan.Placements) != 1 || len(plan.Bins) != 1 || len(plan.Unplaced) != 1 {
				t.Fatalf("got %+v", plan)
			}
			tc.spoil(&in, &plan)
			err := placetest.Check(in, plan)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// More bins than a reservation has units are noticed.
func TestCheckOfReservations(t *testing.T) {
	in := question()
	v := in.Snapshot.Vocabulary
	key := v.Key("reservation")
	one := v.Compile(requirement.All(requirement.In("reservation", "r")))
	in.Snapshot.Pools[0].Catalogue = model.NewCatalogue(v, []model.Type{{Name: "t", Groups: []model.Group{{Offerings: []model.Offering{{
		Requirements: one, Available: true, Reservation: &model.Reservation{ID: constraint.Label{Key: key, Value: v.Value(key, "r")}, Capacity: 1},
	}}}}}})
	bin := place.Bin{Requirements: one, Types: []int{0}}
	for bins, want := range map[int]bool{1: false, 2: true} {
		err := placetest.Check(in, place.Plan{Bins: []place.Bin{bin, bin}[:bins]})
		if got := strings.Contains(err.Error(), "reservation r: 2 bins hold it"); got != want {
			t.Errorf("%d bins: %v", bins, err)
		}
	}
}

// A fingerprint sees what is deep inside, and maps in any order.
func TestFingerprint(t *testing.T) {
	type inner struct{ m map[string]*[]int }
	value := func(n int) *inner { return &inner{map[string]*[]int{"a": {1}, "b": {n}}} }
	if a, b := value(2), value(2); placetest.Fingerprint(a) != placetest.Fingerprint(b) {
		t.Error("equal values differ")
	}
	if placetest.Fingerprint(value(2)) == placetest.Fingerprint(value(3)) {
		t.Error("a difference was not seen")
	}
}
