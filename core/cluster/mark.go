// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/objects/pods"
)

// MarkForDeletion says that disruption has decided to give nodes up, by key of
// the state node. Keys that are not known are ignored (LIF-045).
func (c *Cluster) MarkForDeletion(keys ...string) { c.setDisrupting(true, keys) }

// UnmarkForDeletion takes back what MarkForDeletion said. Nodes that are on
// their way out for another reason stay marked.
func (c *Cluster) UnmarkForDeletion(keys ...string) { c.setDisrupting(false, keys) }

func (c *Cluster) setDisrupting(disrupting bool, keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range keys {
		if e := c.entries[key]; e != nil && e.disrupting != disrupting {
			e.disrupting = disrupting
			c.publish(e)
		}
	}
}

// Nominate says that pods were placed on existing nodes, which keeps disruption
// away from them for the nomination window (LIF-046, SCH-239).
func (c *Cluster) Nominate(keys ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.clock.Now().Add(c.nominationWindow)
	for _, key := range keys {
		if e := c.entries[key]; e != nil {
			e.nominatedUntil = until
			c.publish(e)
		}
	}
}

// expect keeps disruption away from a node that a pod has been nominated to, for
// the nomination window from the first that is seen of it (LIF-046).
func (c *Cluster) expect(pod *corev1.Pod) {
	key, node := podKey(pod), pod.Status.NominatedNodeName
	if node == "" || pod.Spec.NodeName != "" || pods.Terminal(pod) {
		delete(c.expected, key)
		return
	}
	ref := c.nodes[node]
	if c.expected[key] == node || ref == nil || c.entries[ref.key] == nil {
		return
	}
	c.expected[key] = node
	e := c.entries[ref.key]
	e.nominatedUntil = c.clock.Now().Add(c.nominationWindow)
	c.publish(e)
}

// SetBufferPods replaces what is known of pods of capacity buffers: how many sit
// on each node, by key (LIF-051).
func (c *Cluster) SetBufferPods(counts map[string]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, e := range c.entries {
		if e.bufferPods != counts[key] {
			e.bufferPods = counts[key]
			c.publish(e)
		}
	}
}

// MarkPendingDisruption says that NodeClaims, by name, belong to a command that
// is about to start. They count as such until they are marked for deletion or
// unmarked (EXT-124).
func (c *Cluster) MarkPendingDisruption(names ...string) {
	c.reclassify(names, func(ref *claimRef) { ref.pendingDisruption = true })
}

// UnmarkPendingDisruption takes back what MarkPendingDisruption said.
func (c *Cluster) UnmarkPendingDisruption(names ...string) {
	c.reclassify(names, func(ref *claimRef) { ref.pendingDisruption = false })
}

// RequestedDeletion says that the API server accepted the deletion of
// NodeClaims: they count as deleting before the watch tells (EXT-132).
func (c *Cluster) RequestedDeletion(names ...string) {
	c.reclassify(names, func(ref *claimRef) { ref.deletionRequested = true })
}

func (c *Cluster) reclassify(names []string, change func(*claimRef)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if ref := c.claims[name]; ref != nil {
			change(ref)
			c.classify(ref)
		}
	}
}
