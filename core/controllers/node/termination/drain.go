// SPDX-License-Identifier: Apache-2.0

package termination

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/drain"
	"karpenter.sh/core/objects/pods"
	"karpenter.sh/core/reconcile/index"
)

// drain has the pods of the Node leave and waits until they have (LIF-140..146).
func (c *Controller) drain(ctx context.Context, p *pass) (verdict, error) {
	list, err := index.Pods(ctx, c.Client, p.node.Name)
	if err != nil {
		return verdict{}, err
	}
	p.pods = list
	in := drain.Input{Pods: make([]drain.Pod, len(list)), Deadline: p.deadline, Since: p.drainingSince(), Now: p.now}
	for i := range list {
		in.Pods[i] = pods.ForDrain(&list[i])
		if in.Pods[i].Waiting(p.now) {
			c.reportProtection(&list[i], in.Pods[i], p.now)
		}
	}
	d := drain.Decide(in)
	c.submit(p, d.Force, d.Evict)
	if !d.Complete {
		if d.Waiting > 0 {
			c.Recorder.Publish(podsWaiting(p.node, d, p.names(d.Protected)))
		}
		return wait(d.Recheck), nil
	}
	c.drained(p)
	return verdict{}, nil
}

// names are those of pods, by their indexes.
func (p *pass) names(pods []int) []string {
	out := make([]string, len(pods))
	for i, n := range pods {
		out[i] = p.pods[n].Namespace + "/" + p.pods[n].Name
	}
	return out
}

// drainingSince returns when draining began, which it notes in the first pass;
// zero when there is no minimum time to keep (LIF-145).
func (p *pass) drainingSince() time.Time {
	if p.owner == nil || p.conditions.IsTrue(v1.ConditionTypeDrained) {
		return time.Time{}
	}
	p.conditions.SetUnknownWithReason(v1.ConditionTypeDrained, "Draining", "Draining")
	return p.conditions.Get(v1.ConditionTypeDrained).LastTransitionTime.Time
}

// submit hands pods over to the evictor, those that must go first.
func (c *Controller) submit(p *pass, groups ...[]int) {
	for _, group := range groups {
		pods := make([]*corev1.Pod, len(group))
		for i, n := range group {
			pods[i] = &p.pods[n]
		}
		c.Evictor.Submit(p.node, p.deadline, pods...)
	}
}

// drained notes the end of the drain. It is counted once: later passes find the
// condition True.
func (c *Controller) drained(p *pass) {
	if p.owner == nil || p.conditions.IsTrue(v1.ConditionTypeDrained) {
		return
	}
	p.conditions.SetTrue(v1.ConditionTypeDrained)
	p.effects = append(p.effects, func() { c.Nodes.Drained(p.node) })
}

// reportProtection tells on a pod what its do-not-disrupt annotation amounts to.
func (c *Controller) reportProtection(pod *corev1.Pod, state drain.Pod, now time.Time) {
	value, ok := pod.Annotations[v1.DoNotDisruptAnnotationKey]
	if !ok {
		return
	}
	until, limited := state.Protection.Until(state.Started)
	switch {
	case state.Protection.Invalid():
		c.Recorder.Publish(invalidDoNotDisrupt(pod, value))
	case limited && state.Protected(now):
		c.Recorder.Publish(doNotDisruptUntil(pod, until))
	case limited:
		c.Recorder.Publish(doNotDisruptElapsed(pod))
	}
}
