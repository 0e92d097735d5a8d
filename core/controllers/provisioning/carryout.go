// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"errors"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/launch"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/question"
	"karpenter.sh/core/reconcile/concurrency"
)

// parallelCreates bounds the creations in flight; the client's own rate limit
// decides how fast they go.
const parallelCreates = 50

// carryOut makes the plan come true. One NodeClaim that cannot be created does
// not stop the others, and nothing is rolled back (SCH-235).
func (p *Provisioner) carryOut(ctx context.Context, g *gathered, plan place.Plan) error {
	p.reportUnplaced(ctx, g, plan.Unplaced)
	reportDeferred(ctx, g, plan.Deferred)
	p.nominate(ctx, g, plan.Placements)
	err := p.launchNeeded(ctx, g, plan.Bins)
	p.tell(ctx, g, plan.Placements) // last: no machine waits until a thousand pods have been told
	return err
}

func (p *Provisioner) launchNeeded(ctx context.Context, g *gathered, planned []place.Bin) error {
	bins := p.ration(ctx, g, g.needed(planned))
	if len(bins) == 0 {
		return nil
	}
	log.FromContext(ctx).Info("computed new nodeclaim(s) to fit pod(s)", "nodeclaims", len(bins), "pods", podsIn(bins))
	return p.launch(ctx, g, bins)
}

// needed leaves out bins that are for pods of nodes alone which disruption is about to
// give up but which still stand: its command has brought replacements for them, and if
// one of these is lost the nodes stay (DIS-147).
func (g *gathered) needed(bins []place.Bin) []place.Bin {
	standing := map[string]bool{}
	for _, n := range g.Cluster.Nodes() {
		if n.Node() != nil && n.MarkedForDeletion() && n.Stands() {
			standing[n.Node().Name] = true
		}
	}
	if len(standing) == 0 {
		return bins
	}
	return slices.DeleteFunc(slices.Clone(bins), func(b place.Bin) bool {
		return !slices.ContainsFunc(b.Pods, func(i int) bool { return !standing[g.Pods[i].Spec.NodeName] })
	})
}

// launch creates NodeClaims side by side.
func (p *Provisioner) launch(ctx context.Context, g *gathered, bins []place.Bin) error {
	errs := concurrency.Each(bins, parallelCreates, func(i int, _ place.Bin) error { return p.create(ctx, g, &bins[i]) })
	return errors.Join(errs...)
}

func podsIn(bins []place.Bin) (n int) {
	for i := range bins {
		n += len(bins[i].Pods)
	}
	return n
}

// create launches one bin, and takes note of it.
func (p *Provisioner) create(ctx context.Context, g *gathered, bin *place.Bin) error {
	machine := launch.Machine{Question: g.Question, Bin: bin, Pods: bin.Pods}
	nodeClaim, err := p.launcher().Create(ctx, machine, metrics.Provisioned)
	if err != nil {
		return err
	}
	p.opened(g, machine.Pool(), nodeClaim.Name, bin.Pods)
	p.assigned(g, machine.Pool(), nodeClaim, bin)
	return nil
}

// assigned records and tells the pods which NodeClaim is theirs.
func (p *Provisioner) assigned(g *gathered, pool *question.Pool, nodeClaim *v1.NodeClaim, bin *place.Bin) {
	healthy := pool.NodePool.StatusConditions().Get(v1.ConditionTypeNodeRegistrationHealthy).IsTrue()
	for _, i := range bin.Pods {
		p.Cluster.Decisions.Placed(g.Pods[i], cluster.Placement{NodeClaim: nodeClaim.Name, HealthyPool: healthy})
		p.notices.nominated(g.Pods[i], "nodeclaim/"+nodeClaim.Name)
	}
}
