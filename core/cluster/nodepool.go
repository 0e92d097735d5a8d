// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
)

// nodePoolVersion tells whether the spec of a pool changed.
type nodePoolVersion struct {
	uid        types.UID
	generation int64
}

// UpdateNodePool takes in a managed NodePool. A new one, or a new spec, may
// change what disruption does (LIF-052).
func (c *Cluster) UpdateNodePool(pool *v1.NodePool) {
	version := nodePoolVersion{pool.UID, pool.Generation}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nodePools[pool.Name] != version {
		c.nodePools[pool.Name] = version
		c.consolidation.touch(c.clock.Now())
	}
}

// DeleteNodePool takes in that a NodePool is gone.
func (c *Cluster) DeleteNodePool(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.nodePools[name]; known {
		delete(c.nodePools, name)
		c.consolidation.touch(c.clock.Now())
	}
}
