// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/intake"
)

// epoch is what all nodes are compiled with. A new one replaces it when the
// daemons change or the names are interned anew; what was compiled with an older
// one is compiled again when it is next asked for.
type epoch struct {
	compiler *intake.Compiler
	daemons  []*corev1.Pod
}

// fixed is what a view is to the engine, whatever pods run there.
type fixed struct {
	epoch   *epoch
	labels  constraint.Labels
	taints  []taint.Taint
	daemons resource.Vector // of all daemons that belong there
	ports   hostport.Ports  // of these
}

// compiled is what a state node is to the engine.
type compiled struct {
	epoch *epoch
	node  *model.Node
}

// target is the state node as a target for pods. Racing readers may compile it
// twice, with equal results.
func (n *StateNode) target(e *epoch) *model.Node {
	if c := n.compiled.Load(); c != nil && c.epoch == e {
		return c.node
	}
	f := n.seen.compile(e, n.claim != nil)
	remaining := f.daemons.Clone().Sub(n.DaemonRequests()).Floor() // SCH-126
	c := &compiled{e, &model.Node{
		Name:         n.seen.Name,
		Hostname:     n.seen.Hostname,
		Labels:       f.labels,
		Taints:       f.taints,
		Free:         n.seen.less(remaining.Add(n.Requests())),
		Ports:        slices.Concat(n.HostPorts(), f.ports),
		Attached:     n.Volumes(),
		AttachLimits: n.VolumeLimits(),
		Initialized:  n.Initialized(),
	}}
	n.compiled.Store(c)
	return c.node
}

func (s *seen) compile(e *epoch, managed bool) *fixed {
	before := s.fixed.Load()
	if before != nil && before.epoch == e {
		return before
	}
	node := intake.NodeInput{Labels: s.Labels, Taints: s.Taints, Starting: managed && s.Stage < Initialized}
	f := &fixed{epoch: e, daemons: e.compiler.RemainingDaemons(node, e.daemons), ports: e.compiler.PortsOfDaemons(node, e.daemons)}
	if before != nil && before.epoch.compiler == e.compiler {
		f.labels, f.taints = before.labels, before.taints
	} else {
		f.labels, f.taints = e.compiler.NodeLabels(s.Labels), intake.Taints(s.Taints)
	}
	s.fixed.Store(f)
	return f
}

// less is allocatable less an amount, possibly negative. A resource that the
// node does not list stays at zero: only pods that ask for it are kept away
// (LIF-024).
func (s *seen) less(amount resource.Vector) resource.Vector {
	out := s.allocatable.Clone()
	for id, n := range amount {
		if n != 0 && s.listed.Has(id) {
			out = out.Set(resource.ID(id), out.Get(resource.ID(id))-n)
		}
	}
	return out
}

// Available is what is allocatable less the requests of the pods, for the
// resources that the node lists (LIF-024). It may be negative.
func (n *StateNode) Available() resource.Vector { return n.seen.less(n.Requests()) }
