// SPDX-License-Identifier: Apache-2.0

package pace_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/reconcile/pace"
)

func node(uid types.UID) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: uid}}
}

func TestPace(t *testing.T) {
	var p pace.Pace
	now := time.Unix(0, 0)
	if got := p.Wait(node("a"), now); got != 0 {
		t.Errorf("the first turn waits %v", got)
	}
	p.Next(node("a"), now.Add(5*time.Second))
	if got := p.Wait(node("a"), now.Add(time.Second)); got != 4*time.Second {
		t.Errorf("the second turn waits %v, want 4s", got)
	}
	if got := p.Wait(node("b"), now); got != 0 {
		t.Errorf("another object of the name waits %v", got)
	}
	if got := p.Wait(node("a"), now.Add(time.Hour)); got != 0 {
		t.Errorf("an overdue turn waits %v", got)
	}
	p.Forget(types.NamespacedName{Name: "n"})
	if got := p.Wait(node("a"), now); got != 0 {
		t.Errorf("a forgotten object waits %v", got)
	}
}
