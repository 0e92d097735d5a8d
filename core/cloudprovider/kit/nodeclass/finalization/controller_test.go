// SPDX-License-Identifier: Apache-2.0

package finalization_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/finalization"
	"karpenter.sh/core/events/eventstest"
	"karpenter.sh/core/testkit/strictapi"
)

type Class = v1alpha1.TestNodeClass

var errDown = errors.New("the cloud is down")

type world struct {
	*finalization.Controller[*Class]
	api    client.WithWatch
	events *eventstest.Recorder
	// cleaned counts the clean-ups, which answer with the next of after, err.
	cleaned int
	after   []time.Duration
	err     error
}

// newWorld has a NodeClass under deletion, and so many NodeClaims that use it.
func newWorld(t *testing.T, users int) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{events: &eventstest.Recorder{}}
	nodeClass := &Class{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid", Finalizers: []string{"karpenter.test.sh/termination"}}}
	w.api = fake.NewClientBuilder().WithScheme(scheme).WithObjects(nodeClass).Build()
	for i := range users {
		w.use(t, fmt.Sprintf("claim-%d", i), "default")
	}
	w.use(t, "stranger", "other")
	if err := w.api.Delete(t.Context(), w.read(t)); err != nil {
		t.Fatal(err)
	}
	strict := strictapi.Client(t, w.api)
	w.Controller = finalization.New(finalization.Options[*Class]{
		Client: strict, Live: strict, Kind: nodeclass.Kind{Group: v1alpha1.Group, Kind: "TestNodeClass"},
		Fresh: func() *Class { return &Class{} }, CleanUp: w.cleanUp, Events: w.events,
	})
	return w
}

func (w *world) use(t *testing.T, name, nodeClass string) {
	t.Helper()
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}
	claim.Spec.NodeClassRef = v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: nodeClass}
	if err := w.api.Create(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
}

func (w *world) read(t *testing.T) *Class {
	t.Helper()
	c := &Class{}
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: "default"}, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) cleanUp(context.Context, *Class) (after time.Duration, err error) {
	if w.cleaned < len(w.after) {
		after = w.after[w.cleaned]
	}
	w.cleaned++
	return after, w.err
}

func (w *world) reconcile(t *testing.T) (reconcile.Result, error) {
	t.Helper()
	return w.Reconcile(t.Context(), w.read(t))
}

func (w *world) gone() bool {
	return apierrors.IsNotFound(w.api.Get(context.Background(), client.ObjectKey{Name: "default"}, &Class{}))
}

// KIT-120, CP-106
func TestWaits(t *testing.T) {
	for _, tc := range []struct {
		users   int
		message string
	}{
		{1, "Waiting on NodeClaim termination for claim-0"},
		{5, "Waiting on NodeClaim termination for claim-0, claim-1, claim-2, claim-3, claim-4"},
		{7, "Waiting on NodeClaim termination for claim-0, claim-1, claim-2, claim-3, claim-4 and 2 other(s)"},
	} {
		t.Run(fmt.Sprint(tc.users), func(t *testing.T) {
			w := newWorld(t, tc.users)
			if result, err := w.reconcile(t); err != nil || result.RequeueAfter != 10*time.Minute {
				t.Errorf("got %+v, %v", result, err)
			}
			published := w.events.Of("WaitingOnNodeClaimTermination")
			if len(published) != 1 || published[0].Message != tc.message || published[0].Type != "Normal" {
				t.Errorf("published %+v", published)
			}
			if w.cleaned != 0 || w.gone() {
				t.Error("did not wait")
			}
		})
	}
}

// KIT-120: a NodeClaim that the cache does not show yet is waited for.
func TestWaitsForWhatTheCacheMisses(t *testing.T) {
	w := newWorld(t, 1)
	w.Client = emptyCache{w.Client}
	if result, err := w.reconcile(t); err != nil || result.RequeueAfter != 10*time.Minute || w.cleaned != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

type emptyCache struct{ client.Client }

func (emptyCache) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// KIT-121, CP-106
func TestCleansUp(t *testing.T) {
	w := newWorld(t, 0)
	w.err = errDown
	if _, err := w.reconcile(t); !errors.Is(err, errDown) || w.gone() {
		t.Errorf("after a clean-up that failed: %v", err)
	}
	w.err, w.cleaned, w.after = nil, 0, []time.Duration{10 * time.Second}
	if result, err := w.reconcile(t); err != nil || result.RequeueAfter != 10*time.Second || w.gone() {
		t.Errorf("during a clean-up: %+v, %v", result, err)
	}
	if result, err := w.reconcile(t); err != nil || result.RequeueAfter != 0 || !w.gone() {
		t.Errorf("after the clean-up: %+v, %v", result, err)
	}
}

// KIT-121: other finalizers, and NodeClasses of the name that came later, stay.
func TestReleasesOnlyWhatWasRead(t *testing.T) {
	w := newWorld(t, 0)
	old := w.read(t)
	old.UID = "earlier"
	if result, err := w.Reconcile(t.Context(), old); err != nil || result.RequeueAfter == 0 || w.gone() {
		t.Errorf("a later NodeClass of the name: %+v, %v", result, err)
	}
	held := w.read(t)
	held.Finalizers = append(held.Finalizers, "example.com/held")
	if err := w.api.Update(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	if _, err := w.reconcile(t); err != nil || len(w.read(t).Finalizers) != 1 {
		t.Errorf("finalizers %v, %v", w.read(t).Finalizers, err)
	}
	cleaned := w.cleaned
	if _, err := w.reconcile(t); err != nil || w.cleaned != cleaned {
		t.Errorf("cleaned up again after the finalizer was gone: %v", err)
	}
}

// KIT-121: a provider that owns nothing lets the NodeClass go at once.
func TestNothing(t *testing.T) {
	w := newWorld(t, 0)
	w.CleanUp = finalization.Nothing[*Class]
	if _, err := w.reconcile(t); err != nil || !w.gone() {
		t.Errorf("got %v", err)
	}
}
