// SPDX-License-Identifier: Apache-2.0

package expiration_test

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/expiration"
)

type world struct {
	*fixture.World
	t          *testing.T
	controller *expiration.Controller
}

func setup(t *testing.T, objects ...client.Object) world {
	t.Helper()
	w := fixture.New(t, objects...)
	return world{w, t, expiration.New(expiration.Options{
		Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, NodeClaims: w.NodeClaims, CPUMillis: 1000,
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

func (w world) deleted() bool {
	w.t.Helper()
	return !fixture.Read(w.World, fixture.NodeClaim("a")).DeletionTimestamp.IsZero()
}

func expiring(after v1.NillableDuration) func(*v1.NodeClaim) {
	return func(n *v1.NodeClaim) {
		fixture.Initialized(n)
		n.Spec.ExpireAfter = after
	}
}

// LIF-190, DIS-138, DIS-139
func TestExpiration(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*v1.NodeClaim)
		age     time.Duration
		deleted bool
		next    time.Duration
	}{
		{name: "young", change: expiring("1h"), age: 20 * time.Minute, next: 40 * time.Minute},
		{name: "at its end", change: expiring("1h"), age: time.Hour, deleted: true},
		{name: "past its end", change: expiring("1h"), age: 48 * time.Hour, deleted: true},
		{name: "at once", change: expiring("0s"), deleted: true},
		{name: "never", change: expiring(v1.Never), age: 1e5 * time.Hour},
		{name: "unset", change: expiring(""), age: 1e5 * time.Hour},
		{
			name: "without a pool", age: time.Hour, deleted: true,
			change: func(n *v1.NodeClaim) { expiring("1h")(n); delete(n.Labels, v1.NodePoolLabelKey) },
		},
		{
			name: "protected all the same", age: time.Hour, deleted: true,
			change: func(n *v1.NodeClaim) {
				expiring("1h")(n)
				n.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"}
			},
		},
		{
			name: "unmanaged", age: time.Hour,
			change: func(n *v1.NodeClaim) { expiring("1h")(n); n.Spec.NodeClassRef.Group = "example.com" },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := setup(t, fixture.NodeClaim("a", tt.change))
			w.Clock.SetTime(fixture.Read(w.World, fixture.NodeClaim("a")).CreationTimestamp.Add(tt.age))
			if got := w.pass(); got != tt.next {
				t.Errorf("woken after %v, want %v", got, tt.next)
			}
			if got := w.deleted(); got != tt.deleted {
				t.Errorf("deleted: %v, want %v", got, tt.deleted)
			}
		})
	}
}

// LIF-190, LIF-007, DIS-140
func TestExpirationIsCountedOnce(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", expiring("0s")), fixture.Pod("p", "a"), fixture.Pod("m", "a", fixture.OwnedBy("v1", "Node")))
	w.Late(fixture.Read(w.World, fixture.NodeClaim("a")))
	for range 3 {
		w.pass()
	}
	labels := map[string]string{"reason": "expired", "termination_mode": "graceful"}
	if got := w.Metric("karpenter_nodeclaims_disrupted_total", labels); got != 1 {
		t.Errorf("%v NodeClaims counted", got)
	}
	if got := w.Metric("karpenter_pods_disruption_initiated_total", labels); got != 1 {
		t.Errorf("%v pods counted", got)
	}
}

// LIF-007, LIF-190: what the cache shows may be gone, and its name another's.
func TestCacheBehindTheEnd(t *testing.T) {
	for name, successor := range map[string]bool{"gone": false, "another has its name": true} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, fixture.NodeClaim("a", expiring("0s")))
			old := fixture.Read(w.World, fixture.NodeClaim("a"))
			w.Late(old)
			old.Finalizers = nil
			w.Update(old)
			w.Delete(old)
			if successor {
				w.Add(fixture.NodeClaim("a", func(n *v1.NodeClaim) { n.UID = "successor" }))
			}
			w.pass()
			if successor && w.deleted() {
				t.Error("the successor is deleted")
			}
			if got := w.Metric("karpenter_nodeclaims_disrupted_total", nil); got != 0 {
				t.Errorf("%v NodeClaims counted", got)
			}
		})
	}
}

// LIF-190
func TestDeletingIsSkipped(t *testing.T) {
	w := setup(t, fixture.NodeClaim("a", expiring("0s"), fixture.Deleting(time.Now())))
	w.pass()
	if got := w.Writes.Names(); len(got) > 0 {
		t.Errorf("wrote %q", got)
	}
}

func TestGone(t *testing.T) {
	if after := setup(t).pass(); after != 0 {
		t.Errorf("woken after %v for nothing", after)
	}
}
