// SPDX-License-Identifier: Apache-2.0

package patch_test

import (
	"testing"

	"github.com/awslabs/operatorpkg/status"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/core/testkit/strictapi"
)

func stainedNode() *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "n", UID: "uid", Labels: map[string]string{"a": "1"}, Annotations: map[string]string{"a": "1"},
			Finalizers:      []string{"example.com/theirs", "example.com/ours"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "K", Name: "theirs", UID: "1"}},
		},
		Spec: corev1.NodeSpec{ProviderID: "p", Taints: []corev1.Taint{{Key: "theirs", Effect: "NoSchedule"}, {Key: "ours", Effect: "NoSchedule"}}},
	}
}

func addTaint(key string) func(*corev1.Node) {
	return func(n *corev1.Node) {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Effect: "NoSchedule"})
	}
}

// LIF-004: what is read from a cache is out of date as soon as somebody else
// writes.
func TestForeignWrites(t *testing.T) {
	dropFirst := func(n *corev1.Node) { n.Spec.Taints, n.Finalizers = n.Spec.Taints[1:], n.Finalizers[1:] }
	tests := []struct {
		name        string
		theirs, own func(*corev1.Node)
		conflict    bool
	}{
		{name: "a label beside an annotation", theirs: func(n *corev1.Node) { n.Annotations["b"] = "" }, own: func(n *corev1.Node) { n.Labels["b"] = "" }},
		{name: "a label beside a label", theirs: func(n *corev1.Node) { n.Labels["c"] = "" }, own: func(n *corev1.Node) { n.Labels["b"] = ""; delete(n.Labels, "a") }},
		{name: "a taint beside another new one", theirs: addTaint("new"), own: addTaint("more")},
		{name: "a taint taken away beside a new one", theirs: addTaint("new"), own: func(n *corev1.Node) { n.Spec.Taints = n.Spec.Taints[:1] }},
		{name: "a taint changed beside a status", theirs: func(n *corev1.Node) { n.Status.Phase = "x" }, own: func(n *corev1.Node) { n.Spec.Taints[1].Value = "v" }},
		{name: "a finalizer taken away beside a new one", theirs: func(n *corev1.Node) { n.Finalizers = append(n.Finalizers, "example.com/new") }, own: func(n *corev1.Node) { n.Finalizers = n.Finalizers[:1] }},
		{name: "an item that has moved", theirs: dropFirst, own: func(n *corev1.Node) { n.Spec.Taints = n.Spec.Taints[:1] }, conflict: true},
		{name: "a finalizer that has moved", theirs: dropFirst, own: func(n *corev1.Node) { n.Finalizers = n.Finalizers[:1] }, conflict: true},
		{name: "the same taint twice", theirs: addTaint("new"), own: addTaint("new"), conflict: true},
		{
			name: "the same finalizer twice", conflict: true,
			theirs: func(n *corev1.Node) { n.Finalizers = append(n.Finalizers, "example.com/new") },
			own:    func(n *corev1.Node) { n.Finalizers = append(n.Finalizers, "example.com/new") },
		},
		{
			name: "the first of a list beside another first", conflict: true, // which must not be lost
			theirs: func(n *corev1.Node) { n.Spec.PodCIDRs = []string{"a"} },
			own:    func(n *corev1.Node) { n.Spec.PodCIDRs = []string{"b"} },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(stainedNode()).Build())
			before := read(t, c)
			theirs := read(t, c)
			tt.theirs(theirs)
			check(t, c.Update(t.Context(), theirs))
			after := before.DeepCopy()
			tt.own(after)
			_, err := patch.All(t.Context(), c, before, after)
			if apierrors.IsConflict(err) != tt.conflict || !tt.conflict && err != nil {
				t.Fatalf("the write is answered with %v", err)
			}
		})
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// LIF-004: both writes are there in the end.
func TestNothingIsLost(t *testing.T) {
	c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(stainedNode()).Build())
	before := read(t, c)
	theirs := read(t, c)
	theirs.Labels["theirs"] = "1"
	addTaint("new")(theirs)
	check(t, c.Update(t.Context(), theirs))
	after := before.DeepCopy()
	after.Labels["own"] = "1"
	addTaint("more")(after)
	after.Finalizers = after.Finalizers[:1]
	_, err := patch.Object(t.Context(), c, before, after)
	check(t, err)
	want := theirs.DeepCopy()
	want.Labels["own"] = "1"
	addTaint("more")(want)
	want.Finalizers = want.Finalizers[:1]
	got := read(t, c)
	want.ResourceVersion = got.ResourceVersion
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored differs from what both wrote:\n%s", diff)
	}
}

