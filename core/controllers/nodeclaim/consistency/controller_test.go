// SPDX-License-Identifier: Apache-2.0

package consistency_test

import (
	"strings"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/consistency"
)

type world struct {
	*fixture.World
	t          *testing.T
	controller *consistency.Controller
}

func setup(t *testing.T, objects ...client.Object) world {
	t.Helper()
	w := fixture.New(t, objects...)
	return world{w, t, consistency.New(consistency.Options{
		Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, Recorder: w.Recorder, CPUMillis: 1000,
	})}
}

func (w world) pass() time.Duration {
	w.t.Helper()
	result, err := w.controller.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: fixture.Key("a")})
	if err != nil {
		w.t.Fatal(err)
	}
	return result.RequeueAfter
}

// verdict is the status of the condition, empty when there is none.
func (w world) verdict() string {
	w.t.Helper()
	conditions := fixture.Read(w.World, fixture.NodeClaim("a")).StatusConditions(status.WithObservedOnly())
	if c := conditions.Get(v1.ConditionTypeConsistentStateFound); c != nil {
		return string(c.Status) + "/" + c.Reason
	}
	return ""
}

const (
	consistent   = "True/ConsistentStateFound"
	inconsistent = "False/ConsistencyCheckFailed"
)

// LIF-195, API-120
func TestShape(t *testing.T) {
	quantity := resource.MustParse
	tests := []struct {
		name                       string
		requested, promised, found string
		want                       string
	}{
		{"as promised", "1", "10", "10", consistent},
		{"nine tenths are enough", "1", "10", "9", consistent},
		{"less are not", "1", "10", "8999m", inconsistent},
		{"nothing of it", "1", "10", "0", inconsistent},
		{"nobody asked for it", "0", "10", "0", consistent},
		{"nobody promised it", "1", "0", "0", consistent},
		{"more than promised", "1", "10", "20", consistent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodeClaim := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) {
				n.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: quantity(tt.requested)}
				n.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: quantity(tt.promised)}
			})
			w := setup(t, nodeClaim, fixture.Node(nodeClaim, func(n *corev1.Node) {
				n.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: quantity(tt.found)}
			}))
			if got := w.pass(); got != 10*time.Minute {
				t.Errorf("next look after %v", got)
			}
			if got := w.verdict(); got != tt.want {
				t.Errorf("verdict %s, want %s", got, tt.want)
			}
			events := w.Recorder.Of("FailedConsistencyCheck")
			if (len(events) == 1) != (tt.want == inconsistent) {
				t.Errorf("events %v", w.Recorder.Events())
			}
		})
	}
}

// LIF-195, OPS-178
func TestIssueIsTold(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) {
		n.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("3")}
	})
	w := setup(t, nodeClaim, fixture.Node(nodeClaim))
	w.pass()
	events := w.Recorder.Events()
	if len(events) != 1 {
		t.Fatalf("events %v", events)
	}
	for _, part := range []string{"3 of resource cpu", "found 2", "66.7%"} {
		if !strings.Contains(events[0].Message, part) {
			t.Errorf("message %q does not say %q", events[0].Message, part)
		}
	}
	if len(events[0].DedupeValues) != 2 {
		t.Errorf("dedupe values %v, want UID and message", events[0].DedupeValues)
	}
	if !fixture.Read(w.World, nodeClaim).DeletionTimestamp.IsZero() {
		t.Error("a NodeClaim was deleted")
	}
}

// LIF-195
func TestInterval(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) {
		n.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}
	})
	node := fixture.Node(nodeClaim)
	w := setup(t, nodeClaim, node)
	w.pass()
	node.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	w.Update(node)
	w.Clock.Step(4 * time.Minute)
	if got := w.pass(); got != 6*time.Minute || w.verdict() != consistent {
		t.Errorf("looked again early: %s, next after %v", w.verdict(), got)
	}
	w.Clock.Step(6 * time.Minute)
	w.pass()
	if got := w.verdict(); got != inconsistent {
		t.Errorf("verdict %s", got)
	}
	node.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}
	w.Update(node)
	w.Clock.Step(10 * time.Minute)
	w.pass()
	if got := w.verdict(); got != consistent {
		t.Errorf("verdict %s", got)
	}
}

// LIF-195
func TestNoVerdict(t *testing.T) {
	initialized := fixture.NodeClaim("a", fixture.Initialized)
	short := fixture.Node(initialized, func(n *corev1.Node) { n.Status.Capacity = nil })
	second := short.DeepCopy()
	second.Name = "b"
	promised := func(n *v1.NodeClaim) {
		n.Status.Capacity = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}
	}
	tests := []struct {
		name    string
		objects []client.Object
		after   time.Duration
		want    string
	}{
		{name: "no Node", objects: []client.Object{initialized}},
		{name: "several Nodes", objects: []client.Object{initialized, short, second}},
		{name: "no instance", objects: []client.Object{fixture.NodeClaim("a")}},
		{name: "still starting", objects: []client.Object{fixture.NodeClaim("a", fixture.Registered, promised), short}},
		{
			name:    "starting for long is not compared",
			objects: []client.Object{fixture.NodeClaim("a", fixture.Registered, promised), short}, after: 10 * time.Minute, want: consistent,
		},
		{
			name:    "deleting is not compared",
			objects: []client.Object{fixture.NodeClaim("a", fixture.Initialized, promised, fixture.Deleting(time.Now())), short}, want: consistent,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, tt.objects...)
			w.Clock.Step(tt.after)
			w.pass()
			if got := w.verdict(); got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
		})
	}
}
