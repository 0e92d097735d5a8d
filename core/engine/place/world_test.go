// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"fmt"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/topology"
)

const gi = 1 << 30

// world builds small snapshots for tests.
type world struct {
	t      *testing.T
	v      *constraint.Vocabulary
	open   bitset.Set
	nodes  []*model.Node
	pools  []model.Pool
	pods   []model.Pod
	groups []*topology.Group
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, v: constraint.NewVocabulary()}
	for _, key := range []string{label.Zone, label.CapacityType, label.InstanceType, label.Arch, label.NodePool} {
		w.open = w.open.Add(int(w.v.Key(key)))
	}
	return w
}

func vector(cpu, memory, pods int64) resource.Vector {
	return resource.Vector{resource.CPU: cpu * 1000, resource.Memory: memory * gi, resource.Pods: pods}
}

// itype is a type with n CPU, 4 GiB for each, sold in zones a and b as spot
// and on-demand for 1 $/h per CPU (spot at 70%).
func (w *world) itype(name string, cpu int64) model.Type {
	t := model.Type{
		Name: name, Capacity: vector(cpu, 4*cpu, 110),
		Requirements: w.v.Compile(requirement.All(
			requirement.In(label.InstanceType, name), requirement.In(label.Arch, "amd64"),
			requirement.In(label.Zone, "a", "b"), requirement.In(label.CapacityType, label.Spot, label.OnDemand))),
		Groups: []model.Group{{Allocatable: vector(cpu, 4*cpu, 110)}},
	}
	for _, zone := range []string{"a", "b"} {
		for _, market := range []struct {
			name  string
			price float64
		}{{label.OnDemand, 1}, {label.Spot, 0.7}} {
			t.Groups[0].Offerings = append(t.Groups[0].Offerings, model.Offering{
				Requirements: w.v.Compile(requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, market.name))),
				Price:        market.price * float64(cpu), Available: true,
			})
		}
	}
	return t
}

// sizes are types of 2, 4, 8 and 16 CPU named by their size.
func (w *world) sizes() []model.Type {
	var out []model.Type
	for _, cpu := range []int64{2, 4, 8, 16} {
		out = append(out, w.itype(fmt.Sprintf("%d-cpu", cpu), cpu))
	}
	return out
}

func (w *world) pool(o model.TemplateOptions, limits ...model.Limit) {
	o.Open = w.open
	if o.Catalogue == nil {
		o.Catalogue = model.NewCatalogue(w.v, w.sizes())
	}
	o.Requirements = o.Requirements.With(requirement.In(label.NodePool, o.Pool))
	w.pools = append(w.pools, model.Pool{Template: model.NewTemplate(w.v, o), Remaining: limits})
}

func (w *world) node(n model.Node, labels map[string]string) {
	n.Labels = w.v.CompileLabels(labels, func(string) bool { return false })
	w.nodes = append(w.nodes, &n)
}

// class makes a pod class; every term is one way to satisfy it.
func (w *world) class(cpu, memory int64, terms ...requirement.Requirements) *model.Class {
	if len(terms) == 0 {
		terms = []requirement.Requirements{{}}
	}
	c := &model.Class{Requests: vector(cpu, memory, 1)}
	for _, soft := range []bool{false, true} {
		for _, term := range terms {
			c.Attempts = append(c.Attempts, model.Attempt{Plain: term, Wanted: w.v.Compile(term), SoftTaints: soft})
		}
	}
	return c
}

func (w *world) add(n int, c *model.Class) {
	for range n {
		i := len(w.pods)
		w.pods = append(w.pods, model.Pod{Namespace: "default", Name: fmt.Sprintf("pod-%d", i), UID: fmt.Sprintf("%04d", i), Class: c})
	}
}

func (w *world) input() place.Input {
	return place.Input{
		Snapshot: &model.Snapshot{Vocabulary: w.v, Names: resource.NewNames(), Nodes: w.nodes, Pools: w.pools, Groups: w.groups},
		Pods:     w.pods,
	}
}

// outline is a plan in words: what each bin is cheapest as, with how many pods.
func (w *world) outline(p place.Plan) []string {
	var out []string
	for _, pl := range p.Placements {
		out = append(out, fmt.Sprintf("%s on %s", w.pods[pl.Pod].Name, w.nodes[pl.Node].Name))
	}
	for _, b := range p.Bins {
		cheapest := w.pools[b.Pool].Catalogue.Type(b.Types[0]).Name
		out = append(out, fmt.Sprintf("%s: %s with %d pods", w.pools[b.Pool].Pool, cheapest, len(b.Pods)))
	}
	for _, u := range p.Unplaced {
		out = append(out, w.pods[u.Pod].Name+" left")
	}
	return out
}
