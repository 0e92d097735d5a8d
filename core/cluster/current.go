// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// CurrentNode reports whether the model has a Node in this version or a newer
// one.
func (c *Cluster) CurrentNode(node *corev1.Node) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ref := c.nodes[node.Name]
	return ref != nil && !supersedes(node, ref.node)
}

// CurrentNodeClaim reports whether the model has a NodeClaim in this version or
// a newer one.
func (c *Cluster) CurrentNodeClaim(claim *v1.NodeClaim) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ref := c.claims[claim.Name]
	return ref != nil && !supersedes(claim, ref.claim)
}

// CurrentPod reports whether the model has a pod in this version or a newer one,
// with volumes that will not change.
func (c *Cluster) CurrentPod(pod *corev1.Pod) bool {
	known := c.boundPod(podKey(pod))
	if known == nil {
		return !counts(pod)
	}
	return known.settled && !supersedes(pod, known.Pod)
}
