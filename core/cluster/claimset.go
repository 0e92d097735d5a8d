// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"slices"

	v1 "karpenter.sh/core/apis/v1"
)

// claimSet is the one set of its pool that a NodeClaim is in (LIF-048).
type claimSet int

const (
	notCounted claimSet = iota
	active
	pendingDisruption
	deleting
	claimSets // how many there are
)

// poolClaims are the NodeClaims of one pool and the room that is spoken for.
type poolClaims struct {
	sets     [claimSets]map[string]struct{}
	reserved int64
}

func (p *poolClaims) empty() bool {
	for _, set := range p.sets {
		if len(set) > 0 {
			return false
		}
	}
	return p.reserved == 0
}

func (p *poolClaims) total() (n int64) {
	for _, set := range p.sets {
		n += int64(len(set))
	}
	return n
}

// classify puts a NodeClaim into the set that it belongs to by now.
func (c *Cluster) classify(ref *claimRef) {
	set := active
	switch {
	case c.marked(ref):
		ref.pendingDisruption = false
		set = deleting
	case ref.claim.DeletionTimestamp != nil || ref.deletionRequested:
		set = deleting
	case ref.pendingDisruption:
		set = pendingDisruption
	}
	c.count(ref, ref.claim.Labels[v1.NodePoolLabelKey], set)
}

func (c *Cluster) marked(ref *claimRef) bool {
	e := c.entries[ref.key]
	return e != nil && e.state != nil && e.state.marked
}

// count moves a NodeClaim to a set of a pool; those without a pool are not
// counted.
func (c *Cluster) count(ref *claimRef, pool string, set claimSet) {
	if pool == "" {
		set = notCounted
	}
	if ref.pool == pool && ref.set == set {
		return
	}
	name := ref.claim.Name
	if ref.set != notCounted {
		p := c.poolClaims[ref.pool]
		delete(p.sets[ref.set], name)
		c.settle(ref.pool, p)
	}
	ref.pool, ref.set = pool, set
	if set == notCounted {
		return
	}
	p := c.poolClaims[pool]
	if p == nil {
		p = &poolClaims{}
		c.poolClaims[pool] = p
	}
	if p.sets[set] == nil {
		p.sets[set] = map[string]struct{}{}
	}
	p.sets[set][name] = struct{}{}
}

// settle forgets a pool of which nothing is counted or reserved.
func (c *Cluster) settle(pool string, p *poolClaims) {
	if p.empty() {
		delete(c.poolClaims, pool)
	}
}

// PoolNodeClaims are the names of a pool's NodeClaims, each in one list, sorted.
type PoolNodeClaims struct {
	Active, PendingDisruption, Deleting []string
}

// PoolNodeClaims lists the NodeClaims of a pool, unlaunched ones included
// (LIF-048). Its cost is linear in their number.
func (c *Cluster) PoolNodeClaims(pool string) PoolNodeClaims {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p := c.poolClaims[pool]
	if p == nil {
		return PoolNodeClaims{}
	}
	return PoolNodeClaims{
		Active:            slices.Sorted(maps.Keys(p.sets[active])),
		PendingDisruption: slices.Sorted(maps.Keys(p.sets[pendingDisruption])),
		Deleting:          slices.Sorted(maps.Keys(p.sets[deleting])),
	}
}

// Reserve speaks for room of a pool whose nodes are limited, and returns how
// many of the wanted nodes may be created (LIF-049). Each must be given back by
// [Cluster.Release] once its NodeClaim is in the model or will not come.
func (c *Cluster) Reserve(pool string, limit, wanted int64) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.poolClaims[pool]
	if p == nil {
		p = &poolClaims{}
		c.poolClaims[pool] = p
	}
	granted := max(min(wanted, limit-p.total()-p.reserved), 0)
	p.reserved += granted
	c.settle(pool, p)
	return granted
}

// Release gives back room that was reserved.
func (c *Cluster) Release(pool string, nodes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.poolClaims[pool]; p != nil {
		p.reserved = max(p.reserved-nodes, 0)
		c.settle(pool, p)
	}
}
