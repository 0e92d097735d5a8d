// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/intake"
)

// pool is a node pool that may launch nodes in this round.
type pool struct {
	nodePool  *v1.NodePool
	types     []*cloudprovider.InstanceType
	template  *model.Template
	remaining model.Limits
}

// gatherPools reads the dynamic node pools that are ready, the most wanted
// first (SCH-024, SCH-025), and notes why the others are not usable.
func (p *Provisioner) gatherPools(ctx context.Context, g *gathered) error {
	var list v1.NodePoolList
	if err := p.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("listing NodePools: %w", err)
	}
	for i := range list.Items {
		np := &list.Items[i]
		why, barred := p.barred(ctx, np)
		if !barred {
			gathered, unable, err := p.gatherPool(ctx, np, g.snapshot)
			if err != nil {
				return err
			}
			if gathered != nil {
				g.pools = append(g.pools, *gathered)
				continue
			}
			why = unable
		}
		why.Pool = np.Name
		g.unusable = append(g.unusable, unusable{np, why})
	}
	slices.SortFunc(g.pools, func(a, b pool) int { return v1.CompareNodePools(a.nodePool, b.nodePool) })
	slices.SortFunc(g.unusable, func(a, b unusable) int { return v1.CompareNodePools(a.nodePool, b.nodePool) })
	return nil
}

// gatherPool compiles one pool; nil without an error means that only this pool
// cannot take part, for the reason given (SCH-026, SCH-027).
func (p *Provisioner) gatherPool(ctx context.Context, np *v1.NodePool, snapshot *cluster.Snapshot) (*pool, reason.Reason, error) {
	types, err := p.Provider.GetInstanceTypes(ctx, np)
	switch {
	case cloudprovider.IsUnevaluatedNodePoolError(err):
		log.FromContext(ctx).V(1).Info("skipping nodepool, awaiting its first overlay evaluation", "NodePool", named(np.Name))
		return nil, reason.Reason{Cause: reason.PoolUnevaluated}, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, reason.Reason{}, fmt.Errorf("getting instance types of NodePool %q: %w", np.Name, err)
	case err != nil:
		p.complain(ctx, np, err, "skipping nodepool, unable to resolve instance types")
		return nil, reason.Reason{Cause: reason.PoolWithoutTypes, Detail: err.Error()}, nil
	case len(types) == 0:
		p.complain(ctx, np, nil, "skipping nodepool, no instance types found")
		return nil, reason.Reason{Cause: reason.PoolWithoutTypes}, nil
	}
	template, err := snapshot.Compiler().Template(intake.PoolInput{NodePool: np, Types: types, Daemons: snapshot.Daemons(), Evidence: snapshot.Evidence(np.Name)})
	if err != nil {
		p.complain(ctx, np, err, "skipping nodepool, cannot be understood")
		return nil, reason.Reason{Cause: reason.PoolUnclear, Detail: err.Error()}, nil
	}
	p.tellUnusable(np, template)
	return &pool{
		nodePool: np, types: types, template: template,
		remaining: snapshot.Compiler().PoolLimits(np.Spec.Limits, snapshot.Usage(np.Name)),
	}, reason.Reason{}, nil
}

// complain logs what keeps a pool out of rounds, when it is news (OPS-286).
func (p *Provisioner) complain(ctx context.Context, np *v1.NodePool, err error, message string, fields ...any) {
	if p.news.Tell(string(np.UID), fmt.Sprint(message, err, fields), p.Clock.Now()) {
		log.FromContext(ctx).Error(err, message, append(fields, "NodePool", named(np.Name))...)
	}
}

// tellUnusable tells a pool from which nothing can be launched, not even for an
// empty pod, why. It is kept: its pods are told that it has nothing (SCH-027,
// SCH-028).
func (p *Provisioner) tellUnusable(np *v1.NodePool, template *model.Template) {
	left := template.Base.Variants.Clone()
	switch {
	case left.Empty():
		p.Recorder.Publish(noCompatibleInstanceTypes(np, "NodePool requirements exclude every available instance type"))
	case !template.KeepFitting(left, nil):
		p.Recorder.Publish(noCompatibleInstanceTypes(np, "The daemons of the NodePool fit on none of its available instance types"))
	case p.MinValues == place.StrictMinValues && short(template, left):
		p.Recorder.Publish(noCompatibleInstanceTypes(np, "NodePool requirements leave too few available instance types for their minValues"))
	}
}

// short reports whether all that a pool can have does not reach its minValues.
func short(t *model.Template, left bitset.Set) bool {
	return slices.ContainsFunc(t.Minimums, func(m model.Minimum) bool { return t.Distinct(m.Key, left) < m.Values })
}

// named is how objects appear in logs (OPS-076).
func named(name string) any { return client.ObjectKey{Name: name} }
