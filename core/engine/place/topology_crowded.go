// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/topology"
)

// takenIn are the variants of a pool whose nodes do not take the route's pods
// although they have room: daemons take a host port, or topology rules on the
// hostname count too many of them (SCH-101, SCH-126), or nodes turned out to get
// taints that the pods do not tolerate (SCH-300).
func (r *route) takenIn(p *pool) bitset.Set {
	out := p.Tainted(r.class.Tolerations, r.SoftTaints)
	if len(r.class.Ports) > 0 {
		out = union(out, p.PortConflicts(r.class.Ports))
	}
	for _, x := range r.onHosts {
		if most, counts := x.bearable(); counts && !x.Daemons.Empty() {
			out = union(out, p.Crowded(x.Daemons, most))
		}
	}
	return out
}

// bearable is how many counted pods a node may hold for one more pod to land
// there; false for rules that do not mind them.
func (x rule) bearable() (int, bool) {
	switch {
	case x.Kind == topology.AntiAffinity:
		return 0, true
	case x.Kind == topology.Spread && x.self:
		return int(x.MaxSkew) - 1, true
	case x.Kind == topology.Spread:
		return int(x.MaxSkew), true
	}
	return 0, false
}

// crowded reports whether more than room keeps some of the bin's pods from some
// variants of its pool.
func (b *bin) crowded() bool {
	if len(b.attached) > 0 {
		return true
	}
	for _, r := range b.routes {
		if !r.pools[b.pool.index].taken.Empty() {
			return true
		}
	}
	return false
}
