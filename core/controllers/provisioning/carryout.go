// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/question"
	"karpenter.sh/core/render"
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
	p.tell(ctx, g, plan.Placements)
	if len(plan.Bins) == 0 {
		return nil
	}
	log.FromContext(ctx).Info("computed new nodeclaim(s) to fit pod(s)", "nodeclaims", len(plan.Bins), "pods", podsIn(plan.Bins))
	errs := make([]error, len(plan.Bins))
	slots := make(chan struct{}, parallelCreates)
	var wg sync.WaitGroup
	for i := range plan.Bins {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = p.create(ctx, g, &plan.Bins[i])
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func podsIn(bins []place.Bin) (n int) {
	for i := range bins {
		n += len(bins[i].Pods)
	}
	return n
}

// create launches one bin: NodeClaim, cluster model, metrics, pods (SCH-236).
func (p *Provisioner) create(ctx context.Context, g *gathered, bin *place.Bin) error {
	pool := &g.Pools[bin.Pool]
	if err := p.stillWanted(ctx, pool); err != nil {
		return err
	}
	nodeClaim, err := render.NodeClaim(render.Input{
		NodePool: pool.NodePool, Template: pool.Template, Bin: bin, Types: pool.Types, Compiler: g.Cluster.Compiler(),
	})
	if err != nil {
		return err
	}
	if err := p.Client.Create(ctx, nodeClaim); err != nil {
		return fmt.Errorf("creating a NodeClaim of NodePool %q for %d pods: %w", pool.NodePool.Name, len(bin.Pods), err)
	}
	p.Cluster.InsertNodeClaim(cluster.CreatedNodeClaim{
		NodeClaim: nodeClaim.DeepCopy(), Pods: g.keys(bin.Pods), Requests: g.requests(bin.Pods), HostPorts: g.hostPorts(bin.Pods), Capacity: largest(pool, bin),
	})
	p.Metrics.Created(metrics.Provisioned, nodeClaim)
	log.FromContext(ctx).Info("created nodeclaim", "NodePool", named(pool.NodePool.Name), "NodeClaim", named(nodeClaim.Name),
		"requests", nodeClaim.Spec.Resources.Requests, "instance-types", reason.Shorten(typeNames(pool, bin), shown))
	p.opened(g, pool, nodeClaim.Name, bin.Pods)
	p.assigned(g, pool, nodeClaim, bin)
	return nil
}

// stillWanted reads the pool again: it may be gone, or its limits may be
// exceeded by now (SCH-203).
func (p *Provisioner) stillWanted(ctx context.Context, pool *question.Pool) error {
	var now v1.NodePool
	if err := p.Client.Get(ctx, types.NamespacedName{Name: pool.NodePool.Name}, &now); err != nil {
		return fmt.Errorf("reading NodePool %q before creating a NodeClaim of it: %w", pool.NodePool.Name, err)
	}
	if exceeded := now.Spec.Limits.ExceededBy(p.Cluster.Capacity(now.Name)); len(exceeded) > 0 {
		return fmt.Errorf("not creating a NodeClaim of NodePool %q: its nodes exceed the limits on %v", now.Name, exceeded)
	}
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

// largest is the most that a bin's node may turn out to have (SCH-202).
func largest(pool *question.Pool, bin *place.Bin) resource.Vector {
	var out resource.Vector
	for _, t := range bin.Types {
		out = out.Raise(pool.Template.Catalogue.Type(t).Capacity)
	}
	return out
}

func typeNames(pool *question.Pool, bin *place.Bin) []string {
	out := make([]string, len(bin.Types))
	for i, t := range bin.Types {
		out[i] = pool.Types[t].Name
	}
	return out
}

func (g *gathered) hostPorts(indexes []int) hostport.Ports {
	var out hostport.Ports
	for _, pod := range indexes {
		out = append(out, g.Models[pod].Class.Ports...)
	}
	return out
}

func (g *gathered) keys(indexes []int) []types.NamespacedName {
	out := make([]types.NamespacedName, len(indexes))
	for i, pod := range indexes {
		out[i] = types.NamespacedName{Namespace: g.Pods[pod].Namespace, Name: g.Pods[pod].Name}
	}
	return out
}

func (g *gathered) requests(indexes []int) []resource.Vector {
	out := make([]resource.Vector, len(indexes))
	for i, pod := range indexes {
		out[i] = g.Models[pod].Class.Requests
	}
	return out
}
