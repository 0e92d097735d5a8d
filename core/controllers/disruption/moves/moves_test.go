// SPDX-License-Identifier: Apache-2.0

package moves_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/controllers/disruption/moves"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func pod(owner string, age time.Duration) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "p", CreationTimestamp: metav1.NewTime(now.Add(-age))}}
	if yes := true; owner != "" {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: owner, Controller: &yes}}
	}
	return p
}

// DIS-171, DIS-172
func TestMoves(t *testing.T) {
	var l moves.Ledger
	l.Record(now.Add(-2*time.Hour), []*corev1.Pod{pod("web", 5*time.Hour)})
	l.Record(now.Add(-40*time.Minute), []*corev1.Pod{pod("web", 5*time.Hour), pod("web", 5*time.Hour), pod("", 5*time.Hour)})
	recent := l.Since(now.Add(-time.Hour))
	if recent.Count("default/ReplicaSet/web") != 2 || recent.Count("") != 0 {
		t.Errorf("recent moves are %v", recent)
	}
	for _, test := range []struct {
		why  string
		pod  *corev1.Pod
		want bool
	}{
		{"it was there before", pod("web", 5*time.Hour), false},
		{"it came at once", pod("web", 40*time.Minute), true},
		{"it came when the node was drained", pod("web", 30*time.Minute), true},
		{"it came much later", pod("web", 5*time.Minute), false},
		{"it is of another workload", pod("other", 40*time.Minute), false},
		{"it is of none", pod("", 40*time.Minute), false},
	} {
		test.pod.UID = "it"
		if got := recent.Moved(slices.Values([]*corev1.Pod{test.pod}))["it"]; got != test.want {
			t.Errorf("%s: moved %v", test.why, got)
		}
	}
	var all []*corev1.Pod
	for i, uid := range []types.UID{"third", "second", "first"} {
		p := pod("web", time.Duration(20+i)*time.Minute)
		p.UID = uid
		all = append(all, p)
	}
	if got := recent.Moved(slices.Values(all)); len(got) != 2 || got["third"] {
		t.Errorf("two were moved, and of three that came since %v count", got)
	}
	if again := l.Since(now); len(again) != 0 {
		t.Errorf("moves are not forgotten: %v", again)
	}
}
