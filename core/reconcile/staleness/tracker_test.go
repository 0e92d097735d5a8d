// SPDX-License-Identifier: Apache-2.0

package staleness_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/reconcile/staleness"
)

func node(uid, version string, deleting bool) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: types.UID(uid), ResourceVersion: version}}
	if deleting {
		now := metav1.Now()
		n.DeletionTimestamp = &now
	}
	return n
}

// LIF-007
func TestStale(t *testing.T) {
	wrote := func(tr *staleness.Tracker) { tr.Wrote(node("a", "100", false)) }
	deleted := func(tr *staleness.Tracker) { tr.Deleted(node("a", "100", false)) }
	released := func(tr *staleness.Tracker) { tr.Released(node("a", "100", true)) }
	tests := []struct {
		name  string
		write func(*staleness.Tracker)
		read  *corev1.Node
		want  bool
	}{
		{"nothing was written", func(*staleness.Tracker) {}, node("a", "1", false), false},
		{"the read is older than the write", wrote, node("a", "99", false), true},
		{"versions compare as numbers", wrote, node("a", "9", false), true},
		{"the read is the write", wrote, node("a", "100", false), false},
		{"the read is newer", wrote, node("a", "1000", false), false},
		{"another object of the name", wrote, node("b", "1", false), false},
		{"the deletion is not seen yet", deleted, node("a", "101", false), true},
		{"the deletion is seen", deleted, node("a", "101", true), false},
		{"the finalizer is still seen", released, node("a", "99", true), true},
		{"the object went with its finalizer", released, node("a", "100", true), true},
		{"somebody put the finalizer back", released, node("a", "101", true), false},
		{"another object of the name released", released, node("b", "100", false), false},
		{"versions nobody can compare", wrote, node("a", "x", false), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var tracker staleness.Tracker
			tt.write(&tracker)
			if got := tracker.Stale(tt.read); got != tt.want {
				t.Errorf("Stale() = %v, want %v", got, tt.want)
			}
			if again := tracker.Stale(tt.read); again != tt.want {
				t.Error("a second look at the same read differs")
			}
		})
	}
}

func TestForgets(t *testing.T) {
	var tracker staleness.Tracker
	tracker.Wrote(node("a", "100", false))
	if tracker.Stale(node("a", "100", false)); tracker.Stale(node("a", "99", false)) {
		t.Error("an entry outlives the read that caught up")
	}
	tracker.Wrote(node("a", "100", false))
	tracker.Forget(types.NamespacedName{Name: "n"})
	if tracker.Stale(node("a", "99", false)) {
		t.Error("an entry outlives its object")
	}
}
