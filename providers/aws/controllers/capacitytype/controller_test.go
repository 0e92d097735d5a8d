// SPDX-License-Identifier: Apache-2.0

package capacitytype_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/reconcile/patch"
	"karpenter.sh/core/testkit/strictapi"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/controllers/capacitytype"
	"karpenter.sh/providers/aws/providerid"
)

var (
	now     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	errDown = errors.New("it is down")
)

// instances are capacity types by ID.
type instances struct {
	types map[string]string
	asked [][]string
	err   error
}

func (i *instances) CapacityTypes(_ context.Context, ids []string) (map[string]string, error) {
	i.asked = append(i.asked, ids)
	return i.types, i.err
}

func reserved() map[string]string {
	return map[string]string{
		v1.NodePoolLabelKey: "pool", v1.CapacityTypeLabelKey: "reserved", v1.NodeRegisteredLabelKey: "true",
		awsv1.LabelCapacityReservationID: "cr-1", awsv1.LabelCapacityReservationType: "default", awsv1.LabelCapacityReservationInterruptible: "false",
	}
}

func claim(id string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: id, UID: types.UID("claim-" + id), Labels: reserved(), Finalizers: []string{v1.TerminationFinalizer}}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: awsv1.Group, Kind: awsv1.NodeClassKind, Name: "default"}
	c.Status.ProviderID = providerid.New("us-west-2a", id)
	c.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeLaunched, Status: metav1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-time.Minute))}}
	for _, f := range change {
		f(c)
	}
	return c
}

func node(id string, change ...func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: id, UID: types.UID("node-" + id), Labels: reserved(), Finalizers: []string{v1.TerminationFinalizer}}}
	n.Spec.ProviderID = providerid.New("us-west-2a", id)
	for _, f := range change {
		f(n)
	}
	return n
}

type world struct {
	*capacitytype.Controller
	*instances
	t     *testing.T
	api   client.WithWatch
	patch error
	// stale is what the cache shows as NodeClaims, if set.
	stale *v1.NodeClaimList
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, instances: &instances{types: map[string]string{"i-1": "on-demand", "i-2": "reserved"}}}
	w.api = strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build())
	w.Controller = capacitytype.New(capacitytype.Options{
		Client: interceptor.NewClient(w.api, interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
				if w.patch != nil && o.GetName() == "i-1" {
					return w.patch
				}
				return c.Patch(ctx, o, p, opts...)
			},
			List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				if claims, ok := list.(*v1.NodeClaimList); ok && w.stale != nil {
					w.stale.DeepCopyInto(claims)
					return nil
				}
				return c.List(ctx, list, opts...)
			},
		}),
		Live: w.api, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(awsv1.Kind())}, Instances: w.instances,
		Clock: clocktesting.NewFakePassiveClock(now),
	})
	return w
}

func (w *world) labels(o client.Object) map[string]string {
	w.t.Helper()
	if err := w.api.Get(w.t.Context(), client.ObjectKey{Name: o.GetName()}, o); err != nil {
		w.t.Fatal(err)
	}
	return o.GetLabels()
}

func (w *world) round() {
	w.t.Helper()
	if r, err := w.Reconcile(w.t.Context()); err != nil || r.RequeueAfter != time.Minute {
		w.t.Fatalf("got %+v, %v", r, err)
	}
}

