// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/provisioning/launches"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/settle"
)

// lookAhead is the least time between looks at an open window (SCH-017).
const lookAhead = 200 * time.Millisecond

// ahead is what was launched while the window is open. Until its round is over,
// the pods are spoken for and the nodes, which are full, take no others (SCH-019).
type ahead struct {
	// looking: NodeClaims that are created now are launched ahead of the round.
	looking bool
	// price per hour of all of it.
	price float64
	pods  map[types.UID]string // NodeClaims

	snapshot *cluster.Snapshot // that nodes are of
	nodes    map[string]*cluster.StateNode
}

// note remembers a launch if it is one ahead of the round.
func (a *ahead) note(nodeClaim string, pods []launches.Pod) {
	if !a.looking {
		return
	}
	if a.pods == nil {
		a.pods = map[types.UID]string{}
	}
	for _, pod := range pods {
		a.pods[pod.UID] = nodeClaim
	}
}

// look launches what pods still to come would not change, and leaves the rest to
// the round that ends the window. So it tells nobody what fits nowhere, and one
// that fails costs nothing but time (SCH-019).
func (p *Provisioner) look(ctx context.Context) {
	if !p.Cluster.Loaded(ctx) {
		return
	}
	start := p.Clock.Now()
	p.ahead.looking = true
	err := p.launchSettled(ctx)
	p.ahead.looking = false
	if err != nil {
		log.FromContext(ctx).V(1).Info("launching ahead failed, the pods wait for the window to close", "error", err.Error())
		return // and with it the looks at this window
	}
	p.batcher.Looked(p.Clock.Since(start))
}

func (p *Provisioner) launchSettled(ctx context.Context) error {
	g, err := p.gather(ctx)
	if err != nil || len(g.Pods) == 0 {
		return err
	}
	p.holdBack(g, p.Clock.Now())
	input, start := p.input(g), p.Clock.Now()
	plan := place.Solve(input)
	p.Metrics.Observe(controllerName, p.Clock.Since(start))
	var leaving []place.Bin
	price := 0.0
	for _, i := range settle.Bins(settle.Input{Snapshot: input.Snapshot, Pods: input.Pods, Plan: &plan, Left: p.ahead.price}) {
		leaving = append(leaving, plan.Bins[i])
		price += plan.Bins[i].Price
	}
	if len(leaving) == 0 {
		return nil
	}
	p.ahead.price += price
	pods := podsIn(leaving)
	log.FromContext(ctx).Info("computed nodeclaim(s) that more pods would not change", "nodeclaims", len(leaving), "pods", pods, "waiting", len(g.Pods)-pods)
	return p.launch(ctx, g, leaving)
}

// spoken reports whether a pod has a NodeClaim that was launched ahead of this
// round and became a node. One that did not keeps its pods by itself (LIF-069).
func (p *Provisioner) spoken(s *cluster.Snapshot, pod *corev1.Pod) bool {
	nodeClaim, ahead := p.ahead.pods[pod.UID]
	return ahead && p.ahead.nodesIn(s)[nodeClaim] != nil
}

// taken are the keys of the nodes that were launched ahead of this round.
func (p *Provisioner) taken(s *cluster.Snapshot) (keys []string) {
	for _, n := range p.ahead.nodesIn(s) {
		keys = append(keys, n.Key())
	}
	return keys
}

// nodesIn are the nodes that came of what was launched, by NodeClaim, but for those
// on their way out.
func (a *ahead) nodesIn(s *cluster.Snapshot) map[string]*cluster.StateNode {
	if len(a.pods) == 0 || a.snapshot == s {
		return a.nodes
	}
	a.snapshot, a.nodes = s, map[string]*cluster.StateNode{}
	names := map[string]bool{}
	for _, nodeClaim := range a.pods {
		names[nodeClaim] = true
	}
	for _, n := range s.Nodes() {
		if n.Managed() && names[n.NodeClaim().Name] && !n.MarkedForDeletion() && !s.Lost(n) {
			a.nodes[n.NodeClaim().Name] = n
		}
	}
	return a.nodes
}
