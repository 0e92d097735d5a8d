// SPDX-License-Identifier: Apache-2.0

package repair_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

// EXT-139, EXT-140, EXT-143, CP-038
func TestToleration(t *testing.T) {
	const no, unknown = corev1.ConditionFalse, corev1.ConditionUnknown
	tests := []struct {
		name    string
		node    []func(*corev1.Node)
		next    time.Duration // after the first look
		deleted bool          // once that has passed, and the next is made
	}{
		{name: "healthy"},
		{name: "a condition without policy", node: []func(*corev1.Node){unhealthy("Other", no, time.Hour)}},
		{name: "tolerated", node: []func(*corev1.Node){unhealthy("Ready", no, 10*time.Minute)}, next: 20 * time.Minute, deleted: true},
		{name: "another status", node: []func(*corev1.Node){unhealthy("Ready", unknown, 10*time.Minute)}, next: 20 * time.Minute, deleted: true},
		{name: "tolerated no longer, and just seen", node: []func(*corev1.Node){unhealthy("Ready", no, time.Hour)}, next: settle, deleted: true},
		{name: "never tolerated", node: []func(*corev1.Node){unhealthy("DiskGood", no, 0)}, next: settle, deleted: true},
		{
			name: "two, of which the later one is tolerated less", next: 10 * time.Second, deleted: true,
			node: []func(*corev1.Node){unhealthy("Ready", no, time.Minute), unhealthy("DiskGood", no, time.Second)},
		},
		{name: "the clock of the node is ahead", node: []func(*corev1.Node){unhealthy("Ready", no, -100*time.Hour)}, next: tolerated, deleted: true},
		{
			name: "the node does not say since when", next: tolerated, deleted: true,
			node: []func(*corev1.Node){unhealthy("Ready", no, 0), func(n *corev1.Node) { n.Status.Conditions[0].LastTransitionTime = metav1.Time{} }},
		},
		{name: "unmanaged", node: []func(*corev1.Node){notReady, func(n *corev1.Node) { delete(n.Labels, fixture.NodeClassLabel) }}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changes := []any{func(n *corev1.Node) { n.Status.Conditions = nil }}
			for _, change := range tt.node {
				changes = append(changes, change)
			}
			w := setup(t, machine("a", changes...)...)
			if got := w.pass("a"); got != tt.next {
				t.Fatalf("looked at again after %v, want %v", got, tt.next)
			}
			w.Clock.Step(tt.next - time.Nanosecond)
			w.pass("a")
			if w.deleted("a") {
				t.Error("given up too early")
			}
			w.Clock.Step(time.Nanosecond)
			want := time.Duration(0)
			if tt.deleted {
				want = retry // somebody may move the deadline
			}
			if again := w.pass("a"); again != want {
				t.Errorf("looked at again after %v, want %v", again, want)
			}
			if got := w.deleted("a"); got != tt.deleted {
				t.Errorf("given up: %t, want %t", got, tt.deleted)
			}
		})
	}
}

// EXT-140: a condition that comes and goes is tolerated anew each time.
func TestFlapping(t *testing.T) {
	w := setup(t, machine("a", notReady)...)
	for range 5 {
		node := w.node("a")
		node.Status.Conditions[0].LastTransitionTime = metav1.NewTime(w.Now())
		w.Update(node)
		if after := w.pass("a"); after != tolerated {
			t.Errorf("looked at again after %v", after)
		}
		w.Clock.Step(tolerated - time.Minute)
	}
	if w.pass("a"); w.deleted("a") {
		t.Error("given up although no condition lasted long enough")
	}
}

