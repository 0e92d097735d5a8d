// SPDX-License-Identifier: Apache-2.0

package expiration_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/metrics"
	"karpenter.sh/core/testkit/strictapi"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/controllers/expiration"
)

var errDown = errors.New("it is down")

// reservations are those that are expiring.
type reservations struct {
	expiring []string
	asked    [][]string
	err      error
}

func (r *reservations) Expiring(_ context.Context, ids []string) ([]string, error) {
	r.asked = append(r.asked, ids)
	return r.expiring, r.err
}

func claim(name, kind, id string, change ...func(*v1.NodeClaim)) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-of-" + name), Finalizers: []string{v1.TerminationFinalizer}, Labels: map[string]string{
		awsv1.LabelCapacityReservationType: kind, awsv1.LabelCapacityReservationID: id,
	}}}
	c.Spec.NodeClassRef = v1.NodeClassReference{Group: awsv1.Group, Kind: awsv1.NodeClassKind, Name: "default"}
	for _, f := range change {
		f(c)
	}
	return c
}

type world struct {
	*expiration.Controller
	*reservations
	t        *testing.T
	api      client.WithWatch
	registry *prometheus.Registry
	stale    *v1.NodeClaimList
	fails    string // the name of a NodeClaim whose deletion does
}

func newWorld(t *testing.T, claims ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, reservations: &reservations{expiring: []string{"cr-1"}}, registry: prometheus.NewRegistry()}
	w.api = strictapi.Client(t, fake.NewClientBuilder().WithScheme(scheme).WithObjects(claims...).Build())
	counters, err := metrics.NewNodeClaims(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	w.Controller = expiration.New(expiration.Options{
		Client: interceptor.NewClient(w.api, interceptor.Funcs{
			Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
				if o.GetName() == w.fails {
					return errDown
				}
				return c.Delete(ctx, o, opts...)
			},
			List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
				if w.stale != nil {
					w.stale.DeepCopyInto(list.(*v1.NodeClaimList))
					return nil
				}
				return c.List(ctx, list, opts...)
			},
		}),
		Live: w.api, Kinds: cloudprovider.NodeClassKinds{schema.GroupKind(awsv1.Kind())}, Reservations: w.reservations, NodeClaims: counters,
	})
	return w
}

func (w *world) deleted(name string) bool {
	w.t.Helper()
	c := &v1.NodeClaim{}
	if err := w.api.Get(w.t.Context(), client.ObjectKey{Name: name}, c); err != nil {
		w.t.Fatal(err)
	}
	return !c.DeletionTimestamp.IsZero()
}

func (w *world) counted() int {
	w.t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	total := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == string(expiration.Expiring) {
					total += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	return total
}

// AWS-354: the NodeClaims in expiring capacity blocks, and no others.
func TestExpires(t *testing.T) {
	w := newWorld(t,
		claim("a", "capacity-block", "cr-1"), claim("b", "capacity-block", "cr-1"), claim("later", "capacity-block", "cr-2"),
		claim("default", "default", "cr-1"),
		claim("theirs", "capacity-block", "cr-1", func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Group = "theirs" }),
		claim("going", "capacity-block", "cr-3", func(c *v1.NodeClaim) { c.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }))
	for range 3 { // they are being deleted for hours
		if r, err := w.Reconcile(t.Context()); err != nil || r.RequeueAfter != time.Minute {
			t.Fatalf("got %+v, %v", r, err)
		}
	}
	for name, want := range map[string]bool{"a": true, "b": true, "later": false, "default": false, "theirs": false} {
		if got := w.deleted(name); got != want {
			t.Errorf("%s is deleted: %t, want %t", name, got, want)
		}
	}
	if n := w.counted(); n != 2 {
		t.Errorf("counted %d", n)
	}
	if got := fmt.Sprint(w.asked); got != "[[cr-1 cr-2] [cr-2] [cr-2]]" {
		t.Errorf("asked %s", got)
	}
}

// AWS-354: without capacity blocks nothing is asked.
func TestNoBlocks(t *testing.T) {
	w := newWorld(t, claim("default", "default", "cr-1"))
	if _, err := w.Reconcile(t.Context()); err != nil || len(w.asked) != 0 {
		t.Errorf("asked %v, %v", w.asked, err)
	}
}

// AWS-354: a cache that lags deletes nothing twice, nothing that has left its block, and
// no NodeClaim that came later under the name.
func TestStale(t *testing.T) {
	w := newWorld(t, claim("going", "capacity-block", "cr-1"), claim("left", "capacity-block", "cr-1"), claim("new", "capacity-block", "cr-1"), claim("gone", "capacity-block", "cr-1"))
	w.stale = &v1.NodeClaimList{}
	if err := w.api.List(t.Context(), w.stale); err != nil {
		t.Fatal(err)
	}
	for i := range w.stale.Items {
		if c := &w.stale.Items[i]; c.Name == "new" {
			c.UID = "another"
		} else if c.Name == "gone" {
			c.Name = "missing"
		}
	}
	left := claim("left", "capacity-block", "cr-1")
	if err := w.api.Get(t.Context(), client.ObjectKeyFromObject(left), left); err != nil {
		t.Fatal(err)
	}
	left.Labels = nil
	uid := types.UID("uid-of-going")
	if err := errors.Join(w.api.Update(t.Context(), left), w.api.Delete(t.Context(), claim("going", "", ""), client.Preconditions{UID: &uid})); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.deleted("left") || w.deleted("new") || w.deleted("gone") || w.counted() != 0 {
		t.Errorf("left %t, new %t, gone %t, counted %d", w.deleted("left"), w.deleted("new"), w.deleted("gone"), w.counted())
	}
}

// AWS-354: of what fails the rest is done, and it is tried again.
func TestFailures(t *testing.T) {
	w := newWorld(t, claim("a", "capacity-block", "cr-1"), claim("b", "capacity-block", "cr-1"))
	w.err = errDown
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	w.err, w.fails = nil, "a"
	if _, err := w.Reconcile(t.Context()); !errors.Is(err, errDown) || w.deleted("a") || !w.deleted("b") {
		t.Errorf("got %v; deleted %t and %t", err, w.deleted("a"), w.deleted("b"))
	}
	w.fails = ""
	if _, err := w.Reconcile(t.Context()); err != nil || !w.deleted("a") || w.counted() != 2 {
		t.Errorf("got %v, counted %d", err, w.counted())
	}
}
