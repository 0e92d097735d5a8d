// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	v1 "karpenter.sh/core/apis/v1"
)

// lost are the keys of the state nodes whose NodeClaim was registered and whose
// Node is gone. Such a NodeClaim is not in flight: whether the machine still runs
// is not known, so nothing is placed there until the Node is back (LIF-054). A
// Node that the model knows but does not track yet is back.
func (c *Cluster) lost() map[string]bool {
	var out map[string]bool
	for _, n := range c.order {
		if n.node != nil || n.claim.Status.NodeName == "" || !isTrue(n.claim, v1.ConditionTypeRegistered) {
			continue
		}
		if c.nodes[n.claim.Status.NodeName] == nil {
			if out == nil {
				out = map[string]bool{}
			}
			out[n.key] = true
		}
	}
	return out
}

// Lost reports whether the Node of a NodeClaim that was registered is gone.
func (s *Snapshot) Lost(n *StateNode) bool { return s.lostKeys[n.key] }

// homeless are the names of Nodes that went while pods counted there, by name.
// What is remembered ends when the last of the pods is gone or a Node of the name
// is there again.
func (c *Cluster) homeless() []string {
	var out []string
	for name := range c.gone {
		if _, counted := c.onNode[name]; !counted || c.nodes[name] != nil {
			delete(c.gone, name)
			continue
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Homeless are the names of Nodes that are gone although pods still count there,
// by name. Nobody runs these pods, and their controllers make others only once
// somebody has deleted them (SCH-007).
func (s *Snapshot) Homeless() []string { return s.homeless }

// Homeless reports whether pods count on a Node that is gone.
func (c *Cluster) Homeless(nodeName string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	_, counted := c.onNode[nodeName]
	return c.gone[nodeName] && counted && c.nodes[nodeName] == nil
}
