// SPDX-License-Identifier: Apache-2.0

package repair_test

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

var errServer = errors.New("the server is busy")

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: fixture.Key(name)}
}

func standalone(n *v1.NodeClaim) { delete(n.Labels, v1.NodePoolLabelKey) }

func outside(n *corev1.Node) { delete(n.Labels, v1.NodePoolLabelKey) }

// EXT-141, EXT-142, OPS-184, DIS-143
func TestBreaker(t *testing.T) {
	fresh := unhealthy(corev1.NodeReady, corev1.ConditionFalse, 0) // tolerated still
	ofOther := func(n *corev1.Node) { n.Labels[v1.NodePoolLabelKey] = "other" }
	sick := []any{notReady}
	tests := []struct {
		name  string
		world []any // counts of machines and their changes, by turns
		claim []any // changes of machine a
		told  string
		on    int // objects that are told
	}{
		{name: "the only node of its pool"},
		{name: "one of three", world: []any{2, []any{}}},
		{name: "two of three", world: []any{1, []any{}, 1, sick}, told: "more than 20% nodes are unhealthy in the nodepool: 2 of 3", on: 3},
		{name: "what is tolerated still counts", world: []any{1, []any{}, 1, []any{fresh}}, told: "more than 20% nodes are unhealthy in the nodepool: 2 of 3", on: 3},
		{name: "two of six", world: []any{4, []any{}, 1, sick}},
		{name: "three of ten", world: []any{7, []any{}, 2, sick}, told: "more than 20% nodes are unhealthy in the nodepool: 3 of 10", on: 3},
		{name: "another pool is broken", world: []any{9, []any{notReady, ofOther}}},
		{name: "another pool is well", world: []any{1, sick, 20, []any{ofOther}}, told: "more than 20% nodes are unhealthy in the nodepool: 2 of 2", on: 3},
		{name: "without pool, the cluster is well", claim: []any{standalone, outside}, world: []any{4, []any{}}},
		{
			name: "without pool, the cluster is broken", claim: []any{standalone, outside},
			world: []any{3, []any{}, 1, sick}, told: "more than 20% nodes are unhealthy in the cluster: 2 of 5", on: 2,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects := append(machine("a", append([]any{notReady}, tt.claim...)...), pool())
			for i := 0; i < len(tt.world); i += 2 {
				objects = append(objects, machines(fmt.Sprintf("m%d-", i), tt.world[i].(int), tt.world[i+1].([]any)...)...)
			}
			w := setup(t, objects...)
			after := w.overdue("a")
			blocked := tt.told != ""
			if w.deleted("a") == blocked {
				t.Errorf("given up: %t", w.deleted("a"))
			}
			if after != retry {
				t.Errorf("looked at again after %v", after)
			}
			told := w.Recorder.Of("NodeRepairBlocked")
			if len(told) != tt.on {
				t.Fatalf("told %+v", told)
			}
			for _, e := range told {
				if e.Message != tt.told || e.Type != corev1.EventTypeWarning || e.DedupeTimeout != 3*retry || e.DedupeValues[0] != string(e.Object.GetUID()) {
					t.Errorf("told %+v", e)
				}
			}
		})
	}
}

// EXT-142: nobody is told once the NodePool is gone.
func TestPoolGone(t *testing.T) {
	w := setup(t, append(machine("a", notReady), machine("b", notReady)...)...)
	if after := w.overdue("a"); after != retry || w.deleted("a") {
		t.Errorf("looked at again after %v, given up: %t", after, w.deleted("a"))
	}
	if got := w.Recorder.Events(); len(got) > 0 {
		t.Errorf("told %+v", got)
	}
}

// EXT-141: nodes on their way out still count, so that the first to go make no room for
// the next.
func TestNoWaves(t *testing.T) {
	objects := machines("well", 8)
	objects = append(objects, machines("broken", 2, notReady)...)
	w := setup(t, append(objects, pool())...)
	w.overdue("broken0")
	w.overdue("broken1")
	if !w.deleted("broken0") || !w.deleted("broken1") {
		t.Fatal("two of ten stay")
	}
	node := w.node("well0")
	notReady(node)
	w.Update(node)
	if after := w.overdue("well0"); after != retry || w.deleted("well0") {
		t.Errorf("looked at again after %v, given up: %t", after, w.deleted("well0"))
	}
}

// EXT-141: it is tried again, and goes on once enough nodes are well.
func TestBreakerOpens(t *testing.T) {
	w := setup(t, append(append(machine("a", notReady), machine("b", notReady)...), pool())...)
	for range 3 {
		if after := w.overdue("a"); after != retry {
			t.Fatalf("looked at again after %v", after)
		}
		w.Clock.Step(retry)
	}
	node := w.node("b")
	fixture.SetReady(node, corev1.ConditionTrue)
	w.Update(node)
	if w.pass("a"); !w.deleted("a") {
		t.Error("the node stays")
	}
}

// EXT-141, EXT-144: what is blocked is not hurried either.
func TestBlockedWhileDeleting(t *testing.T) {
	deleting := func(n *v1.NodeClaim) { fixture.Deleting(n.CreationTimestamp.Time)(n) }
	w := setup(t, append(append(machine("a", notReady, deleting), machine("b", notReady)...), pool())...)
	w.overdue("a")
	if got := w.Writes.Names(); len(got) > 0 {
		t.Errorf("wrote %q", got)
	}
}
