// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// EXT-143, EXT-145, LIF-164, LIF-240: a broken node is given up without regard to what
// protects its pods, whether or not lifecycle writes a deadline at the same time.
func TestNodeRepair(t *testing.T) {
	c := start(t)
	type broken struct {
		claim *v1.NodeClaim
		pod   *corev1.Pod
		node  *corev1.Node
	}
	var cases []broken
	for name, grace := range map[string]v1.Duration{"repaired": "", "repaired-in-time": "1h"} {
		claim := newNodeClaim(name)
		claim.Labels[v1.NodePoolLabelKey] = name // each is alone in its pool
		claim.Annotations = map[string]string{v1.NodePoolHashAnnotationKey: "1"}
		claim.Spec.TerminationGracePeriod = grace
		node := c.bringUp(claim)
		pod := newPod(name, node.Name, map[string]string{"app": name})
		pod.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: v1.LabelValueTrue}
		c.put(pod, newBudget(name, pod.Labels, 0))
		cases = append(cases, broken{claim, pod, node})
	}
	for _, it := range cases {
		c.breakDown(it.node)
	}
	for _, it := range cases {
		c.eventually(20*time.Second, "given up", func() bool { return c.get(it.pod) && it.pod.DeletionTimestamp != nil })
		if got := *it.pod.DeletionGracePeriodSeconds; got != 1 {
			t.Errorf("deleted with %d seconds of grace", got)
		}
		c.get(it.claim)
		deadline, err := time.Parse(time.RFC3339, it.claim.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey])
		if err != nil || deadline.After(time.Now()) || it.claim.DeletionTimestamp.IsZero() {
			t.Errorf("deadline %v, %v, deletion %v", deadline, err, it.claim.DeletionTimestamp)
		}
		c.end(it.pod)
		c.eventually(30*time.Second, "gone", func() bool { return !c.get(it.node) && !c.get(it.claim) })
	}
	if got := c.metric("karpenter_nodeclaims_unhealthy_disrupted_total", "condition", "ready"); got != 2 {
		t.Errorf("%v are counted", got)
	}
}

// breakDown makes a Node one that has not been ready for an hour.
func (c *cluster) breakDown(node *corev1.Node) {
	c.t.Helper()
	c.get(node)
	before := node.DeepCopy()
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionFalse, LastTransitionTime: metav1.NewTime(time.Now().Add(-time.Hour)),
	}}
	c.check(c.Status().Patch(c.t.Context(), node, client.MergeFrom(before)))
}
