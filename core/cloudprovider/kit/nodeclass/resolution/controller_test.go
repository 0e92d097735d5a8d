// SPDX-License-Identifier: Apache-2.0

package resolution_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/resolution"
	"karpenter.sh/core/testkit/strictapi"
)

// Class is the NodeClass of these tests, with two conditions.
type Class = v1alpha1.TestNodeClass

var errDown = errors.New("the cloud is down")

// resolver finds zones, by a function.
type resolver struct {
	condition string
	resolve   func(*Class) (resolution.Outcome, error)
}

func (r resolver) Condition() string { return r.condition }

func (r resolver) Resolve(_ context.Context, nodeClass *Class) (resolution.Outcome, error) {
	return r.resolve(nodeClass)
}

// says is a resolver that notes its condition in an annotation, which stands for
// what it resolved, and answers.
func says(condition string, outcome resolution.Outcome, err error) resolver {
	return resolver{condition, func(c *Class) (resolution.Outcome, error) {
		if c.Annotations == nil {
			c.Annotations = map[string]string{}
		}
		c.Annotations[condition] = "resolved"
		return outcome, err
	}}
}

func stored(generation int64) *Class {
	return &Class{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid", Generation: generation}}
}

func conditionOf(c *Class, condition string) status.Condition {
	for _, have := range c.Status.Conditions {
		if have.Type == condition {
			return have
		}
	}
	return status.Condition{}
}

// KIT-104, KIT-107, CP-100, AWS-081
func TestRun(t *testing.T) {
	for _, tc := range []struct {
		reason    string
		resolvers []resolution.Resolver[*Class]
		after     time.Duration
		fails     bool
		want      map[string]metav1.ConditionStatus
		resolved  []string
	}{
		{"the shortest interval wins", []resolution.Resolver[*Class]{
			says("A", resolution.True(5*time.Minute), nil), says("B", resolution.False("NotFound", "no match", time.Minute), nil), says("C", resolution.True(0), nil),
		}, time.Minute, false, map[string]metav1.ConditionStatus{"A": "True", "B": "False", "C": "True"}, []string{"A", "B", "C"}},
		{"one that fails leaves what it decides and found, and stops no other", []resolution.Resolver[*Class]{
			says("A", resolution.Outcome{}, errDown), says("B", resolution.True(time.Hour), nil),
		}, time.Hour, true, map[string]metav1.ConditionStatus{"A": "", "B": "True"}, []string{"B"}},
		{"an outcome beside an error is kept", []resolution.Resolver[*Class]{
			says("A", resolution.False("ResolutionFailed", "the cloud is down", 0), errDown),
		}, 0, true, map[string]metav1.ConditionStatus{"A": "False"}, []string{"A"}},
		{"no outcome and no error leaves the condition", []resolution.Resolver[*Class]{
			says("A", resolution.Outcome{After: time.Minute}, nil),
		}, time.Minute, false, map[string]metav1.ConditionStatus{"A": ""}, []string{"A"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			before := stored(1)
			got := resolution.Run(t.Context(), before, tc.resolvers)
			if got.After != tc.after || (got.Err != nil) != tc.fails || (tc.fails && !errors.Is(got.Err, errDown)) {
				t.Errorf("got %v, %v", got.After, got.Err)
			}
			for condition, want := range tc.want {
				if is := conditionOf(got.NodeClass, condition).Status; is != want {
					t.Errorf("%s is %q, want %q", condition, is, want)
				}
			}
			if len(got.NodeClass.Annotations) != len(tc.resolved) {
				t.Errorf("resolved %v, want %v", got.NodeClass.Annotations, tc.resolved)
			}
			if len(before.Annotations)+len(before.Status.Conditions) != 0 {
				t.Error("the NodeClass that was given is changed")
			}
		})
	}
}

// KIT-104: a resolver sees what those before it found.
func TestRunInOrder(t *testing.T) {
	second := resolver{"B", func(c *Class) (resolution.Outcome, error) {
		if conditionOf(c, "A").Status != metav1.ConditionTrue || c.Annotations["A"] == "" {
			t.Errorf("B sees %+v", c)
		}
		return resolution.True(0), nil
	}}
	resolution.Run(t.Context(), stored(1), []resolution.Resolver[*Class]{says("A", resolution.True(0), nil), second})
}

// world is a controller on an API in memory.
type world struct {
	api    client.WithWatch
	writes int
	fail   error
	*resolution.Controller[*Class]
}

func newWorld(t *testing.T, object *Class, resolvers ...resolution.Resolver[*Class]) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := &world{api: fake.NewClientBuilder().WithScheme(scheme).WithObjects(object).WithStatusSubresource(&Class{}).Build()}
	counted := interceptor.NewClient(strictapi.Client(t, w.api), interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if w.writes++; w.fail != nil {
				return w.fail
			}
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	})
	w.Controller = resolution.New(resolution.Options[*Class]{
		Client: counted, Kind: nodeclass.Kind{Group: v1alpha1.Group, Kind: "TestNodeClass"},
		Fresh: func() *Class { return &Class{} }, Resolvers: resolvers,
		Clock: clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
	})
	return w
}

