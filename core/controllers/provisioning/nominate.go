// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/provisioning/nomination"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/objects/pods"
)

// expectFor is how long a pod is expected on a node that is ready for it: the
// scheduler tries it again after ten seconds at most. Afterwards it is planned anew.
const expectFor = 30 * time.Second

// expect says which pods are about to go somewhere: where the last plan that had
// a place for them put them, or where somebody else has nominated them to
// (SCH-310, SCH-314).
func (p *Provisioner) expect(g *gathered) {
	places := placesOf(g.Cluster)
	g.expected, g.promised = map[int]place.Expectation{}, map[int]bool{}
	for i, pod := range g.Pods {
		if pod.Spec.NodeName != "" {
			continue
		}
		if node := pod.Status.NominatedNodeName; node != "" && !p.Nominations.Ours(pod) {
			at, known := places.nodes[node]
			if known && p.Nominations.Pending(pod, leaving(g.Cluster.Targets().At(at).StateNode)) {
				g.expected[i], g.promised[i] = place.Expectation{Node: at, Only: true}, true
			}
			continue
		}
		if at, planned := p.planned(pod, places, g.Cluster); planned {
			g.expected[i] = place.Expectation{Node: at}
		}
	}
}

// planned is the target that an earlier round put a pod on, as long as the scheduler
// may be about to do the same.
func (p *Provisioner) planned(pod *corev1.Pod, places places, s *cluster.Snapshot) (target int, ok bool) {
	decision, known := p.Cluster.Decisions.OfPod(client.ObjectKeyFromObject(pod), pod.UID)
	if !known {
		return 0, false
	}
	if target, ok = places.nodeClaims[decision.NodeClaim]; !ok {
		target, ok = places.nodes[decision.Node]
	}
	if !ok {
		return 0, false
	}
	n := s.Targets().At(target).StateNode
	if n == nil || !n.Initialized() {
		return target, true
	}
	since := decision.Assigned
	if ready := n.InitializedSince(); ready.After(since) {
		since = ready
	}
	return target, s.Taken.Sub(since) < expectFor
}

// places are the targets of a snapshot by name.
type places struct{ nodeClaims, nodes map[string]int }

func placesOf(s *cluster.Snapshot) places {
	out := places{map[string]int{}, map[string]int{}}
	for i := range s.Targets().Nodes {
		at := s.Targets().At(i)
		switch {
		case at.StateNode == nil:
			out.nodeClaims[at.Unlaunched.NodeClaim.Name] = i
			continue
		case at.StateNode.NodeClaim() != nil:
			out.nodeClaims[at.StateNode.NodeClaim().Name] = i
		}
		if node := at.StateNode.Node(); node != nil {
			out.nodes[node.Name] = i
		}
	}
	return out
}

// leaving reports whether pods are on their way off a node.
func leaving(n *cluster.StateNode) bool {
	return slices.ContainsFunc(n.Pods(), func(pod *cluster.Pod) bool { return pods.Terminating(pod.Pod) })
}

// nominate keeps disruption away from the existing nodes that pods were placed
// on, and tells the pods (SCH-239).
func (p *Provisioner) nominate(ctx context.Context, g *gathered, placements []place.Placement) {
	targets := g.Cluster.Targets()
	keys := map[string]bool{}
	nodes := make(map[int]*cluster.StateNode, len(placements))
	for _, pl := range placements {
		at, pod := targets.At(pl.Node), g.Pods[pl.Pod]
		if at.StateNode == nil {
			p.Cluster.Decisions.Placed(pod, cluster.Placement{NodeClaim: at.Unlaunched.NodeClaim.Name})
			continue
		}
		keys[at.StateNode.Key()], nodes[pl.Pod] = true, at.StateNode
		p.Cluster.Decisions.Placed(pod, placementOn(at.StateNode))
		p.notices.nominated(pod, destination(at.StateNode))
	}
	for key := range keys {
		p.Cluster.Nominate(key)
	}
	p.standing(g, nodes)
	if len(placements) > 0 {
		log.FromContext(ctx).Info("computed unready node(s) will fit pod(s)", "nodes", len(keys), "pods", len(placements))
	}
}

func placementOn(n *cluster.StateNode) cluster.Placement {
	if n.NodeClaim() == nil {
		return cluster.Placement{Node: n.Node().Name}
	}
	return cluster.Placement{NodeClaim: n.NodeClaim().Name}
}

// tell tells the scheduler of the places on nodes that pods can be bound to by now,
// and takes back what no longer holds. Pods of nodes that are still to come are told
// when these register (SCH-311).
func (p *Provisioner) tell(ctx context.Context, g *gathered, placements []place.Placement) {
	byNode := map[string][]*corev1.Pod{}
	here := map[int]bool{}
	for _, pl := range placements {
		n, pod := g.Cluster.Targets().At(pl.Node).StateNode, g.Pods[pl.Pod]
		switch {
		case n == nil || n.Node() == nil || pod.Spec.NodeName != "":
		case n.Registered():
			byNode[n.Node().Name], here[pl.Pod] = append(byNode[n.Node().Name], pod), true
		case pod.Status.NominatedNodeName == n.Node().Name: // told as the node is about to register
			here[pl.Pod] = true
		}
	}
	var stale []*corev1.Pod
	for i, pod := range g.Pods {
		if !here[i] {
			stale = append(stale, pod)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, nomination.Patience)
	defer cancel()
	p.Nominations.Withdraw(ctx, stale)
	p.Nominations.Nominate(ctx, byNode)
}
