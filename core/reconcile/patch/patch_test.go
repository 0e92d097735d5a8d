// SPDX-License-Identifier: Apache-2.0

package patch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/core/testkit/strictapi"
)

func setup(t *testing.T) (client.Client, *corev1.Node) {
	t.Helper()
	c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "uid"}}).Build())
	return c, read(t, c)
}

func read(t *testing.T, c client.Client) *corev1.Node {
	t.Helper()
	node := &corev1.Node{}
	if err := c.Get(context.Background(), client.ObjectKey{Name: "n"}, node); err != nil {
		t.Fatal(err)
	}
	return node
}

func TestNothingToSend(t *testing.T) {
	c, before := setup(t)
	if sent, err := patch.Object(t.Context(), c, before, before.DeepCopy()); sent || err != nil {
		t.Errorf("an unchanged object was sent: %v, %v", sent, err)
	}
	if got := read(t, c).ResourceVersion; got != before.ResourceVersion {
		t.Error("the object was written")
	}
}

// A write of metadata must not lose what is still to be written to the status.
func TestObjectThenStatus(t *testing.T) {
	c, before := setup(t)
	after := before.DeepCopy()
	after.Labels = map[string]string{"a": "b"}
	after.Status.Phase = corev1.NodeRunning
	if _, err := patch.Object(t.Context(), c, before, after); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c); got.Status.Phase != "" {
		t.Error("the status was written with the metadata")
	}
	if sent, err := patch.Object(t.Context(), c, read(t, c), after); sent || err != nil {
		t.Errorf("a difference of status was sent as metadata: %v, %v", sent, err)
	}
	if sent, err := patch.Status(t.Context(), c, before, after); !sent || err != nil {
		t.Fatalf("the status was not written: %v, %v", sent, err)
	}
	got := read(t, c)
	if got.Labels["a"] != "b" || got.Status.Phase != corev1.NodeRunning {
		t.Errorf("stored labels %v, phase %q", got.Labels, got.Status.Phase)
	}
	if got.ResourceVersion != after.ResourceVersion {
		t.Error("the version of the last write is not on the object")
	}
}

func TestAll(t *testing.T) {
	c, before := setup(t)
	after := before.DeepCopy()
	after.Labels = map[string]string{"a": "b"}
	after.Status.Phase = corev1.NodeRunning
	if sent, err := patch.All(t.Context(), c, before, after); !sent || err != nil {
		t.Fatalf("nothing was written: %v, %v", sent, err)
	}
	got := read(t, c)
	if got.Labels["a"] != "b" || got.Status.Phase != corev1.NodeRunning || got.ResourceVersion != after.ResourceVersion {
		t.Errorf("stored labels %v, phase %q, version %s", got.Labels, got.Status.Phase, got.ResourceVersion)
	}
	if sent, err := patch.All(t.Context(), c, got, got.DeepCopy()); sent || err != nil {
		t.Errorf("an unchanged object was sent: %v, %v", sent, err)
	}
}

// The patch must turn what was read into what is wanted, whatever changed.
func TestEveryChangeArrives(t *testing.T) {
	full := func(n *corev1.Node) {
		n.Labels, n.Annotations = map[string]string{"a": "1", "b": "2"}, map[string]string{"a": "1"}
		n.Finalizers = []string{"example.com/one", "example.com/two"}
		n.Spec.Taints = []corev1.Taint{{Key: "k", Effect: "NoSchedule"}}
		n.Spec.Unschedulable = true
	}
	tests := map[string]func(*corev1.Node){
		"nothing":        func(*corev1.Node) {},
		"a value":        func(n *corev1.Node) { n.Labels["a"] = "3" },
		"a key more":     func(n *corev1.Node) { n.Labels["c"] = "" },
		"a key less":     func(n *corev1.Node) { delete(n.Labels, "a") },
		"a map less":     func(n *corev1.Node) { n.Annotations = nil },
		"a list shorter": func(n *corev1.Node) { n.Finalizers = n.Finalizers[:1] },
		"a list less":    func(n *corev1.Node) { n.Finalizers = nil },
		"a list longer": func(n *corev1.Node) {
			n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: "l", Effect: "NoExecute"})
		},
		"a list of others":   func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "l", Effect: "NoExecute"}} },
		"a field to nothing": func(n *corev1.Node) { n.Spec.Unschedulable = false },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			stored := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}}
			full(stored)
			c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(stored).Build())
			before := read(t, c)
			after := before.DeepCopy()
			change(after)
			wanted := after.DeepCopy()
			if _, err := patch.Object(t.Context(), c, before, after); err != nil {
				t.Fatal(err)
			}
			got := read(t, c)
			wanted.ResourceVersion = got.ResourceVersion
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Errorf("stored differs from wanted:\n%s", diff)
			}
		})
	}
}

// LIF-004, OPS-079: a conflict is no error, so nothing logs it.
func TestOutcome(t *testing.T) {
	nodes := schema.GroupResource{Resource: "nodes"}
	boom := errors.New("boom")
	tests := []struct {
		name    string
		err     error
		requeue bool
		want    error
	}{
		{name: "done"},
		{name: "a conflict is tried again without an error", err: apierrors.NewConflict(nodes, "n", boom), requeue: true},
		{name: "an object that is gone is done with", err: apierrors.NewNotFound(nodes, "n")},
		{name: "through wrapping", err: fmt.Errorf("patching: %w", apierrors.NewConflict(nodes, "n", boom)), requeue: true},
		{name: "anything else is an error", err: boom, want: boom},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, err := patch.Outcome(tt.err)
			if !errors.Is(err, tt.want) || (result.RequeueAfter > 0) != tt.requeue {
				t.Errorf("Outcome() = %+v, %v", result, err)
			}
		})
	}
}
