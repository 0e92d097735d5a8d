// SPDX-License-Identifier: Apache-2.0

package world

import (
	"slices"

	"karpenter.sh/core/cloudprovider"
)

// Copy is an equal world that shares no object with this one, with its nodes and
// pods listed the other way round. Pods that wait keep their order.
func (w *World) Copy() *World {
	out := &World{
		Namespaces: copies(w.Namespaces), DaemonSets: copies(w.DaemonSets), Nodes: copies(w.Nodes),
		NodeClaims: copies(w.NodeClaims), Bound: copies(w.Bound), Pending: copies(w.Pending), Leaving: copies(w.Leaving), Zones: slices.Clone(w.Zones),
		Claims: copies(w.Claims), Volumes: copies(w.Volumes), Classes: copies(w.Classes), CSINodes: copies(w.CSINodes),
		Drivers: copies(w.Drivers), Room: copies(w.Room),
	}
	slices.Reverse(out.Nodes)
	slices.Reverse(out.NodeClaims)
	slices.Reverse(out.Bound)
	for _, p := range w.Pools {
		types := make([]*cloudprovider.InstanceType, len(p.Types))
		for i, it := range p.Types {
			types[i] = it.Copy()
		}
		out.Pools = append(out.Pools, Pool{NodePool: p.NodePool.DeepCopy(), Types: types})
	}
	return out
}

func copies[T interface{ DeepCopy() T }](objects []T) []T {
	out := make([]T, len(objects))
	for i, o := range objects {
		out[i] = o.DeepCopy()
	}
	return out
}
