// SPDX-License-Identifier: Apache-2.0

package census_test

import (
	"testing"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/census"
)

func TestWhy(t *testing.T) {
	bound := corev1.Pod{Spec: corev1.PodSpec{NodeName: "n"}}
	launching := v1.NodeClaim{}
	launching.Status.Conditions = []status.Condition{
		{Type: "Launched", Status: metav1.ConditionTrue}, {Type: "Ready", Status: metav1.ConditionFalse},
		{Type: "Registered", Status: metav1.ConditionUnknown, Reason: "NodeNotFound"},
	}
	leaving := v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &metav1.Time{}}}
	got := census.Why([]corev1.Pod{{}, {}, bound}, []v1.NodeClaim{launching, leaving, {}}, nil)
	const want = `Pods that have no node:
      2 × Karpenter has said nothing about them
NodeClaims that are not ready:
      1 × Registered: NodeNotFound
      1 × on its way out
`
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	if got := census.Why([]corev1.Pod{bound}, []v1.NodeClaim{{}}, nil); got != "" {
		t.Errorf("nothing is held up, and yet: %s", got)
	}
}
