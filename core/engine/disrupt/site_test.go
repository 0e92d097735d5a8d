// SPDX-License-Identifier: Apache-2.0

package disrupt_test

import (
	"fmt"
	"slices"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// site is a cluster with one pool, in which what-ifs can be asked.
type site struct {
	t     *testing.T
	v     *constraint.Vocabulary
	open  bitset.Set
	nodes []*model.Node
	known []disrupt.Node
	pods  map[string][]model.Pod // by node
	// waiting are pods that have no node.
	waiting []model.Pod
	pool    model.Pool
	// uninitialized and marked nodes are what they say.
	marked []string
	// evictable is what may be moved of workloads.
	evictable map[string]int
	// rests and static are facts about the pool.
	rests, static bool
}

// offer is one way to buy a type.
type offer struct {
	capacityType string
	price        float64
}

func newSite(t *testing.T) *site {
	s := &site{t: t, v: constraint.NewVocabulary(), pods: map[string][]model.Pod{}}
	for _, key := range []string{label.Zone, label.CapacityType, label.InstanceType, label.NodePool} {
		s.open = s.open.Add(int(s.v.Key(key)))
	}
	return s
}

func cpus(n int64) resource.Vector {
	return resource.Vector{resource.CPU: n * 1000, resource.Pods: 100}
}

// itype is a type with some CPU, sold in one zone.
func (s *site) itype(name string, cpu int64, offers ...offer) model.Type {
	var capacityTypes []string
	group := model.Group{Allocatable: cpus(cpu)}
	for _, o := range offers {
		capacityTypes = append(capacityTypes, o.capacityType)
		group.Offerings = append(group.Offerings, model.Offering{
			Requirements: s.v.Compile(requirement.All(requirement.In(label.Zone, "z"), requirement.In(label.CapacityType, o.capacityType))),
			Price:        o.price, Available: true,
		})
	}
	return model.Type{
		Name: name, Capacity: cpus(cpu), Groups: []model.Group{group},
		Requirements: s.v.Compile(requirement.All(
			requirement.In(label.InstanceType, name), requirement.In(label.Zone, "z"), requirement.In(label.CapacityType, capacityTypes...),
		)),
	}
}

// sells has the pool sell types, under more requirements.
func (s *site) sells(types []model.Type, more ...requirement.Requirement) {
	s.pool = model.Pool{Template: model.NewTemplate(s.v, model.TemplateOptions{
		Pool: "p", Open: s.open, Catalogue: model.NewCatalogue(s.v, types),
		Requirements: requirement.All(append(more, requirement.In(label.NodePool, "p"))...),
	})}
}

// node adds a node with free CPU and one pod for each CPU amount.
func (s *site) node(name string, price float64, capacityType string, free int64, pods ...int64) {
	s.nodes = append(s.nodes, &model.Node{
		Name: name, Free: cpus(free), Initialized: true,
		Labels: s.v.CompileLabels(map[string]string{label.Zone: "z"}, func(string) bool { return false }),
	})
	n := emptyNode(name)
	n.Price, n.TypeKnown, n.Zone, n.CapacityType = price, true, "z", capacityType
	for i, cpu := range pods {
		n.Pods = append(n.Pods, ordinaryPod())
		s.pods[name] = append(s.pods[name], s.pod(fmt.Sprintf("%s-%d", name, i), cpu))
	}
	s.known = append(s.known, n)
}

func (s *site) pod(name string, cpu int64) model.Pod {
	return model.Pod{Namespace: "default", Name: name, UID: name, Class: &model.Class{
		Requests: resource.Vector{resource.CPU: cpu * 1000, resource.Pods: 1},
		Attempts: []model.Attempt{{}},
	}}
}

func (s *site) state() disrupt.State {
	out := state(s.known...)
	out.Evictable = s.evictable
	snapshot := &model.Snapshot{Vocabulary: s.v, Names: resource.NewNames(), Nodes: s.nodes, Pools: []model.Pool{s.pool}}
	waiting := place.Input{Snapshot: snapshot, Pods: s.waiting}
	out.Question = question{s, place.After(waiting, place.Solve(waiting)), nil}
	return out
}

// question is asked about a site.
type question struct {
	*site
	snapshot *model.Snapshot
	gone     bitset.Set
}

func (q question) Without(ids ...string) (place.Input, bool) {
	in := place.Input{Snapshot: q.snapshot, Without: q.gone.Clone()}
	for i, n := range q.nodes {
		if !slices.Contains(ids, n.Name) {
			continue
		}
		if slices.Contains(q.marked, n.Name) {
			return place.Input{}, false
		}
		in.Without = in.Without.Add(i)
		for _, p := range q.pods[n.Name] {
			p.From = n
			in.Moved = in.Moved.Add(len(in.Pods))
			in.Pods = append(in.Pods, p)
		}
	}
	return in, true
}

func (q question) After(in place.Input, plan place.Plan) disrupt.Question {
	return question{q.site, place.After(in, plan), in.Without}
}

// all is every command of a decision, as text.
func all(d disrupt.Decision) []string {
	var out []string
	for _, c := range d.Commands {
		text := fmt.Sprint(c.Nodes)
		for _, r := range c.Replacements {
			text += " " + r.Types[0]
		}
		out = append(out, text)
	}
	return out
}

// only is the one command of a decision, as text; or else why a node stays.
func outcome(d disrupt.Decision, node string) string {
	for _, c := range d.Commands {
		if slices.Contains(c.Nodes, node) {
			text := "delete"
			for _, r := range c.Replacements {
				text = fmt.Sprintf("replace by %v %s", r.Types, r.CapacityType)
			}
			return text
		}
	}
	for _, r := range d.Refusals {
		if r.Node == node {
			return r.Cause.String()
		}
	}
	return "nothing"
}