func (w *world) read(t *testing.T) *Class {
	t.Helper()
	c := &Class{}
	if err := w.api.Get(t.Context(), client.ObjectKey{Name: "default"}, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) reconcile(t *testing.T) (reconcile.Result, error) {
	t.Helper()
	return w.Reconcile(t.Context(), w.read(t))
}

// status is a resolver that decides by what is set.
func statusOf(is *metav1.ConditionStatus) resolver {
	return resolver{"ZonesReady", func(*Class) (resolution.Outcome, error) {
		return resolution.Outcome{Status: *is, Reason: "Tested", After: time.Minute}, nil
	}}
}

// KIT-105, KIT-106, CP-096, CP-097, CP-100
func TestReconcile(t *testing.T) {
	is := metav1.ConditionTrue
	w := newWorld(t, stored(3), statusOf(&is))
	for range 2 { // the second pass finds nothing to write
		if result, err := w.reconcile(t); err != nil || result.RequeueAfter != time.Minute {
			t.Fatalf("got %+v, %v", result, err)
		}
	}
	got := w.read(t)
	if zones := conditionOf(got, "ZonesReady"); zones.Status != "True" || zones.ObservedGeneration != 3 {
		t.Errorf("got %+v", zones)
	}
	if len(got.Finalizers) != 1 || got.Finalizers[0] != "karpenter.test.sh/termination" {
		t.Errorf("finalizers %v", got.Finalizers)
	}
	if w.writes != 1 {
		t.Errorf("%d writes of the status", w.writes)
	}
	if is = "False"; true {
		if _, err := w.reconcile(t); err != nil || conditionOf(w.read(t), "ZonesReady").Status != "False" || w.writes != 2 {
			t.Errorf("after a change: %v, %+v", err, w.read(t).Status)
		}
	}
}

// KIT-105, KIT-107: what becomes of a write that fails.
func TestReconcileErrors(t *testing.T) {
	resource := schema.GroupResource{Resource: "testnodeclasses"}
	for _, tc := range []struct {
		reason      string
		write, own  error
		after       time.Duration
		fails       bool
		failsWithIt error
	}{
		{"a conflict is tried again at once", apierrors.NewConflict(resource, "default", errDown), nil, 100 * time.Millisecond, false, nil},
		{"an object that is gone is done with", apierrors.NewNotFound(resource, "default"), nil, time.Minute, false, nil},
		{"anything else is an error", errDown, nil, 0, true, errDown},
		{"an error of a resolver is returned though the write conflicts", apierrors.NewConflict(resource, "default", nil), errDown, 0, true, errDown},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			is := metav1.ConditionTrue
			w := newWorld(t, stored(1), statusOf(&is), says("Other", resolution.Outcome{}, tc.own))
			w.fail = tc.write
			result, err := w.reconcile(t)
			if (err != nil) != tc.fails || result.RequeueAfter != tc.after || (tc.fails && !errors.Is(err, tc.failsWithIt)) {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
}

// KIT-105: what somebody else changed in between is not overwritten.
func TestReconcileIsLocked(t *testing.T) {
	is := metav1.ConditionTrue
	w := newWorld(t, stored(1), statusOf(&is))
	old := w.read(t)
	old.Finalizers = []string{"karpenter.test.sh/termination"}
	if err := w.api.Update(t.Context(), old.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	if result, err := w.Reconcile(t.Context(), old); err != nil || result.RequeueAfter != 100*time.Millisecond {
		t.Errorf("got %+v, %v, want another try", result, err)
	}
	if len(w.read(t).Status.Conditions) != 0 {
		t.Error("written by an old read")
	}
}

// KIT-106: a NodeClass under deletion is left alone.
func TestReconcileDeleting(t *testing.T) {
	is := metav1.ConditionTrue
	object := stored(1)
	object.Finalizers = []string{"example.com/held"}
	w := newWorld(t, object, statusOf(&is))
	if err := w.api.Delete(t.Context(), w.read(t)); err != nil {
		t.Fatal(err)
	}
	if result, err := w.reconcile(t); err != nil || result.RequeueAfter != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
	if got := w.read(t); len(got.Finalizers) != 1 || len(got.Status.Conditions) != 0 {
		t.Errorf("got %+v", got)
	}
}
