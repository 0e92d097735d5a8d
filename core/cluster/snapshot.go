// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

// Snapshot is the model at one moment. Nothing alters it (LIF-061). Safe for
// concurrent use.
type Snapshot struct {
	// Taken is the moment.
	Taken time.Time
	// ConsolidationState is that of the moment; see [Cluster.ConsolidationState].
	ConsolidationState uint64

	epoch      *epoch
	nodes      order
	pools      pools
	unlaunched []*Unlaunched
	counts     map[string]*counted // of topology rules, by identity
	keep       func(*intake.TopologyRule)
	lostKeys   map[string]bool
	homeless   []string
	age        func()
	gone       map[kind]remembered
	served     func(nodeClaim string) bool

	targets  func() *Targets
	evidence func() map[string]intake.Evidence
	byKey    func() map[string]*StateNode
	awaiting func() map[types.NamespacedName]string
	bound    func() map[types.NamespacedName]placedPod
}

// Snapshot returns the model as it is. It costs a copy of one pointer for each
// node, and whatever is asked of the snapshot is worked out then and once.
func (c *Cluster) Snapshot() *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &Snapshot{
		Taken:              c.clock.Now(),
		ConsolidationState: c.consolidationState(),
		epoch:              c.currentEpoch(),
		nodes:              slices.Clone(c.order),
		pools:              maps.Clone(c.pools),
		unlaunched:         c.unlaunchedByName(),
		counts:             c.census.share(),
		keep:               c.keep,
		lostKeys:           c.lost(),
		homeless:           c.homeless(),
		age:                c.age,
		gone:               c.evidence,
		served:             c.Served,
	}
	s.targets = sync.OnceValue(s.makeTargets)
	s.evidence = sync.OnceValue(s.makeEvidence)
	s.byKey = sync.OnceValue(s.indexNodes)
	s.awaiting = sync.OnceValue(s.indexAwaiting)
	s.bound = sync.OnceValue(s.indexBound)
	return s
}

// Compiler is the generation of names that the snapshot's nodes are compiled
// with. Everything that is decided together with them must be compiled with it
// too: never keep a compiler beyond its snapshot.
func (s *Snapshot) Compiler() *intake.Compiler { return s.epoch.compiler }

// Nodes are all state nodes, initialized ones first, then by name. The caller
// must not change the slice.
func (s *Snapshot) Nodes() []*StateNode { return s.nodes }

// Node returns the state node of a key, or nil.
func (s *Snapshot) Node(key string) *StateNode { return s.byKey()[key] }

func (s *Snapshot) indexNodes() map[string]*StateNode {
	out := make(map[string]*StateNode, len(s.nodes))
	for _, n := range s.nodes {
		out[n.key] = n
	}
	return out
}

// Daemons are pods that represent the DaemonSets, by namespace and name
// (SCH-120). Equal pointers are equal daemons.
func (s *Snapshot) Daemons() []*corev1.Pod { return s.epoch.daemons }

// Capacity is the sum of capacity of a pool's nodes that are not marked for
// deletion (LIF-047), with [resource.Nodes].
func (s *Snapshot) Capacity(pool string) resource.Vector { return s.pools[pool] }

// Usage is what counts against the limits of a pool: its capacity, and that of
// its NodeClaims that are not launched (SCH-200, LIF-069).
func (s *Snapshot) Usage(pool string) resource.Vector {
	sum := s.pools[pool].Clone()
	for _, u := range s.unlaunched {
		if u.NodePool() == pool && u.NodeClaim.DeletionTimestamp == nil {
			sum = sum.Add(u.charge)
		}
	}
	return sum
}

// Unlaunched are the NodeClaims without a provider ID, by name.
func (s *Snapshot) Unlaunched() []*Unlaunched { return s.unlaunched }

// Held are the reservations that the NodeClaims without a provider ID may draw
// on, once for each: the provider does not count them yet (SCH-211).
func (s *Snapshot) Held() []constraint.Label {
	var out []constraint.Label
	for _, u := range s.unlaunched {
		if u.NodeClaim.DeletionTimestamp == nil {
			out = append(out, s.epoch.compiler.Held(u.NodeClaim)...)
		}
	}
	return out
}

// Awaiting returns the NodeClaim that was created for a pod and is not launched
// yet. Such a pod must not be provisioned again (LIF-069).
func (s *Snapshot) Awaiting(pod types.NamespacedName) (nodeClaim string, ok bool) {
	nodeClaim, ok = s.awaiting()[pod]
	return nodeClaim, ok
}

func (s *Snapshot) indexAwaiting() map[types.NamespacedName]string {
	out := map[types.NamespacedName]string{}
	for _, u := range s.unlaunched {
		if !u.awaited(s.Taken) {
			continue
		}
		for _, pod := range u.Pods {
			out[pod] = u.NodeClaim.Name
		}
	}
	return out
}

// Bound reports whether a pod counts on a node. A list of pods that is read
// after the snapshot may still show it as waiting; providing for it would give
// it capacity twice (SCH-021).
func (s *Snapshot) Bound(pod *corev1.Pod) bool {
	b, ok := s.bound()[podKey(pod)]
	return ok && b.pod.UID == pod.UID
}

// placedPod is a pod with the node that it counts on.
type placedPod struct {
	pod  *Pod
	node *StateNode
}

func (s *Snapshot) indexBound() map[types.NamespacedName]placedPod {
	out := map[types.NamespacedName]placedPod{}
	for _, n := range s.nodes {
		for _, p := range n.pods.pods {
			out[p.Key()] = placedPod{p, n}
		}
	}
	return out
}

// AntiAffinityPods yields every pod with required anti-affinity that counts on a
// node, with that node (LIF-050).
func (s *Snapshot) AntiAffinityPods() iter.Seq2[*Pod, *StateNode] {
	return func(yield func(*Pod, *StateNode) bool) {
		for _, n := range s.nodes {
			for _, p := range n.pods.usage().antiAffinity {
				if !yield(p, n) {
					return
				}
			}
		}
	}
}
