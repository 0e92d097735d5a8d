// SPDX-License-Identifier: Apache-2.0

package repair

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/repair"
)

// diagnosis is what is wrong with a Node.
type diagnosis struct {
	repair.Sickness
	condition corev1.NodeCondition
}

// diagnose returns the condition that decides about a Node, and false if nothing is wrong
// with it or it is not ours. What it finds it remembers until the next look.
func (c *Controller) diagnose(node *corev1.Node, now time.Time) (diagnosis, bool) {
	if !c.managed(node) {
		c.sightings.forget(client.ObjectKeyFromObject(node))
		return diagnosis{}, false
	}
	unhealthy := cloudprovider.FindUnhealthy(c.Policies, node.Status.Conditions)
	seen := c.sightings.look(node, unhealthy, now)
	sicknesses := make([]repair.Sickness, len(unhealthy))
	for i, u := range unhealthy {
		sicknesses[i] = repair.Sickness{
			Stated: u.Condition.LastTransitionTime.Time, Seen: seen[i], Toleration: u.Policy.TolerationDuration,
		}
	}
	first := repair.First(sicknesses)
	if first < 0 {
		return diagnosis{}, false
	}
	return diagnosis{Sickness: sicknesses[first], condition: unhealthy[first].Condition}, true
}

// sightings remembers when each condition of the Nodes that are broken was first seen. The
// zero value is ready for use by any number of goroutines.
type sightings struct {
	mu    sync.Mutex
	nodes map[types.NamespacedName]sighting
}

// sighting is what was seen of one Node.
type sighting struct {
	uid  types.UID
	seen map[identity]time.Time
}

// identity tells a condition from a later one of its type.
type identity struct {
	kind   corev1.NodeConditionType
	status corev1.ConditionStatus
	since  int64 // Unix seconds, which is what an API object has
}

func identityOf(c corev1.NodeCondition) identity {
	return identity{kind: c.Type, status: c.Status, since: c.LastTransitionTime.Unix()}
}

// look returns when each of the conditions was first seen, and forgets what else was
// remembered of the Node.
func (s *sightings) look(node *corev1.Node, unhealthy []cloudprovider.Unhealthy, now time.Time) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := client.ObjectKeyFromObject(node)
	before := s.nodes[key]
	if before.uid != node.UID {
		before = sighting{}
	}
	out := make([]time.Time, len(unhealthy))
	after := sighting{uid: node.UID, seen: map[identity]time.Time{}}
	for i, u := range unhealthy {
		id := identityOf(u.Condition)
		first, known := before.seen[id]
		if !known || first.After(now) { // a clock that was set back must not delay it
			first = now
		}
		out[i], after.seen[id] = first, first
	}
	switch {
	case len(unhealthy) == 0:
		delete(s.nodes, key)
	case s.nodes == nil:
		s.nodes = map[types.NamespacedName]sighting{key: after}
	default:
		s.nodes[key] = after
	}
	return out
}

// forget drops what is remembered of a Node.
func (s *sightings) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.nodes, key)
}
