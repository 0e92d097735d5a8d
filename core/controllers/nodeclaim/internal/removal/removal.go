// SPDX-License-Identifier: Apache-2.0

package removal

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// Remover deletes NodeClaims and counts them.
type Remover struct {
	Client     client.Client
	NodeClaims *metrics.NodeClaims
}

// Remove deletes a NodeClaim. It reports whether the deletion was accepted: a
// NodeClaim that is gone already is neither an error nor counted.
func (r Remover) Remove(ctx context.Context, nodeClaim *v1.NodeClaim, reason metrics.Reason) (bool, error) {
	pods := r.reschedulable(ctx, nodeClaim.Status.NodeName)
	err := r.Client.Delete(ctx, nodeClaim, client.Preconditions{UID: &nodeClaim.UID})
	if errors.IsNotFound(err) || errors.IsConflict(err) { // a conflict: the name is another's by now
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("deleting nodeclaim %s: %w", nodeClaim.Name, err)
	}
	r.NodeClaims.Disrupted(metrics.Disruption{NodeClaim: nodeClaim, Reason: reason, Pods: pods})
	return true, nil
}

// reschedulable counts the pods that the deletion sends elsewhere. Not knowing
// counts as none, and never stands in the way (OPS-104).
func (r Remover) reschedulable(ctx context.Context, nodeName string) int {
	list, err := index.Pods(ctx, r.Client, nodeName)
	if err != nil {
		return 0
	}
	count := 0
	for i := range list {
		if pods.Reschedulable(&list[i]) {
			count++
		}
	}
	return count
}
