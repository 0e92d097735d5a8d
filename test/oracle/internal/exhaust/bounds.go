// SPDX-License-Identifier: Apache-2.0

package exhaust

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/test/oracle/internal/replay"
)

// candidates are the nodes that have room for a pod beside the daemons to come,
// and that limits admit whatever the plan's bins become.
func (s *survey) candidates(l *left) []string {
	var out []string
	class := s.round.Input.Pods[l.index].Class
	free := s.freeOf()
	for _, n := range s.round.Input.Snapshot.Nodes {
		if class.Requests.FitsIn(free[n.Name]) {
			out = append(out, n.Name)
		}
	}
	for _, f := range l.open {
		if f.certain && s.withinLimits(f) && !s.madeUp(f) {
			out = append(out, f.node.Name)
		}
	}
	return out
}

// openFor are the new nodes that may be opened for a pod, so that their domains
// count for it (SCH-142). What cannot be told from the plan is taken as open.
func (s *survey) openFor(l *left) []fresh {
	var out []fresh
	for _, f := range s.fresh {
		match, err := nodeaffinity.GetRequiredNodeAffinity(l.pod).Match(f.node)
		if err == nil && match && !repelled(l.pod, f.node.Spec.Taints) &&
			s.hasRoom(f, s.round.Input.Pods[l.index].Class) && s.mayBeWithinLimits(f) {
			out = append(out, f)
		}
	}
	return out
}

// freeOf is what the plan leaves free on existing nodes.
func (s *survey) freeOf() map[string]resource.Vector {
	out := map[string]resource.Vector{}
	for _, n := range s.round.Input.Snapshot.Nodes {
		out[n.Name] = n.Free.Clone()
	}
	for _, p := range s.plan.Placements {
		name := s.round.NodeName(p.Node)
		out[name] = out[name].Sub(s.round.Input.Pods[p.Pod].Class.Requests)
	}
	return out
}

// hasRoom looks at the type's room beside all daemons that some node of the
// type would run, and at their ports.
func (s *survey) hasRoom(f fresh, class *model.Class) bool {
	pool := &s.round.Input.Snapshot.Pools[f.pool]
	if pool.DaemonPorts != nil && class.Ports.Conflict(pool.DaemonPorts[f.kind]) {
		return false
	}
	room := s.round.Amounts(f.node.Status.Allocatable)
	if pool.Overhead != nil {
		room = room.Sub(pool.Overhead[f.kind])
	}
	return class.Requests.FitsIn(room)
}

// withinLimits charges every bin of the pool with the largest type there is: how
// much a bin was charged with when it was opened, its plan does not say.
func (s *survey) withinLimits(f fresh) bool {
	pool := &s.round.Input.Snapshot.Pools[f.pool]
	var largest resource.Vector
	for t := range pool.Catalogue.Len() {
		largest = largest.Raise(pool.Catalogue.Type(t).Capacity)
	}
	return s.leaves(f, func(*place.Bin) resource.Vector { return largest })
}

// mayBeWithinLimits charges every bin with what it can still become, which is the
// least that it was charged with.
func (s *survey) mayBeWithinLimits(f fresh) bool {
	pool := &s.round.Input.Snapshot.Pools[f.pool]
	return s.leaves(f, func(b *place.Bin) (largest resource.Vector) {
		for _, t := range b.Types {
			largest = largest.Raise(pool.Catalogue.Type(t).Capacity)
		}
		return largest
	})
}

// leaves reports whether limits leave a new node if every bin of its pool is
// charged so.
func (s *survey) leaves(f fresh, charge func(*place.Bin) resource.Vector) bool {
	pool := &s.round.Input.Snapshot.Pools[f.pool]
	remaining := pool.Remaining
	for i := range s.plan.Bins {
		if s.plan.Bins[i].Pool == f.pool {
			remaining = remaining.Charge(charge(&s.plan.Bins[i]))
		}
	}
	return remaining.Admit(pool.Catalogue.Type(f.kind).Capacity)
}

// strains reports whether a new node would be the first of its domain, and keep
// pods from being bound that the plan places (SCH-158).
func (s *survey) strains(stage replay.Stage, node *corev1.Node) bool {
	if !slices.ContainsFunc(s.fresh, func(f fresh) bool { return f.node == node }) {
		return false
	}
	for _, pod := range s.placed() {
		rules := spreads{pod: pod, stage: stage}
		for i := range pod.Spec.TopologySpreadConstraints {
			c := &pod.Spec.TopologySpreadConstraints[i]
			if c.WhenUnsatisfiable == corev1.DoNotSchedule && rules.suffers(c, node) {
				return true
			}
		}
	}
	return false
}

// placed are the pods that the plan places.
func (s *survey) placed() []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range s.plan.Placements {
		out = append(out, s.round.Pods[p.Pod])
	}
	for _, b := range s.plan.Bins {
		for _, pod := range b.Pods {
			out = append(out, s.round.Pods[pod])
		}
	}
	return out
}

// madeUp reports whether the pool leaves a label to be made up that some rule is
// about: its value is a domain that no plan can know (SCH-144, SCH-162).
func (s *survey) madeUp(f fresh) bool {
	keys := keysOf(s.round.World)
	return slices.ContainsFunc(s.round.Pools[f.pool].NodePool.Spec.Template.Spec.Requirements, func(e v1.NodeSelectorRequirementWithMinValues) bool {
		return e.Operator == corev1.NodeSelectorOpExists && e.MinValues == nil && slices.Contains(keys, e.Key)
	})
}

// miss returns a pod that some node admits in every end. A new node needs as
// many types beside its own as minValues ask for, in the same domains.
func (s *survey) miss() *Miss {
	for _, l := range s.left {
		for _, name := range l.admits {
			if s.meetsMinimums(l, name) {
				return &Miss{Pod: l.pod, Node: s.nodes[name]}
			}
		}
	}
	return nil
}

func (s *survey) meetsMinimums(l *left, name string) bool {
	i := slices.IndexFunc(s.fresh, func(f fresh) bool { return f.node.Name == name })
	if i < 0 {
		return true
	}
	pool := &s.round.Input.Snapshot.Pools[s.fresh[i].pool]
	for _, m := range pool.Minimums {
		key := s.round.Input.Snapshot.Vocabulary.KeyName(m.Key)
		distinct := map[string]bool{}
		for _, f := range s.fresh {
			if f.pool == s.fresh[i].pool && slices.Contains(l.admits, f.node.Name) && domains(f.node) == domains(s.fresh[i].node) {
				distinct[f.node.Labels[key]] = true
			}
		}
		if len(distinct) < m.Values {
			return false
		}
	}
	return true
}

// domains are the values of all keys that topology rules of the world use.
func domains(n *corev1.Node) string {
	var out []string
	for _, key := range topologyKeys() {
		out = append(out, n.Labels[key])
	}
	return strings.Join(out, "/")
}
