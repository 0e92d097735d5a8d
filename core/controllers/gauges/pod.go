// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
)

// pod is what is remembered of a pod, which is little: there may be many.
type pod struct {
	uid         types.UID
	owner, node string
	phase       corev1.PodPhase
	created     time.Time
	// ready and scheduled are when the conditions became true; zero while they
	// are not.
	ready, scheduled time.Time
	// starting pods were seen Pending and have not become Ready, binding ones
	// were seen Pending and still are.
	starting, binding bool
}

// newPod returns what there is to a pod that was not seen before.
func newPod(o *corev1.Pod) pod {
	pending := o.Status.Phase == corev1.PodPending
	return pod{
		uid: o.UID, owner: owner(o), node: o.Spec.NodeName, phase: o.Status.Phase, created: o.CreationTimestamp.Time,
		ready: since(o, corev1.PodReady), scheduled: since(o, corev1.PodScheduled),
		starting: pending, binding: pending,
	}
}

// owner is the path of the first owner, empty without one (OPS-128).
func owner(o *corev1.Pod) string {
	if len(o.OwnerReferences) == 0 {
		return ""
	}
	first := &o.OwnerReferences[0]
	return "/apis/" + first.APIVersion + "/namespaces/" + o.Namespace + "/" + strings.ToLower(first.Kind) + "s/" + first.Name
}

func since(o *corev1.Pod, condition corev1.PodConditionType) time.Time {
	for i := range o.Status.Conditions {
		if c := &o.Status.Conditions[i]; c.Type == condition && c.Status == corev1.ConditionTrue {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

func (p pod) terminal() bool { return p.phase == corev1.PodSucceeded || p.phase == corev1.PodFailed }

// waits reports whether the pod may have anything left to wait for.
func (p pod) waits() bool { return p.starting || p.binding || p.unsettled() }

// unsettled reports whether the pod has neither got a node nor ended.
func (p pod) unsettled() bool { return p.node == "" && p.scheduled.IsZero() && !p.terminal() }

// values are those of the labels of karpenter_pods_state.
func (p pod) values(key types.NamespacedName, node map[string]string) []string {
	pool := node[v1.NodePoolLabelKey]
	return []string{
		key.Name, key.Namespace, p.owner, p.node, strconv.FormatBool(p.node != ""),
		pool, node[corev1.LabelTopologyZone], node[corev1.LabelArchStable],
		node[v1.CapacityTypeLabelKey], node[corev1.LabelInstanceTypeStable],
		string(p.phase), strconv.FormatBool(!p.ready.IsZero()), strconv.FormatBool(pool != ""),
	}
}