// EXT-140: what was seen before is another node's, another time's or another clock's.
func TestSeenAnew(t *testing.T) {
	for name, change := range map[string]func(*world){
		"by another node of its name": func(w *world) { w.replace(w.node("a")) },
		"after it was well": func(w *world) {
			node := w.node("a")
			broken := node.Status.Conditions
			fixture.SetReady(node, corev1.ConditionTrue)
			w.Update(node)
			w.pass("a")
			node.Status.Conditions = broken
			w.Update(node)
		},
		"after it was somebody else's": func(w *world) {
			node := w.node("a")
			delete(node.Labels, fixture.NodeClassLabel)
			w.Update(node)
			w.pass("a")
			node.Labels[fixture.NodeClassLabel] = "default"
			w.Update(node)
		},
		"after it was gone": func(w *world) {
			node := w.node("a")
			node.Finalizers = nil
			w.Update(node)
			w.Delete(node)
			w.pass("a")
			node.ResourceVersion = ""
			w.Add(node)
		},
		"on a clock that was set back": func(w *world) { w.Clock.SetTime(w.Now().Add(-time.Minute)) },
		"after a restart":              (*world).restart,
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, machine("a", func(n *corev1.Node) { n.Status.Conditions = nil }, unhealthy("Ready", corev1.ConditionFalse, time.Hour))...)
			w.Clock.Step(w.pass("a"))
			change(w)
			if after := w.pass("a"); after != settle || w.deleted("a") {
				t.Errorf("looked at again after %v, given up: %t", after, w.deleted("a"))
			}
		})
	}
}

// EXT-143, EXT-144, LIF-240: a deletion comes with a deadline that has passed.
func TestDeadline(t *testing.T) {
	stamp := func(n *v1.NodeClaim, d time.Duration) string {
		return n.CreationTimestamp.Add(d).UTC().Format(time.RFC3339)
	}
	annotated := func(value func(*v1.NodeClaim) string) func(*v1.NodeClaim) {
		return func(n *v1.NodeClaim) {
			n.Annotations = map[string]string{deadlineKey: value(n), "example.com/other": "kept"}
		}
	}
	deleting := func(n *v1.NodeClaim) { fixture.Deleting(n.CreationTimestamp.Time)(n) }
	past := func(n *v1.NodeClaim) string { return stamp(n, -time.Hour) }
	future := func(n *v1.NodeClaim) string { return stamp(n, time.Hour) }
	garbage := func(*v1.NodeClaim) string { return "soon" }
	tests := []struct {
		name    string
		claim   []func(*v1.NodeClaim)
		kept    bool
		counted float64
	}{
		{name: "none", counted: 1},
		{name: "in the past", claim: []func(*v1.NodeClaim){annotated(past)}, kept: true, counted: 1},
		{name: "in the future", claim: []func(*v1.NodeClaim){annotated(future)}, counted: 1},
		{name: "unreadable", claim: []func(*v1.NodeClaim){annotated(garbage)}, counted: 1},
		{name: "deleting, none", claim: []func(*v1.NodeClaim){deleting}},
		{name: "deleting, in the past", claim: []func(*v1.NodeClaim){deleting, annotated(past)}, kept: true},
		{name: "deleting, in the future", claim: []func(*v1.NodeClaim){deleting, annotated(future)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changes := []any{notReady}
			for _, change := range tt.claim {
				changes = append(changes, change)
			}
			w := setup(t, machine("a", changes...)...)
			before := w.claim("a").Annotations[deadlineKey]
			w.overdue("a")
			want := w.Now().UTC().Format(time.RFC3339)
			if tt.kept {
				want = before
			}
			got := w.claim("a")
			at, err := time.Parse(time.RFC3339, got.Annotations[deadlineKey])
			if err != nil || at.UTC().Format(time.RFC3339) != want {
				t.Errorf("the deadline is %q, want %q", got.Annotations[deadlineKey], want)
			}
			if got.DeletionTimestamp.IsZero() {
				t.Error("the NodeClaim stays")
			}
			if before != "" && got.Annotations["example.com/other"] != "kept" {
				t.Error("somebody's annotation is gone")
			}
			if counted := w.counted(); counted != tt.counted {
				t.Errorf("counted %v, want %v", counted, tt.counted)
			}
		})
	}
}

