// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/patch"
)

// Hash annotates pools with the hash of their template, by which drift is told.
type Hash struct{ Options }

// NewHash returns the controller nodepool.hash.
func NewHash(o Options) *Hash { return &Hash{o} }

// Register adds the controller to a manager.
func (c *Hash) Register(_ context.Context, m manager.Manager) error {
	return c.register(m, "nodepool.hash", scaled(), c.onPools(c))
}

// Reconcile annotates one pool. When the version of the hash has changed, its
// NodeClaims go first: a pool of the new version beside claims of the old one is
// only ever seen with all of them migrated, so nothing drifts and a failure is
// made up for by the next pass (API-096).
func (c *Hash) Reconcile(ctx context.Context, pool *v1.NodePool) (reconcile.Result, error) {
	if !c.manages(pool) {
		return reconcile.Result{}, nil
	}
	before, hash := pool.DeepCopy(), pool.Hash()
	if pool.Annotations[v1.NodePoolHashVersionAnnotationKey] != v1.HashVersion {
		if err := c.migrate(ctx, pool, hash); err != nil {
			return patch.Outcome(err)
		}
	}
	annotate(pool, map[string]string{
		v1.NodePoolHashAnnotationKey:        hash,
		v1.NodePoolHashVersionAnnotationKey: v1.HashVersion,
	})
	_, err := patch.Object(ctx, c.Client, before, pool)
	return patch.Outcome(err)
}

// migrate brings the NodeClaims of a pool to the running version.
func (c *Hash) migrate(ctx context.Context, pool *v1.NodePool, hash string) error {
	claims := &v1.NodeClaimList{}
	if err := c.Client.List(ctx, claims, client.MatchingLabels{v1.NodePoolLabelKey: pool.Name}); err != nil {
		return fmt.Errorf("listing the nodeclaims of nodepool %s: %w", pool.Name, err)
	}
	var errs []error
	for i := range claims.Items {
		claim := &claims.Items[i]
		if c.supported(claim.Spec.NodeClassRef) == nil {
			continue
		}
		before := claim.DeepCopy()
		annotate(claim, migration(claim, hash))
		_, err := patch.Object(ctx, c.Client, before, claim)
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return errors.Join(errs...)
}

// migration returns the annotations that bring a NodeClaim to the running
// version. One that has drifted, or was examined for drift, keeps its hash:
// migration must not make it look like its pool (LIF-216).
func migration(claim *v1.NodeClaim, hash string) map[string]string {
	if claim.Annotations[v1.NodePoolHashVersionAnnotationKey] == v1.HashVersion {
		return nil
	}
	annotations := map[string]string{v1.NodePoolHashVersionAnnotationKey: v1.HashVersion}
	for _, condition := range claim.GetConditions() {
		if condition.Type == v1.ConditionTypeDrifted {
			return annotations
		}
	}
	annotations[v1.NodePoolHashAnnotationKey] = hash
	return annotations
}

func annotate(object client.Object, annotations map[string]string) {
	all := maps.Clone(object.GetAnnotations())
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, annotations)
	object.SetAnnotations(all)
}
