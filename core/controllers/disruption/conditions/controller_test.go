// SPDX-License-Identifier: Apache-2.0

package conditions_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
)

func pool(after v1.NillableDuration) *v1.NodePool {
	return &v1.NodePool{
		ObjectMeta: metav1.ObjectMeta{Name: fixture.NodePool},
		Spec:       v1.NodePoolSpec{Disruption: v1.Disruption{ConsolidateAfter: after}},
	}
}

// quiet makes a NodeClaim one that was initialized a minute ago.
func quiet(now time.Time) func(*v1.NodeClaim) {
	return func(c *v1.NodeClaim) {
		c.Status.ProviderID = fixture.ProviderID(c.Name)
		fixture.SetTrue(c, now.Add(-time.Minute), v1.ConditionTypeLaunched, v1.ConditionTypeRegistered, v1.ConditionTypeInitialized)
	}
}

func reconcileOnce(t *testing.T, w *fixture.World) (reconcile.Result, error) {
	t.Helper()
	return newController(w, provider{}).Reconcile(context.Background(), reconcile.Request{NamespacedName: fixture.Key("a")})
}

// consolidatable returns the condition as it is stored, or nil.
func consolidatable(w *fixture.World) *status.Condition {
	nodeClaim := fixture.Read(w, &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
	return nodeClaim.StatusConditions(status.WithObservedOnly()).Get(v1.ConditionTypeConsolidatable)
}

// API-120
func TestConsolidatable(t *testing.T) {
	has := func(now time.Time) func(*v1.NodeClaim) {
		return func(c *v1.NodeClaim) { fixture.SetTrue(c, now, v1.ConditionTypeConsolidatable) }
	}
	event := func(ago time.Duration) func(time.Time) func(*v1.NodeClaim) {
		return func(now time.Time) func(*v1.NodeClaim) {
			return func(c *v1.NodeClaim) { c.Status.LastPodEventTime = metav1.NewTime(now.Add(-ago)) }
		}
	}
	uninitialized := func(status metav1.ConditionStatus) func(time.Time) func(*v1.NodeClaim) {
		return func(time.Time) func(*v1.NodeClaim) {
			return func(c *v1.NodeClaim) {
				switch conditions := c.StatusConditions(); status {
				case metav1.ConditionFalse:
					conditions.SetFalse(v1.ConditionTypeInitialized, "No", "")
				case metav1.ConditionUnknown:
					conditions.SetUnknown(v1.ConditionTypeInitialized)
				default:
					c.Status.Conditions = nil
					fixture.SetTrue(c, time.Now(), v1.ConditionTypeConsolidatable)
				}
			}
		}
	}
	replicas := int64(1)
	for _, test := range []struct {
		why   string
		after v1.NillableDuration
		edit  []func(time.Time) func(*v1.NodeClaim)
		pool  func(*v1.NodePool)
		want  bool
		again time.Duration
	}{
		{why: "DIS-004 0s, as soon as it is initialized", after: "0s", want: true},
		{why: "DIS-004 the wait since initialization is not over", after: "5m", again: 4 * time.Minute},
		{why: "DIS-004 and takes the condition away", after: "5m", edit: []func(time.Time) func(*v1.NodeClaim){has}, again: 4 * time.Minute},
		{why: "DIS-004 a pod event counts instead", after: "5m", edit: []func(time.Time) func(*v1.NodeClaim){event(10 * time.Second)}, again: 4*time.Minute + 50*time.Second},
		{why: "DIS-004 at the very end", after: "1m", want: true},
		{why: "DIS-003 Never", after: v1.Never, edit: []func(time.Time) func(*v1.NodeClaim){has}},
		{why: "DIS-003 Initialized is False", after: "0s", edit: []func(time.Time) func(*v1.NodeClaim){has, uninitialized(metav1.ConditionFalse)}},
		{why: "DIS-003 Initialized is Unknown", after: "0s", edit: []func(time.Time) func(*v1.NodeClaim){has, uninitialized(metav1.ConditionUnknown)}},
		{why: "DIS-003 Initialized is absent", after: "0s", edit: []func(time.Time) func(*v1.NodeClaim){uninitialized("")}},
		{why: "DIS-006 static pool", after: "0s", pool: func(p *v1.NodePool) { p.Spec.Replicas = &replicas }},
		{why: "DIS-006 one that is left from earlier", after: "0s", pool: func(p *v1.NodePool) { p.Spec.Replicas = &replicas }, edit: []func(time.Time) func(*v1.NodeClaim){has}},
		{why: "DIS-005 whatever the policy", after: "0s", pool: func(p *v1.NodePool) { p.Spec.Disruption.ConsolidationPolicy = v1.ConsolidationPolicyWhenEmpty }, want: true},
		{why: "DIS-005 whatever the budgets", after: "0s", pool: func(p *v1.NodePool) { p.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "0"}} }, want: true},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := fixture.New(t)
			nodeClaim := fixture.NodeClaim("a", quiet(w.Now()))
			for _, edit := range test.edit {
				edit(w.Now())(nodeClaim)
			}
			p := pool(test.after)
			if test.pool != nil {
				test.pool(p)
			}
			w.Add(nodeClaim, p)
			ready := nodeClaim.StatusConditions(status.WithObservedOnly()).Get(status.ConditionReady)
			result, err := reconcileOnce(t, w)
			if err != nil || result.RequeueAfter != test.again && (test.again != 0 || result.RequeueAfter != driftRecheck) {
				t.Errorf("again after %v (%v), want %v", result.RequeueAfter, err, test.again)
			}
			got := consolidatable(w)
			if (got != nil) != test.want {
				t.Fatalf("the condition is %v", got)
			}
			if got != nil && (!got.IsTrue() || got.Reason != v1.ConditionTypeConsolidatable || got.Message != "") {
				t.Errorf("the condition is %v", got)
			}
			stored := fixture.Read(w, &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "a"}})
			if now := stored.StatusConditions(status.WithObservedOnly()).Get(status.ConditionReady); (now == nil) != (ready == nil) || now != nil && now.Status != ready.Status {
				t.Errorf("Ready was %v and is %v", ready, now)
			}
		})
	}
}