// EXT-145, OPS-105, OPS-196, LIF-113, DIS-143
func TestIsReported(t *testing.T) {
	w := setup(t, append(machine("a", notReady, func(n *v1.NodeClaim) {
		n.Labels[v1.CapacityTypeLabelKey] = v1.CapacityTypeSpot
		n.Status.ImageID = "image-1"
		n.Spec.TerminationGracePeriod = "1h"
	}), fixture.Pod("p", "a"), fixture.Pod("q", "a"), fixture.Pod("daemon", "a", fixture.OwnedBy("apps/v1", "DaemonSet")), pool())...)
	w.overdue("a")
	labels := map[string]string{
		"reason": "unhealthy", "nodepool": fixture.NodePool, "capacity_type": "spot", "consolidation_policy": "", "termination_mode": "eventual",
	}
	if got := w.Metric("karpenter_nodeclaims_disrupted_total", labels); got != 1 {
		t.Errorf("%v NodeClaims counted", got)
	}
	if got := w.Metric("karpenter_pods_disruption_initiated_total", labels); got != 2 {
		t.Errorf("%v pods counted", got)
	}
	if got := w.Metric("karpenter_nodeclaims_unhealthy_disrupted_total", map[string]string{
		"condition": "ready", "nodepool": fixture.NodePool, "capacity_type": "spot", "image_id": "image-1",
	}); got != 1 {
		t.Errorf("%v unhealthy NodeClaims counted", got)
	}
	told := w.Recorder.Of("DisruptionTerminating")
	if len(told) != 2 || told[0].Message != "Disrupting the node: Unhealthy, condition Ready has been False for 30m10s (Broken)" {
		t.Errorf("told %+v", told)
	}
}

// EXT-143: what protects pods or nodes does not hold it back.
func TestProtected(t *testing.T) {
	protected := map[string]string{v1.DoNotDisruptAnnotationKey: v1.LabelValueTrue}
	objects := append(machine("a", notReady, func(n *v1.NodeClaim) { n.Annotations = protected }, func(n *corev1.Node) { n.Annotations = protected }),
		fixture.Pod("p", "a", func(p *corev1.Pod) { p.Annotations = protected }))
	w := setup(t, objects...)
	if w.overdue("a"); !w.deleted("a") {
		t.Error("the node stays")
	}
}

// EXT-139: nodes that cannot be told to be one machine of ours are looked at again, and
// left alone.
func TestOwner(t *testing.T) {
	sameMachine := func(o client.Object) client.Object {
		switch o := o.(type) {
		case *v1.NodeClaim:
			o.Status.ProviderID = fixture.ProviderID("a")
		case *corev1.Node:
			o.Spec.ProviderID = fixture.ProviderID("a")
		}
		return o
	}
	foreign := func(n *v1.NodeClaim) { n.Spec.NodeClassRef.Group = "example.com" }
	for name, objects := range map[string][]client.Object{
		"no NodeClaim":       machine("a", notReady)[1:],
		"two NodeClaims":     append(machine("a", notReady), sameMachine(machine("b")[0])),
		"two Nodes":          append(machine("a", notReady), sameMachine(machine("b")[1])),
		"foreign NodeClaim":  machine("a", notReady, foreign),
		"without machine ID": machine("a", notReady, func(n *corev1.Node) { n.Spec.ProviderID = "" }),
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, objects...)
			if after := w.overdue("a"); after != retry {
				t.Errorf("looked at again after %v", after)
			}
			if got := w.Writes.Names(); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
		})
	}
}

