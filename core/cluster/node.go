// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/attach"
)

// nodeRef is a Node as the model knows it by name.
type nodeRef struct {
	node *corev1.Node
	key  string // of its state node; empty while it is not tracked
	// since is when the model first saw it.
	since time.Time
}

// nodeKey is the key under which a Node is tracked, empty if not yet (LIF-012):
// a Node of a pool waits for its provider ID and for its instance type.
func nodeKey(node *corev1.Node) string {
	pool, pooled := node.Labels[v1.NodePoolLabelKey]
	if node.Spec.ProviderID == "" {
		if pool != "" {
			return ""
		}
		return "node/" + node.Name
	}
	_, typed := node.Labels[corev1.LabelInstanceTypeStable]
	if pooled && !typed && node.Labels[v1.NodeInitializedLabelKey] == "" {
		return ""
	}
	return node.Spec.ProviderID
}

// UpdateNode takes in a Node as the API server has it.
func (c *Cluster) UpdateNode(node *corev1.Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref := c.nodes[node.Name]
	if ref == nil {
		ref = &nodeRef{since: c.clock.Now()}
		c.nodes[node.Name] = ref
	} else if !supersedes(node, ref.node) {
		return
	}
	key := nodeKey(node)
	if ref.key != key {
		c.detachNode(ref) // LIF-013
	}
	ref.node, ref.key = node, key
	if key == "" {
		return
	}
	e := c.entry(key)
	e.nodes = withObject(e.nodes, node)
	c.publish(e)
}

// DeleteNode takes in that a Node is gone. What its pods took is not counted
// until they are gone themselves or the Node is back.
func (c *Cluster) DeleteNode(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ref := c.nodes[name]; ref != nil {
		c.detachNode(ref)
		delete(c.nodes, name)
		c.gone[name] = true
	}
}

func (c *Cluster) detachNode(ref *nodeRef) {
	if ref.key == "" {
		return
	}
	e := c.entries[ref.key]
	e.nodes = withoutObject(e.nodes, ref.node.Name)
	ref.key = ""
	c.publish(e)
}

// republish makes the state node of a Node anew after something that is kept by
// the Node's name has changed.
func (c *Cluster) republish(nodeName string) {
	if ref := c.nodes[nodeName]; ref != nil && ref.key != "" {
		c.publish(c.entries[ref.key])
	}
}

// UpdateCSINode takes in how many volumes a node can attach (LIF-039).
func (c *Cluster) UpdateCSINode(node *storagev1.CSINode) {
	c.setVolumeLimits(node.Name, volume.LimitsOf(node))
}

// DeleteCSINode takes in that nothing limits the volumes of a node.
func (c *Cluster) DeleteCSINode(name string) { c.setVolumeLimits(name, nil) }

func (c *Cluster) setVolumeLimits(nodeName string, limits attach.Limits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if maps.Equal(c.volumeLimits[nodeName], limits) {
		return
	}
	if limits == nil {
		delete(c.volumeLimits, nodeName)
	} else {
		c.volumeLimits[nodeName] = limits
	}
	c.republish(nodeName)
}