// DIS-001
func TestNodeClaimsLeftAlone(t *testing.T) {
	deleting := func(c *v1.NodeClaim) { c.Finalizers = []string{v1.TerminationFinalizer} }
	for _, test := range []struct {
		why    string
		edit   func(*v1.NodeClaim)
		noPool bool
		delete bool
	}{
		{why: "without the label", edit: func(c *v1.NodeClaim) { delete(c.Labels, v1.NodePoolLabelKey) }},
		{why: "without its pool", noPool: true},
		{why: "of another provider", edit: func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Kind = "Other" }},
		{why: "under deletion", edit: deleting, delete: true},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := fixture.New(t)
			nodeClaim := fixture.NodeClaim("a", quiet(w.Now()))
			fixture.SetTrue(nodeClaim, w.Now(), v1.ConditionTypeConsolidatable)
			if test.edit != nil {
				test.edit(nodeClaim)
			}
			w.Add(nodeClaim)
			if !test.noPool {
				w.Add(pool(v1.Never))
			}
			if test.delete {
				w.Delete(nodeClaim)
			}
			w.Writes.Reset()
			if result, err := reconcileOnce(t, w); err != nil || result.RequeueAfter != 0 {
				t.Errorf("again after %v (%v)", result.RequeueAfter, err)
			}
			if writes := w.Writes.Names(); len(writes) != 0 || consolidatable(w) == nil {
				t.Errorf("writes: %v", writes)
			}
		})
	}
	w := fixture.New(t)
	if _, err := reconcileOnce(t, w); err != nil { // it is gone
		t.Error(err)
	}
}

// DIS-002
func TestWrites(t *testing.T) {
	resource := schema.GroupResource{Group: v1.Group, Resource: "nodeclaims"}
	for _, test := range []struct {
		why   string
		fault error
		again bool
		fails bool
	}{
		{why: "a conflict asks for another look", fault: apierrors.NewConflict(resource, "a", nil), again: true},
		{why: "one that is gone is done with", fault: apierrors.NewNotFound(resource, "a")},
		{why: "anything else is an error", fault: errors.New("no answer"), fails: true},
	} {
		t.Run(test.why, func(t *testing.T) {
			w := fixture.New(t)
			w.Add(fixture.NodeClaim("a", quiet(w.Now())), pool("0s"))
			w.Writes.FailOnce("patch NodeClaim status", test.fault)
			result, err := reconcileOnce(t, w)
			if (err != nil) != test.fails || (result.RequeueAfter > 0) != test.again {
				t.Errorf("again after %v, error %v", result.RequeueAfter, err)
			}
			w.Writes.Reset()
			for range 2 {
				if _, err := reconcileOnce(t, w); err != nil {
					t.Fatal(err)
				}
			}
			if writes := w.Writes.Names(); len(writes) != 1 { // only what changes: DIS-168
				t.Errorf("writes: %v", writes)
			}
		})
	}
}
