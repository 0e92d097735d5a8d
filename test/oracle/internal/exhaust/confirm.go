// SPDX-License-Identifier: Apache-2.0

package exhaust

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/test/oracle/internal/replay"
	"karpenter.sh/test/oracle/internal/round"
	"karpenter.sh/test/oracle/internal/scheduler"
)

// Miss is a pod that was left although a node would have taken it.
type Miss struct {
	Pod  *corev1.Pod
	Node *corev1.Node
}

// String names pod and node, for who looks for the mistake.
func (m *Miss) String() string {
	return fmt.Sprintf("pod %s/%s was left, but this node admits it: %s labels %v", m.Pod.Namespace, m.Pod.Name, m.Node.Name, m.Node.Labels)
}

// Confirm returns a miss of the plan, nil if there is none; decided is false if
// there are too many ways in which the plan may end.
func Confirm(ctx context.Context, f *scheduler.Filters, r *round.Round, plan *place.Plan) (miss *Miss, decided bool, err error) {
	ways, err := ends(r, plan)
	if err != nil || ways == nil {
		return nil, false, err
	}
	s := &survey{round: r, plan: plan, filters: f}
	if s.fresh, err = freshNodes(r, len(plan.Bins)); err != nil {
		return nil, false, err
	}
	s.nodes = map[string]*corev1.Node{}
	for _, u := range plan.Unplaced {
		l := &left{index: u.Pod, pod: r.Pods[u.Pod]}
		l.open = s.openFor(l)
		s.left = append(s.left, l)
		for n, machines := range ways {
			if err := s.try(ctx, l, machines, n == 0); err != nil {
				return nil, false, err
			}
		}
	}
	return s.miss(), true, nil
}

// survey narrows down which nodes admit the pods that were left.
type survey struct {
	round   *round.Round
	plan    *place.Plan
	filters *scheduler.Filters
	fresh   []fresh
	left    []*left
	nodes   map[string]*corev1.Node // of the last end
}

// left is a pod with the names of nodes that have admitted it in every end.
type left struct {
	index  int
	pod    *corev1.Pod
	open   []fresh // new nodes that count for it
	admits []string
}

// try looks at one end of the plan, as if all new nodes were there that count for
// the pod.
func (s *survey) try(ctx context.Context, l *left, machines []*corev1.Node, first bool) error {
	nodes := slices.Clone(machines)
	for _, n := range l.open {
		nodes = append(nodes, n.node)
	}
	stage := replay.NewStage(s.round.World, nodes)
	s.bindPlaced(&stage, machines)
	for _, n := range stage.Nodes {
		s.nodes[n.Name] = n
	}
	c, err := s.filters.Look(stage.Nodes, stage.Bound, replay.Objects(s.round.World))
	if err != nil {
		return err
	}
	if first {
		l.admits = s.candidates(l)
	}
	return s.narrow(ctx, c, stage, l)
}

// bindPlaced binds the pods that the plan places.
func (s *survey) bindPlaced(stage *replay.Stage, machines []*corev1.Node) {
	bind := func(pod int, node string) {
		bound := s.round.Pods[pod].DeepCopy()
		bound.Spec.NodeName = node
		stage.Bound = append(stage.Bound, bound)
	}
	for _, p := range s.plan.Placements {
		bind(p.Pod, s.round.NodeName(p.Node))
	}
	for i, b := range s.plan.Bins {
		for _, pod := range b.Pods {
			bind(pod, machines[i].Name)
		}
	}
}

func (s *survey) narrow(ctx context.Context, c *scheduler.Cluster, stage replay.Stage, l *left) error {
	if len(l.admits) == 0 {
		return nil
	}
	q, err := c.Ask(ctx, l.pod)
	if err != nil {
		return err
	}
	rules := spreads{pod: l.pod, stage: s.withoutFresh(stage), open: l.open}
	var still []string
	for _, name := range l.admits {
		why, err := q.On(ctx, name)
		if err != nil {
			return err
		}
		if why == nil && rules.admit(s.nodes[name]) && !s.strains(rules.stage, s.nodes[name]) {
			still = append(still, name)
		}
	}
	l.admits = still
	return nil
}

// withoutFresh leaves only nodes that exist or are planned.
func (s *survey) withoutFresh(stage replay.Stage) replay.Stage {
	isFresh := func(n *corev1.Node) bool {
		return slices.ContainsFunc(s.fresh, func(f fresh) bool { return f.node == n })
	}
	stage.Nodes = slices.DeleteFunc(slices.Clone(stage.Nodes), isFresh)
	return stage
}
