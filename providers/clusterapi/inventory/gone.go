// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/providers/clusterapi/claim"
)

// graves bounds how many NodeClaims are remembered that do not exist.
const graves = 10_000

// graveyard remembers NodeClaims that do not exist: a UID never comes back.
type graveyard struct {
	mu    sync.Mutex
	known map[types.UID]bool
}

func (g *graveyard) has(uid types.UID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known[uid]
}

func (g *graveyard) add(uid types.UID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= graves {
		g.known = map[types.UID]bool{}
	}
	g.known[uid] = true
}

// gone reports whether the API server has no NodeClaim of a name and UID. One that cannot be
// asked for counts as there: its Machine is nobody else's meanwhile, and the other Machines
// of the deployment are not held up. The error is that the context has ended.
func (r *Reader) gone(ctx context.Context, by claim.Claim) (bool, error) {
	if r.graves.has(by.UID) {
		return true, nil
	}
	nodeClaim := &v1.NodeClaim{}
	err := r.Workload.Live.Get(ctx, types.NamespacedName{Name: by.Name}, nodeClaim)
	switch {
	case ctx.Err() != nil:
		return false, fmt.Errorf("looking for NodeClaim %s: %w", by.Name, context.Cause(ctx))
	case apierrors.IsNotFound(err), err == nil && nodeClaim.UID != by.UID:
		r.graves.add(by.UID)
		return true, nil
	}
	return false, nil
}
