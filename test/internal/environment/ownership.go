// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"slices"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// ExpectPaired checks that the pool's Nodes and NodeClaims are pairs: each Node
// is of exactly one NodeClaim, which owns it, and is fully registered; each
// NodeClaim is owned by the pool. A leaked or doubled node shows here.
func (e *Environment) ExpectPaired(ctx context.Context, pool *v1.NodePool) {
	nodes, claims := e.Nodes(ctx, pool), e.Claims(ctx, pool)
	gomega.ExpectWithOffset(1, Unpaired(pool, nodes, claims)).To(gomega.BeEmpty())
}

// Unpaired lists what is wrong with the nodes and NodeClaims of a pool.
func Unpaired(pool *v1.NodePool, nodes []corev1.Node, claims []v1.NodeClaim) []string {
	var wrong []string
	byProvider := map[string][]v1.NodeClaim{}
	for _, c := range claims {
		byProvider[c.Status.ProviderID] = append(byProvider[c.Status.ProviderID], c)
		if !ownedBy(&c, pool.UID) {
			wrong = append(wrong, fmt.Sprintf("NodeClaim %s is not owned by NodePool %s", c.Name, pool.Name))
		}
	}
	for i := range nodes {
		n := &nodes[i]
		owners := byProvider[n.Spec.ProviderID]
		delete(byProvider, n.Spec.ProviderID)
		if len(owners) != 1 {
			wrong = append(wrong, fmt.Sprintf("node %s has %d NodeClaims", n.Name, len(owners)))
			continue
		}
		wrong = append(wrong, unregistered(n, &owners[0])...)
	}
	for _, without := range byProvider {
		for _, c := range without {
			wrong = append(wrong, fmt.Sprintf("NodeClaim %s has no node", c.Name))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// unregistered lists what registration has left out (LIF-087, LIF-088).
func unregistered(n *corev1.Node, c *v1.NodeClaim) []string {
	var wrong []string
	if !ownedBy(n, c.UID) {
		wrong = append(wrong, fmt.Sprintf("node %s is not owned by NodeClaim %s", n.Name, c.Name))
	}
	if c.Status.NodeName != n.Name {
		wrong = append(wrong, fmt.Sprintf("NodeClaim %s names node %q, not %s", c.Name, c.Status.NodeName, n.Name))
	}
	if n.Labels[v1.NodeRegisteredLabelKey] != v1.LabelValueTrue {
		wrong = append(wrong, fmt.Sprintf("node %s is not labelled as registered", n.Name))
	}
	if !slices.Contains(n.Finalizers, v1.TerminationFinalizer) {
		wrong = append(wrong, fmt.Sprintf("node %s has no termination finalizer", n.Name))
	}
	if slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == v1.UnregisteredTaintKey }) {
		wrong = append(wrong, fmt.Sprintf("node %s has the taint %s", n.Name, v1.UnregisteredTaintKey))
	}
	return wrong
}

func ownedBy(o client.Object, uid types.UID) bool {
	for _, ref := range o.GetOwnerReferences() {
		if ref.UID == uid {
			return true
		}
	}
	return false
}
