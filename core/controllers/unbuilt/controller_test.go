// SPDX-License-Identifier: Apache-2.0

package unbuilt_test

import (
	"context"
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/controllers/unbuilt"
	"karpenter.sh/core/events"
	"karpenter.sh/core/events/eventstest"
)

func overlay(name string) *v1alpha1.NodeOverlay {
	return &v1alpha1.NodeOverlay{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}}
}

// API-178: each object is told once that it has no effect, and kinds that are not
// served do not matter.
func TestEachObjectIsToldOnce(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	var refuse error
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(overlay("a")).WithInterceptorFuncs(interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if kind := list.GetObjectKind().GroupVersionKind(); kind.Kind == "CapacityBufferList" && refuse != nil {
				return refuse
			}
			return c.List(ctx, list, opts...)
		},
	}).Build()
	told := &eventstest.Recorder{}
	controller := unbuilt.New(unbuilt.Options{Reader: c, Recorder: told, Kinds: unbuilt.Kinds()})
	pass := func(want int) {
		t.Helper()
		if _, err := controller.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := told.Of(events.NotImplemented); len(got) != want {
			t.Errorf("told %d times, want %d: %v", len(got), want, got)
		}
	}
	refuse = &meta.NoKindMatchError{GroupKind: schema.GroupKind{Kind: "CapacityBuffer"}}
	pass(1)
	pass(1)
	if e := told.Events()[0]; e.Type != "Warning" || e.Object.GetName() != "a" || e.Object.GetObjectKind().GroupVersionKind().Kind != "NodeOverlay" {
		t.Errorf("told %+v", e)
	}
	if err := c.Create(t.Context(), &v1beta1.CapacityBuffer{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "b", UID: "b"}}); err != nil {
		t.Fatal(err)
	}
	refuse = errors.New("down")
	if _, err := controller.Reconcile(t.Context()); err == nil {
		t.Error("a list that fails is no error")
	}
	refuse = nil
	pass(2)
	// A successor of the same name is another object.
	if err := c.Delete(t.Context(), overlay("a")); err != nil {
		t.Fatal(err)
	}
	pass(2)
	successor := overlay("a")
	successor.UID = "successor"
	if err := c.Create(t.Context(), successor); err != nil {
		t.Fatal(err)
	}
	pass(3)
	pass(3)
}