// LIF-004: a change that hangs on something else.
func TestIf(t *testing.T) {
	annotation := patch.If([]string{"metadata", "annotations", "a"})
	tests := []struct {
		name     string
		theirs   func(*corev1.Node)
		field    patch.Condition
		conflict bool
	}{
		{name: "it is as it was", theirs: func(n *corev1.Node) { n.Annotations["b"] = "" }, field: annotation},
		{name: "it has changed", theirs: func(n *corev1.Node) { n.Annotations["a"] = "2" }, field: annotation, conflict: true},
		{name: "it has gone", theirs: func(n *corev1.Node) { n.Annotations = nil }, field: annotation, conflict: true},
		{name: "it has come", theirs: func(n *corev1.Node) { n.Annotations["b"] = "" }, field: patch.If([]string{"metadata", "annotations", "b"}), conflict: true},
		{name: "it is still not there", theirs: func(n *corev1.Node) { n.Annotations["c"] = "" }, field: patch.If([]string{"metadata", "annotations", "b"})},
		{name: "what it is in is not there", theirs: func(n *corev1.Node) { n.Labels["c"] = "" }, field: patch.If([]string{"spec", "configSource", "configMap"})},
		{name: "a key with slashes", theirs: func(n *corev1.Node) { n.Labels["example.com/a~b"] = "" }, field: patch.If([]string{"metadata", "labels", "example.com/a~b"}), conflict: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(stainedNode()).Build())
			before, theirs := read(t, c), read(t, c)
			tt.theirs(theirs)
			check(t, c.Update(t.Context(), theirs))
			after := before.DeepCopy()
			addTaint("more")(after)
			_, err := patch.Object(t.Context(), c, before, after, tt.field)
			if apierrors.IsConflict(err) != tt.conflict || !tt.conflict && err != nil {
				t.Errorf("the write is answered with %v", err)
			}
		})
	}
}

// LIF-004: a successor of the name is another object.
func TestSuccessor(t *testing.T) {
	c := strictapi.Client(t, fake.NewClientBuilder().WithObjects(stainedNode()).Build())
	before := stainedNode()
	before.UID = "older"
	tries := 0
	err := patch.Persist(t.Context(), c, before, func(n *corev1.Node) error {
		tries++
		after := n.DeepCopy()
		addTaint("more")(after)
		_, err := patch.Object(t.Context(), c, n, after)
		return err
	})
	if !apierrors.IsNotFound(err) || tries != 1 || len(read(t, c).Spec.Taints) != 2 {
		t.Errorf("after %d tries: %v; taints %v", tries, err, read(t, c).Spec.Taints)
	}
}

// LIF-004: conflicts without end are given up.
func TestPersistIsBounded(t *testing.T) {
	c := fake.NewClientBuilder().WithObjects(stainedNode()).Build()
	tries := 0
	err := patch.Persist(t.Context(), c, stainedNode(), func(*corev1.Node) error {
		tries++
		return apierrors.NewConflict(corev1.Resource("nodes"), "n", nil)
	})
	if !apierrors.IsConflict(err) || tries != patch.Attempts {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

// LIF-005: conditions of several writers, none of which reads the other's first.
func TestConditions(t *testing.T) {
	scheme := runtime.NewScheme()
	check(t, v1.AddToScheme(scheme))
	for name, status := range map[string]v1.NodeClaimStatus{
		"no status yet": {},
		"a status":      {ProviderID: "p", Conditions: []status.Condition{{Type: "Launched", Status: "True"}}},
		"no conditions": {ProviderID: "p"},
	} {
		t.Run(name, func(t *testing.T) {
			nodeClaim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "uid"}, Status: status}
			c := strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(nodeClaim).WithStatusSubresource(nodeClaim).Build())
			read := func() *v1.NodeClaim {
				n := &v1.NodeClaim{}
				check(t, c.Get(t.Context(), client.ObjectKeyFromObject(nodeClaim), n))
				return n
			}
			stale := read()
			for _, conditionType := range []string{"Drifted", "Drained", "Launched"} {
				check(t, patch.Persist(t.Context(), c, stale, func(before *v1.NodeClaim) error {
					after := before.DeepCopy()
					after.StatusConditions().SetTrue(conditionType)
					_, err := patch.Status(t.Context(), c, before, after)
					return err
				}))
			}
			for _, conditionType := range []string{"Drifted", "Drained", "Launched"} {
				if !read().StatusConditions().IsTrue(conditionType) {
					t.Errorf("%s is lost", conditionType)
				}
			}
			if got := read().Status.ProviderID; got != status.ProviderID {
				t.Errorf("the provider ID became %q", got)
			}
		})
	}
}