// EXT-144, LIF-007, OPS-085: what the cache does not show yet is neither done nor counted
// twice, not after a restart either.
func TestOnce(t *testing.T) {
	w := setup(t, append(machine("a", notReady), pool())...)
	w.Late(w.claim("a"))
	w.overdue("a")
	wrote := w.Writes.Names()
	if !slices.Equal(wrote, []string{"delete NodeClaim", "patch NodeClaim"}) {
		t.Errorf("wrote %q", wrote)
	}
	for range 3 {
		w.overdue("a")
		w.restart()
		w.Clock.Step(time.Minute)
	}
	w.CatchUp()
	w.overdue("a")
	if got := w.Writes.Names(); len(got) != len(wrote) {
		t.Errorf("wrote %q", got)
	}
	if got := w.counted(); got != 1 {
		t.Errorf("counted %v times", got)
	}
	if got := w.Recorder.Of("DisruptionTerminating"); len(got) != 2 {
		t.Errorf("told %d times", len(got))
	}
}

// EXT-143, LIF-007: what recovered, was replaced under its name or went while the cache
// lagged is left alone.
func TestCacheBehind(t *testing.T) {
	for name, change := range map[string]func(*world){
		"the node has recovered": func(w *world) {
			node := w.node("a")
			fixture.SetReady(node, corev1.ConditionTrue)
			w.Update(node)
		},
		"the node broke anew": func(w *world) {
			node := w.node("a")
			node.Status.Conditions[0].LastTransitionTime = metav1.NewTime(w.Now())
			w.Update(node)
		},
		"another node has its name": func(w *world) {
			w.replace(w.node("a"))
		},
		"another NodeClaim has its name": func(w *world) { w.replace(w.claim("a")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, machine("a", notReady)...)
			w.Late(w.claim("a"), w.node("a"))
			change(w)
			w.overdue("a")
			if got := w.Writes.Names(); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
			if got := w.counted(); got != 0 {
				t.Errorf("counted %v", got)
			}
		})
	}
}

// replace makes another object of the same name.
func (w *world) replace(o client.Object) {
	w.t.Helper()
	successor := o.DeepCopyObject().(client.Object)
	o.SetFinalizers(nil)
	w.Update(o)
	w.Delete(o)
	successor.SetUID("successor")
	successor.SetResourceVersion("")
	w.Add(successor)
}

// EXT-143: a crash or a failing write between deletion and deadline is made up for, and a
// deadline is never left on a NodeClaim that stays.
func TestFailingWrites(t *testing.T) {
	for _, write := range []string{"delete NodeClaim", "patch NodeClaim"} {
		t.Run(write, func(t *testing.T) {
			w := setup(t, machine("a", notReady)...)
			w.Clock.Step(w.pass("a"))
			w.Writes.FailAll(write, errServer)
			if _, err := w.controller.Reconcile(t.Context(), request("a")); err == nil {
				t.Fatal("no error")
			}
			claim := w.claim("a")
			if _, hurried := claim.Annotations[deadlineKey]; hurried {
				t.Error("the deadline is left behind")
			}
			w.Writes.Reset()
			w.restart()
			w.overdue("a")
			claim = w.claim("a")
			if _, hurried := claim.Annotations[deadlineKey]; !hurried || claim.DeletionTimestamp.IsZero() {
				t.Errorf("annotations %v, deletion %v", claim.Annotations, claim.DeletionTimestamp)
			}
			if got := w.counted(); got != 1 {
				t.Errorf("counted %v", got)
			}
		})
	}
}

// EXT-144: a NodeClaim that goes at once needs no deadline.
func TestGoneAtOnce(t *testing.T) {
	w := setup(t, machine("a", notReady, func(n *v1.NodeClaim) { n.Finalizers = nil })...)
	w.overdue("a")
	if fixture.Exists(w.World, fixture.NodeClaim("a")) {
		t.Error("the NodeClaim is there")
	}
	if got := w.counted(); got != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestGone(t *testing.T) {
	if after := setup(t).pass("a"); after != 0 {
		t.Errorf("looked at again after %v for nothing", after)
	}
}
