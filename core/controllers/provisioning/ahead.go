// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/settle"
	"karpenter.sh/core/objects/pods"
)

// LookAhead is the least time between looks at an open window (SCH-017).
const LookAhead = 200 * time.Millisecond

// look launches what pods still to come would not change, and leaves the rest to
// the round that ends the window. So it tells nobody what fits nowhere, and one
// that fails costs nothing but time (SCH-019).
func (p *Provisioner) look(ctx context.Context) {
	if !p.Cluster.Loaded(ctx) {
		return
	}
	start := p.Clock.Now()
	if err := p.launchSettled(ctx); err != nil {
		log.FromContext(ctx).V(1).Info("launching ahead failed, the pods wait for the window to close", "error", err.Error())
		return // and with it the looks at this window
	}
	p.window.Looked(p.Clock.Since(start))
}

func (p *Provisioner) launchSettled(ctx context.Context) error {
	g, err := p.gather(ctx)
	if err != nil || len(g.Pods) == 0 {
		return err
	}
	for _, pod := range g.Pods {
		if pods.Unexamined(pod) { // what the scheduler says of it later is no news
			p.window.Known(pod.UID)
		}
	}
	p.holdBack(g, p.Clock.Now())
	input, start := p.input(g), p.Clock.Now()
	plan := place.Solve(input)
	p.Metrics.Observe(controllerName, p.Clock.Since(start))
	var settled []place.Bin
	price := 0.0
	for _, i := range settle.Bins(settle.Input{Snapshot: input.Snapshot, Pods: input.Pods, Plan: &plan, Left: p.left}) {
		settled = append(settled, plan.Bins[i])
	}
	leaving, _ := p.admit(g, g.needed(settled))
	for i := range leaving {
		price += leaving[i].Price
	}
	if len(leaving) == 0 {
		return nil
	}
	p.left += price
	served := podsIn(leaving)
	log.FromContext(ctx).Info("computed nodeclaim(s) that more pods would not change", "nodeclaims", len(leaving), "pods", served, "waiting", len(g.Pods)-served)
	return p.launch(ctx, g, leaving)
}