// AWS-353: which NodeClaims and Nodes are labelled as on demand.
func TestWhich(t *testing.T) {
	onDemand := map[string]string{v1.NodePoolLabelKey: "pool", v1.CapacityTypeLabelKey: "on-demand", v1.NodeRegisteredLabelKey: "true"}
	dying := &metav1.Time{Time: now}
	for _, tc := range []struct {
		reason      string
		claim       *v1.NodeClaim
		node        *corev1.Node
		claims, has bool // changed
	}{
		{"it has left its reservation", claim("i-1"), node("i-1"), true, true},
		{"it is in its reservation", claim("i-2"), node("i-2"), false, false},
		{"it is gone", claim("i-3"), node("i-3"), false, false},
		{"its NodeClaim is being deleted", claim("i-1", func(c *v1.NodeClaim) { c.DeletionTimestamp = dying }), node("i-1"), true, true},
		{"its Node is being deleted", claim("i-1"), node("i-1", func(n *corev1.Node) { n.DeletionTimestamp = dying }), true, false},
		{"its Node is not registered", claim("i-1"), node("i-1", func(n *corev1.Node) { delete(n.Labels, v1.NodeRegisteredLabelKey) }), true, false},
		{"its NodeClaim was changed before", claim("i-1", func(c *v1.NodeClaim) { c.Labels = maps.Clone(onDemand) }), node("i-1"), false, true},
		{"another provider's", claim("i-1", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" }), node("i-1"), false, false},
		{"launched just now", claim("i-1", func(c *v1.NodeClaim) {
			c.Status.Conditions[0].LastTransitionTime = metav1.NewTime(now.Add(-59 * time.Second))
		}), node("i-1"), false, false},
		{"not launched", claim("i-1", func(c *v1.NodeClaim) { c.Status.ProviderID = "" }), node("i-1"), false, false},
		{"on demand is not made reserved", claim("i-2", func(c *v1.NodeClaim) { c.Labels = maps.Clone(onDemand) }),
			node("i-2", func(n *corev1.Node) { n.Labels = maps.Clone(onDemand) }), false, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t, tc.claim, tc.node)
			w.round()
			for _, check := range []struct {
				o       client.Object
				changed bool
			}{{tc.claim, tc.claims}, {tc.node, tc.has}} {
				want := maps.Clone(check.o.GetLabels())
				if check.changed {
					want = onDemand
				}
				if got := w.labels(check.o); !maps.Equal(got, want) {
					t.Errorf("%T is labelled %v, want %v", check.o, got, want)
				}
			}
		})
	}
}

// AWS-353, CP-094: EC2 is asked once for all, and not at all without reserved machines.
func TestCalls(t *testing.T) {
	w := newWorld(t, claim("i-1"), claim("i-2"), node("i-2"), claim("i-4", func(c *v1.NodeClaim) { c.Labels[v1.CapacityTypeLabelKey] = "spot" }))
	w.round()
	if got := fmt.Sprint(w.asked); got != "[[i-1 i-2]]" {
		t.Errorf("asked %s", got)
	}
	w = newWorld(t, claim("i-4", func(c *v1.NodeClaim) { c.Labels[v1.CapacityTypeLabelKey] = "spot" }))
	w.round()
	if len(w.asked) != 0 {
		t.Errorf("asked %v", w.asked)
	}
}

// AWS-353: of what fails the rest is done; conflicts alone bring the next round soon.
func TestFailures(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{}, "i-1", errDown)
	for _, tc := range []struct {
		reason string
		patch  error
		fails  bool
		next   time.Duration
	}{
		{"conflicts", conflict, false, patch.Retry},
		{"gone meanwhile", apierrors.NewNotFound(schema.GroupResource{}, "i-1"), false, time.Minute},
		{"the API server is down", errDown, true, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			other := claim("i-5")
			w := newWorld(t, claim("i-1"), other)
			w.types["i-5"], w.patch = "on-demand", tc.patch
			r, err := w.Reconcile(t.Context())
			if (err != nil) != tc.fails || r.RequeueAfter != tc.next {
				t.Errorf("got %+v, %v", r, err)
			}
			if w.labels(other)[v1.CapacityTypeLabelKey] != "on-demand" {
				t.Error("the other NodeClaim is left out")
			}
		})
	}
	t.Run("EC2 is down", func(t *testing.T) {
		w := newWorld(t, claim("i-1"))
		w.err = errDown
		if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("got %v", err)
		}
	})
}

// AWS-353: a cache that lags undoes nothing of what others wrote.
func TestStale(t *testing.T) {
	w := newWorld(t, claim("i-1"))
	w.stale = &v1.NodeClaimList{}
	if err := w.api.List(t.Context(), w.stale); err != nil {
		t.Fatal(err)
	}
	c := claim("i-1")
	w.labels(c)
	c.Labels[v1.CapacityTypeLabelKey], c.Labels["team"] = "on-demand", "a"
	if err := w.api.Update(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	w.round()
	got := w.labels(claim("i-1"))
	if keys := slices.Sorted(maps.Keys(got)); got["team"] != "a" || got[awsv1.LabelCapacityReservationID] != "cr-1" {
		t.Errorf("labels %v", keys)
	}
}
