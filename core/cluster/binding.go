// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster/volume"
)

// Pods count by the name of their node, whether or not the Node is tracked: a
// state node takes over what is counted under the name of its Node as soon as
// it has one. So no pod is left uncounted by the order of events (LIF-031), and
// the binding of a pod's name is unique (LIF-032).

// UpdatePod takes in a pod as the API server has it, with its volumes.
func (c *Cluster) UpdatePod(pod *corev1.Pod, volumes volume.Resolution) {
	before := c.boundPod(podKey(pod))
	if before != nil && before.current(pod, volumes) {
		return
	}
	var p *Pod
	if counts(pod) {
		p = newPod(c.compiler(), pod, volumes, before)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.daemons.observe(pod) {
		c.renewDaemons()
	}
	c.depart(podKey(pod), false)
	c.expect(pod)
	if p == nil {
		if pod.Status.Phase == corev1.PodSucceeded {
			c.leave(pod.Spec.NodeName, newPod(c.epoch.compiler, pod, volumes, before), false)
		}
		c.unbind(podKey(pod), pod.DeletionTimestamp != nil)
		return
	}
	c.bind(p)
}

// current reports whether the model has nothing to learn from a version of the
// pod.
func (p *Pod) current(pod *corev1.Pod, volumes volume.Resolution) bool {
	if supersedes(pod, p.Pod) {
		return false
	}
	return p.ResourceVersion != pod.ResourceVersion || // older
		p.settled == volumes.Settled && slices.Equal(p.Volumes, volumes.Attachments)
}

func (c *Cluster) boundPod(key types.NamespacedName) *Pod {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.bound[key]
}

// DeletePod takes in that a pod is gone.
func (c *Cluster) DeletePod(key types.NamespacedName) {
	c.Decisions.Forget(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.daemons.forgetPod(key)
	c.depart(key, true)
	delete(c.expected, key)
	c.unbind(key, true)
	c.consolidation.touch(c.clock.Now())
}

// bind counts a pod on its node, instead of an earlier version.
func (c *Cluster) bind(p *Pod) {
	key := p.Key()
	before := c.bound[key]
	if before != nil && before.Spec.NodeName != p.Spec.NodeName {
		c.unbind(key, false)
		before = nil
	}
	c.bound[key] = p
	set := c.onNode[p.Spec.NodeName]
	if set == nil {
		set = noPods
	}
	c.onNode[p.Spec.NodeName] = set.with(p)
	c.republish(p.Spec.NodeName)
	if before == nil || !sameDisruption(before, p) {
		c.consolidation.touch(c.clock.Now())
	}
}

// unbind takes a pod off the node it counts on, if any; deleted says whether that is
// because somebody deleted it.
func (c *Cluster) unbind(key types.NamespacedName, deleted bool) {
	p := c.bound[key]
	if p == nil {
		return
	}
	delete(c.bound, key)
	name := p.Spec.NodeName
	c.leave(name, p, deleted)
	if set := c.onNode[name].without(key); len(set.pods) > 0 {
		c.onNode[name] = set
	} else {
		delete(c.onNode, name)
	}
	c.republish(name)
	c.consolidation.touch(c.clock.Now())
}
