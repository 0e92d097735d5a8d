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
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
)

// gatherPools reads the dynamic node pools that are ready, the most wanted
// first (SCH-024, SCH-025), and notes why the others are not usable.
func (p *Provisioner) gatherPools(ctx context.Context, g *gathering) error {
	var list v1.NodePoolList
	if err := p.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("listing NodePools: %w", err)
	}
	for i := range list.Items {
		np := &list.Items[i]
		why, barred := p.barred(ctx, np)
		if !barred {
			unable, err := p.gatherPool(ctx, g, np)
			if err != nil {
				return err
			}
			if unable == nil {
				continue
			}
			why = *unable
		}
		why.Pool = np.Name
		g.unusable = append(g.unusable, unusable{np, why})
	}
	slices.SortFunc(g.unusable, func(a, b unusable) int { return v1.CompareNodePools(a.nodePool, b.nodePool) })
	return nil
}

// gatherPool adds one pool. A reason means that only this pool cannot take part
// (SCH-026, SCH-027).
func (p *Provisioner) gatherPool(ctx context.Context, g *gathering, np *v1.NodePool) (*reason.Reason, error) {
	types, err := p.Provider.GetInstanceTypes(ctx, np)
	switch {
	case cloudprovider.IsUnevaluatedNodePoolError(err):
		log.FromContext(ctx).V(1).Info("skipping nodepool, awaiting its first overlay evaluation", "NodePool", named(np.Name))
		return &reason.Reason{Cause: reason.PoolUnevaluated}, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("getting instance types of NodePool %q: %w", np.Name, err)
	case err != nil:
		p.complain(ctx, np, err, "skipping nodepool, unable to resolve instance types")
		return &reason.Reason{Cause: reason.PoolWithoutTypes, Detail: err.Error()}, nil
	case len(types) == 0:
		p.complain(ctx, np, nil, "skipping nodepool, no instance types found")
		return &reason.Reason{Cause: reason.PoolWithoutTypes}, nil
	}
	template, err := g.Pool(np, types)
	if err != nil {
		p.complain(ctx, np, err, "skipping nodepool, cannot be understood")
		return &reason.Reason{Cause: reason.PoolUnclear, Detail: err.Error()}, nil
	}
	p.tellUnusable(np, template)
	return nil, nil
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
	case p.MinValues.Strict() && short(template, left):
		p.Recorder.Publish(noCompatibleInstanceTypes(np, "NodePool requirements leave too few available instance types for their minValues"))
	}
}

// short reports whether all that a pool can have does not reach its minValues.
func short(t *model.Template, left bitset.Set) bool {
	return slices.ContainsFunc(t.Minimums, func(m model.Minimum) bool { return t.Distinct(m.Key, left) < m.Values })
}

// named is how objects appear in logs (OPS-076).
func named(name string) any { return client.ObjectKey{Name: name} }
