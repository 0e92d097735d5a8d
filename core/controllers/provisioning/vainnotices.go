// SPDX-License-Identifier: Apache-2.0

package provisioning

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/controllers/provisioning/launches"
	"karpenter.sh/core/events"
)

// inVain tells a pod and the pool that a node was launched in vain, with the words
// of the scheduler (SCH-303). Either may be nil.
func (n *notices) inVain(v launches.Verdict, pod *corev1.Pod, pool *v1.NodePool) {
	const reason = events.LaunchedInVain
	name := "The node of nodeclaim " + v.NodeClaim
	if v.Node != "" {
		name = "Node " + v.Node + " (nodeclaim " + v.NodeClaim + ")"
	}
	dedupe := []string{v.NodeClaim, string(v.Workload)}
	if pod != nil {
		n.recorder.Publish(events.Event{
			Object: pod, Type: events.Warning, Reason: reason,
			Message:      name + " was launched for this pod and " + v.Why,
			DedupeValues: dedupe, DedupeTimeout: time.Minute,
		})
	}
	if pool != nil {
		who := "a pod"
		if pod != nil {
			who = "pod " + pod.Namespace + "/" + pod.Name
		}
		n.recorder.Publish(events.Event{
			Object: pool, Type: events.Warning, Reason: reason,
			Message:      name + " was launched for " + who + " and " + v.Why,
			DedupeValues: dedupe, DedupeTimeout: time.Minute,
		})
	}
}

// disagrees tells a pod and the node that should take it that it does not get
// there, with what keeps it away until others have their place (SCH-304).
func (n *notices) disagrees(pod *corev1.Pod, node *cluster.StateNode, until string) {
	const reason = events.SchedulerDisagrees
	says := schedulerSays(pod)
	if says == "" {
		says = "nothing"
	}
	but := " as far as Karpenter can tell, but the scheduler says: " + says
	if until != "" {
		but = " as far as Karpenter can tell, once other pods have their place (until then " + until + "), but the scheduler says: " + says
	}
	dedupe := []string{string(pod.UID), node.Key()}
	n.recorder.Publish(events.Event{
		Object: pod, Type: events.Warning, Reason: reason,
		Message:      "There is room for this pod on " + destination(node) + but,
		DedupeValues: dedupe, DedupeTimeout: time.Hour,
	}, events.Event{
		Object: node.Node(), Type: events.Warning, Reason: reason,
		Message:      "There is room for pod " + pod.Namespace + "/" + pod.Name + but,
		DedupeValues: dedupe, DedupeTimeout: time.Hour,
	})
}
