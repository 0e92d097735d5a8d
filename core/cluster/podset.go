// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/resource"
)

// podSet is the pods of one node, sorted by namespaced name. It is immutable;
// what follows from the pods is added up when first asked for, so that a burst
// of pods on a node costs one copy of pointers for each pod and one sum.
type podSet struct {
	pods []*Pod
	add  sync.Once
	sums usage
}

// usage is what the pods of a node take together.
type usage struct {
	requests, limits             resource.Vector
	daemonRequests, daemonLimits resource.Vector
	disruptionCost               float64
	hostPorts                    hostport.Ports
	volumes                      attach.Usage
	antiAffinity                 []*Pod
	system                       resource.Vector // of daemons and static pods that stay
	workload                     int             // pods that are neither
}

var noPods = &podSet{}

func compareKeys(a, b types.NamespacedName) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}

func (s *podSet) search(key types.NamespacedName) (int, bool) {
	return slices.BinarySearchFunc(s.pods, key, func(p *Pod, k types.NamespacedName) int {
		return compareKeys(p.Key(), k)
	})
}

// with returns the set with a pod added or replaced.
func (s *podSet) with(p *Pod) *podSet {
	i, found := s.search(p.Key())
	pods := make([]*Pod, 0, len(s.pods)+1)
	pods = append(append(pods, s.pods[:i]...), p)
	if found {
		i++
	}
	return &podSet{pods: append(pods, s.pods[i:]...)}
}

// without returns the set less a pod.
func (s *podSet) without(key types.NamespacedName) *podSet {
	i, found := s.search(key)
	if !found {
		return s
	}
	pods := make([]*Pod, 0, len(s.pods)-1)
	return &podSet{pods: append(append(pods, s.pods[:i]...), s.pods[i+1:]...)}
}

// usage adds the pods up in their order, so that the result does not depend on
// the order of events. It must not be changed.
func (s *podSet) usage() *usage {
	s.add.Do(func() {
		s.sums.disruptionCost = 1
		s.sums.volumes = attach.Usage{}
		for _, p := range s.pods {
			s.sums.count(p)
		}
	})
	return &s.sums
}

func (u *usage) count(p *Pod) {
	u.requests, u.limits = u.requests.Add(p.Requests), u.limits.Add(p.Limits)
	if p.Daemon {
		u.daemonRequests, u.daemonLimits = u.daemonRequests.Add(p.Requests), u.daemonLimits.Add(p.Limits)
	}
	switch {
	case !p.System():
		u.workload++
	case p.DeletionTimestamp == nil:
		u.system = u.system.Add(p.Requests)
	}
	if p.EvictionCost > 0 && p.Reschedulable() {
		u.disruptionCost += p.EvictionCost
	}
	u.hostPorts = append(u.hostPorts, p.HostPorts...)
	u.volumes.Add(p.Volumes)
	if p.antiAffinity {
		u.antiAffinity = append(u.antiAffinity, p)
	}
}
