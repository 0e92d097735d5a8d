// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/launch"
)

// rationed is a bin that has to wait, and why.
type rationed struct {
	bin *place.Bin
	why launch.Held
}

// admit leaves out bins that would exceed limits which they share with others (SCH-330).
func (p *Provisioner) admit(g *gathered, bins []place.Bin) (admitted []place.Bin, back []rationed) {
	rationing := launch.Rationing{Unlaunched: p.Cluster.Unlaunched()}
	rationing.Limits = cloudprovider.LimitsOf(p.Provider)
	p.rounds.pending, p.rounds.taken = rationing.Pending(), rationing.Limits.Taken()
	orders := make([]launch.Order, len(bins))
	for i := range bins {
		orders[i] = launch.Order{{Question: g.Question, Bin: &bins[i], Pods: bins[i].Pods}}
	}
	waits := map[int]bool{}
	for _, why := range rationing.Admit(orders) {
		waits[why.Order] = true
		back = append(back, rationed{&bins[why.Order], why})
	}
	for i := range bins {
		if !waits[i] {
			admitted = append(admitted, bins[i])
		}
	}
	return admitted, back
}

// ration returns the bins that are launched now, and says what becomes of the others: the
// next round plans their pods anew, by what is left then. Pods are told once that leads
// nowhere (SCH-332).
func (p *Provisioner) ration(ctx context.Context, g *gathered, bins []place.Bin) []place.Bin {
	admitted, back := p.admit(g, bins)
	p.rounds.launched, p.rounds.held = len(admitted), len(back)
	if len(back) == 0 {
		return admitted
	}
	log.FromContext(ctx).V(1).Info("holding nodes back that would exceed a limit of the account together with others",
		"nodeclaims", len(admitted), "held back", len(back), "limit", back[0].why.String())
	if len(admitted) == 0 {
		p.reportHeld(ctx, g, back)
	}
	return admitted
}

// reportHeld tells pods which limit is in their way.
func (p *Provisioner) reportHeld(ctx context.Context, g *gathered, back []rationed) {
	of := map[string]*stuck{}
	var order []*stuck
	for _, h := range back {
		name := h.why.Limit.Name
		if of[name] == nil {
			of[name] = &stuck{text: "a node for it would exceed " + h.why.String(), gist: "limit " + name}
			order = append(order, of[name])
		}
		for _, i := range h.bin.Pods {
			pod := g.Pods[i]
			p.Cluster.Decisions.Failed(pod)
			if pod.Spec.NodeName == "" {
				p.notices.failed(pod, of[name].text, of[name].gist)
				of[name].pods = append(of[name].pods, pod)
			}
		}
	}
	for _, s := range order {
		if len(s.pods) > 0 {
			p.logStuck(ctx, s)
		}
	}
}

// rounds says whether another round follows because limits held nodes back (SCH-332).
type rounds struct {
	// launched and held are how many nodes of the round went ahead and how many wait,
	// pending whether launches of earlier ones have not shown in what is left.
	launched, held int
	pending        bool
	// taken is what is taken of the limits, seen what it was a round before.
	taken, seen int64
	// wait is the latest one.
	wait time.Duration
}

// soon is how long launches take until what they use shows in what is left.
const soon = 500 * time.Millisecond

func (r *rounds) begin() { r.launched, r.held, r.pending, r.taken = 0, 0, false, 0 }

// next is how long after this round another is made without a trigger; 0 means none. As
// long as launches show in what is left, it comes soon: the next plan knows what they have
// used. While they do not, because they are late or fail, it comes ever later, and is then
// left to the pods, which ask again by themselves.
func (r *rounds) next() time.Duration {
	shown := r.taken > r.seen
	r.seen = r.taken
	switch {
	case r.held == 0:
		r.wait = 0
		return 0
	case r.launched == 0 && !r.pending:
		return 0
	case r.launched > 0 && (r.wait == 0 || shown):
		r.wait = soon
	default:
		r.wait = min(max(2*r.wait, soon), recheck)
	}
	if r.wait == recheck {
		return 0
	}
	return r.wait
}
