// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/resource"
)

// pools are the sums of capacity of the state nodes of each pool that are not
// marked for deletion (LIF-047). The vectors are replaced, never changed.
type pools map[string]resource.Vector

// move replaces the share of one state node by that of another.
func (p pools) move(old, now *StateNode) {
	oldPool, oldShare := share(old)
	newPool, newShare := share(now)
	if oldPool == newPool && oldShare.Equal(newShare) {
		return
	}
	if oldPool != "" {
		p.put(oldPool, p[oldPool].Clone().Sub(oldShare))
	}
	if newPool != "" {
		p.put(newPool, p[newPool].Clone().Add(newShare))
	}
}

func (p pools) put(pool string, sum resource.Vector) {
	if sum.Zero() {
		delete(p, pool)
		return
	}
	p[pool] = sum
}

func share(n *StateNode) (pool string, capacity resource.Vector) {
	if n == nil || n.MarkedForDeletion() || n.NodePool() == "" {
		return "", nil
	}
	return n.NodePool(), n.seen.capacity
}

// Capacity is the sum of capacity of a pool's nodes that are not marked for
// deletion (LIF-047), as in [Snapshot.Capacity]. It costs no snapshot.
func (c *Cluster) Capacity(pool string) corev1.ResourceList {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch.compiler.List(c.pools[pool])
}
