// SPDX-License-Identifier: Apache-2.0

package lookup_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass/lookup"
	"karpenter.sh/core/events/eventstest"
)

var errDown = errors.New("the API server is not available")

// answers are the ways in which a NodeClass can be found or not.
func answers() map[string]lookup.Get[*v1alpha1.TestNodeClass] {
	found := func(change func(*v1alpha1.TestNodeClass), err error) lookup.Get[*v1alpha1.TestNodeClass] {
		return func(context.Context, string) (*v1alpha1.TestNodeClass, error) {
			nodeClass := &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
			change(nodeClass)
			return nodeClass, err
		}
	}
	same := func(*v1alpha1.TestNodeClass) {}
	return map[string]lookup.Get[*v1alpha1.TestNodeClass]{
		"there":       found(same, nil),
		"missing":     found(same, apierrors.NewNotFound(schema.GroupResource{Resource: "testnodeclasses"}, "default")),
		"terminating": found(func(c *v1alpha1.TestNodeClass) { c.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }, nil),
		"unreadable":  found(same, errDown),
	}
}

func reference() v1.NodeClassReference {
	return v1.NodeClassReference{Group: v1alpha1.Group, Kind: "TestNodeClass", Name: "default"}
}

func nodeClaim() *v1.NodeClaim {
	return &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "claim"}, Spec: v1.NodeClaimSpec{NodeClassRef: reference()}}
}

// KIT-100, KIT-101, CP-010
func TestForLaunch(t *testing.T) {
	for _, tc := range []struct {
		answer string
		fails  bool
		class  cloudprovider.ErrorClass
		event  bool
	}{
		{"there", false, cloudprovider.ClassOther, false},
		{"missing", true, cloudprovider.ClassInsufficientCapacity, true},
		{"terminating", true, cloudprovider.ClassInsufficientCapacity, true},
		{"unreadable", true, cloudprovider.ClassOther, false},
	} {
		t.Run(tc.answer, func(t *testing.T) {
			recorder := &eventstest.Recorder{}
			l := lookup.Lookup[*v1alpha1.TestNodeClass]{Get: answers()[tc.answer], Events: recorder}
			_, err := l.ForLaunch(t.Context(), nodeClaim())
			if (err != nil) != tc.fails || cloudprovider.ClassOf(err) != tc.class {
				t.Errorf("got %v", err)
			}
			wantEvent(t, recorder, tc.event, "claim")
		})
	}
}

// KIT-100, KIT-101, CP-033
func TestForPool(t *testing.T) {
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "pool"}}
	pool.Spec.Template.Spec.NodeClassRef = reference()
	for _, tc := range []struct {
		answer            string
		fails, unresolved bool
	}{
		{"there", false, false},
		{"missing", true, true},
		{"terminating", true, true},
		{"unreadable", true, false},
	} {
		t.Run(tc.answer, func(t *testing.T) {
			recorder := &eventstest.Recorder{}
			l := lookup.Lookup[*v1alpha1.TestNodeClass]{Get: answers()[tc.answer], Events: recorder}
			_, err := l.ForPool(t.Context(), pool)
			var unresolved *lookup.UnresolvedError
			if (err != nil) != tc.fails || errors.As(err, &unresolved) != tc.unresolved || cloudprovider.ClassOf(err) != cloudprovider.ClassOther {
				t.Errorf("got %v", err)
			}
			wantEvent(t, recorder, tc.unresolved, "pool")
		})
	}
}

// KIT-101, CP-037
func TestForDrift(t *testing.T) {
	for _, tc := range []struct {
		answer              string
		found, fails, event bool
	}{
		{"there", true, false, false},
		{"missing", false, false, true},
		{"terminating", false, false, false},
		{"unreadable", false, true, false},
	} {
		t.Run(tc.answer, func(t *testing.T) {
			recorder := &eventstest.Recorder{}
			l := lookup.Lookup[*v1alpha1.TestNodeClass]{Get: answers()[tc.answer], Events: recorder}
			_, found, err := l.ForDrift(t.Context(), nodeClaim())
			if found != tc.found || (err != nil) != tc.fails {
				t.Errorf("got %t, %v", found, err)
			}
			wantEvent(t, recorder, tc.event, "claim")
		})
	}
}

func wantEvent(t *testing.T, recorder *eventstest.Recorder, want bool, uid string) {
	t.Helper()
	published := recorder.Events()
	if (len(published) == 1) != want {
		t.Fatalf("published %v", published)
	}
	if !want {
		return
	}
	e := published[0]
	if e.Reason != "NodeClassResolutionError" || e.Type != "Warning" || string(e.Object.GetUID()) != uid ||
		!strings.HasPrefix(e.Message, "Failed resolving NodeClass default: ") || len(e.DedupeValues) != 1 || e.DedupeValues[0] != uid {
		t.Errorf("published %+v", e)
	}
}

// KIT-100: the lookup is by name alone.
func TestFrom(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(&v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}).Build()
	get := lookup.From(api, func() *v1alpha1.TestNodeClass { return &v1alpha1.TestNodeClass{} })
	if found, err := get(t.Context(), "default"); err != nil || found.Name != "default" {
		t.Errorf("got %v, %v", found, err)
	}
	if _, err := get(t.Context(), "other"); !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}
