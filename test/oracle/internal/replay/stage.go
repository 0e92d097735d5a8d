// SPDX-License-Identifier: Apache-2.0

package replay

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/test/oracle/internal/scheduler"
	"karpenter.sh/test/oracle/internal/world"
)

// Stage is what the scheduler sees before it binds the pods of a plan.
type Stage struct {
	Nodes []*corev1.Node
	Bound []*corev1.Pod
}

// NewStage sets up the world with additional machines: nodes on their way have
// joined, those that started are ready, and daemons run wherever they belong.
func NewStage(w *world.World, machines []*corev1.Node) Stage {
	var s Stage
	for _, node := range w.Nodes {
		s.Nodes = append(s.Nodes, ready(w, node))
	}
	for _, claim := range w.NodeClaims {
		if !slices.ContainsFunc(w.Nodes, func(n *corev1.Node) bool { return n.Name == claim.Status.NodeName }) {
			s.Nodes = append(s.Nodes, joined(claim))
		}
	}
	s.Nodes = append(s.Nodes, machines...)
	for _, pod := range w.Bound {
		if !pods.Terminal(pod) {
			s.Bound = append(s.Bound, pod)
		}
	}
	for _, node := range s.Nodes {
		s.startDaemons(w, node)
	}
	return s
}

// ready is a node without the taints that go away by themselves.
func ready(w *world.World, node *corev1.Node) *corev1.Node {
	i := slices.IndexFunc(w.NodeClaims, func(c *v1.NodeClaim) bool { return c.Status.NodeName == node.Name })
	if i < 0 || node.Labels[label.Initialized] != "" {
		return node
	}
	node = node.DeepCopy()
	node.Labels[label.Initialized] = v1.LabelValueTrue
	node.Spec.Taints = slices.Clone(w.NodeClaims[i].Spec.Taints)
	return node
}

// joined is the Node of a NodeClaim that was on its way.
func joined(claim *v1.NodeClaim) *corev1.Node {
	node := &corev1.Node{
		ObjectMeta: *claim.ObjectMeta.DeepCopy(),
		Spec:       corev1.NodeSpec{Taints: claim.Spec.Taints},
		Status:     corev1.NodeStatus{Capacity: claim.Status.Capacity, Allocatable: claim.Status.Allocatable},
	}
	for key, value := range map[string]string{
		label.Hostname: node.Name, label.Registered: v1.LabelValueTrue, label.Initialized: v1.LabelValueTrue,
	} {
		node.Labels[key] = value
	}
	return node
}

// startDaemons binds the daemons that are still to come, as far as there is
// room: where there is none, none of the plan's pods may go either.
func (s *Stage) startDaemons(w *world.World, node *corev1.Node) {
	for _, set := range w.DaemonSets {
		pod := world.DaemonPod(set, node.Name)
		if s.runs(pod) || !world.RunsOn(pod, node) || !world.Fits(pod, node, s.Bound) {
			continue
		}
		pod.Spec.NodeName = node.Name
		s.Bound = append(s.Bound, pod)
	}
}

func (s *Stage) runs(pod *corev1.Pod) bool {
	return slices.ContainsFunc(s.Bound, func(p *corev1.Pod) bool { return p.Namespace == pod.Namespace && p.Name == pod.Name })
}

// Run sets up the world with the plan's machines and takes its steps; what is
// returned is nil if they all can be taken.
func Run(ctx context.Context, f *scheduler.Filters, w *world.World, machines []*corev1.Node, steps []Step) (*Stuck, error) {
	stage := NewStage(w, machines)
	c, err := f.Look(stage.Nodes, stage.Bound, Objects(w))
	if err != nil {
		return nil, err
	}
	return Order(ctx, c, steps)
}

// Objects are what the filters read of a world beside nodes and pods.
func Objects(w *world.World) scheduler.Objects {
	return scheduler.Objects{
		Namespaces: w.Namespaces, Claims: w.Claims, Volumes: w.Volumes, Classes: w.Classes, CSINodes: w.CSINodes,
		Drivers: w.Drivers, Room: w.Room,
	}
}
