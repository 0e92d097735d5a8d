// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/lenient"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/controllers/nodepool"
	"karpenter.sh/core/events"
)

func ready(s metav1.ConditionStatus, reason, message string) status.Condition {
	return status.Condition{Type: status.ConditionReady, Status: s, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(start)}
}

// terminating is a NodeClass under deletion that something holds back.
func terminating() *v1alpha1.TestNodeClass {
	n := nodeClass(ready("True", "Ready", ""))
	now := metav1.NewTime(start)
	n.DeletionTimestamp, n.Finalizers = &now, []string{"example.com/hold"}
	return n
}

// LIF-220, API-085, CP-099
func TestReadiness(t *testing.T) {
	tests := []struct {
		name      string
		pool      *v1.NodePool
		nodeClass *v1alpha1.TestNodeClass
		want      condition
	}{
		{"no NodeClass", pool(), nil, condition{"False", "NodeClassNotFound", `TestNodeClass "default" does not exist`}},
		{"a NodeClass of another name", pool(func(p *v1.NodePool) { p.Spec.Template.Spec.NodeClassRef.Name = "other" }), nodeClass(ready("True", "Ready", "")),
			condition{"False", "NodeClassNotFound", `TestNodeClass "other" does not exist`}},
		{"deletion comes before readiness", pool(), terminating(), condition{"False", "NodeClassTerminating", `TestNodeClass "default" is being deleted`}},
		{"no condition yet", pool(), nodeClass(), condition{"False", "NodeClassReadinessUnknown", `TestNodeClass "default" does not say yet whether it is ready`}},
		{"not decided", pool(), nodeClass(ready("Unknown", "Resolving", "soon")), condition{"False", "NodeClassReadinessUnknown", `TestNodeClass "default" does not say yet whether it is ready`}},
		{"not ready: the reason is passed on", pool(), nodeClass(ready("False", "SubnetsNotFound", "no subnet matches")), condition{"False", "SubnetsNotFound", "no subnet matches"}},
		{"ready", pool(), nodeClass(ready("True", "Ready", "")), condition{"True", "NodeClassReady", ""}},
		{"LIF-001: a pool of another provider", pool(foreign), nodeClass(ready("True", "Ready", "")), condition{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects := []client.Object{tt.pool}
			if tt.nodeClass != nil {
				objects = append(objects, tt.nodeClass)
			}
			w := newWorld(t, objects...)
			if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
			if got := w.stored(t, v1.ConditionTypeNodeClassReady); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// API-115, API-118: one pass of either controller decides all that Ready depends
// on, in one write.
func TestReadyPool(t *testing.T) {
	w := newWorld(t, pool(), nodeClass(ready("True", "Ready", "")))
	if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(t, status.ConditionReady).status; got != metav1.ConditionTrue || w.writes != 1 {
		t.Errorf("Ready is %s after %d writes", got, w.writes)
	}
	if _, err := nodepool.NewValidation(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	if w.writes != 1 {
		t.Errorf("the second judgement wrote, though it is the same")
	}
}

// API-116: a change of the spec that changes nothing for the worse never shows as
// a pool that is not ready, and no transition is made up.
func TestSpecEditsDoNotFlap(t *testing.T) {
	w := newWorld(t, pool(), nodeClass(ready("True", "Ready", "")))
	validate := nodepool.NewValidation(w.Options)
	if _, err := validate.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	before := get(t, w.Client, &v1.NodePool{}, "general")
	changed := before.DeepCopy()
	changed.Generation, changed.Spec.Weight = 2, new(int32(5))
	if err := w.Client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	w.clock.Step(time.Hour)
	if _, err := validate.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	for _, c := range get(t, w.Client, &v1.NodePool{}, "general").Status.Conditions {
		old := before.StatusConditions().Get(c.Type)
		if c.Status != old.Status || !c.LastTransitionTime.Equal(&old.LastTransitionTime) || c.ObservedGeneration != 2 {
			t.Errorf("%s was %s since %s and is %s since %s for generation %d",
				c.Type, old.Status, old.LastTransitionTime, c.Status, c.LastTransitionTime, c.ObservedGeneration)
		}
	}
	if w.writes != 2 {
		t.Errorf("%d writes for two generations", w.writes)
	}
}

// API-085: what is wrong is told on the pool once, and again when it is something
// else.
func TestFailuresAreTold(t *testing.T) {
	w := newWorld(t, pool())
	readiness := nodepool.NewReadiness(w.Options)
	pass := func() {
		t.Helper()
		if _, err := readiness.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
			t.Fatal(err)
		}
	}
	pass()
	pass()
	told := w.told.Events()
	if len(told) != 1 || told[0].Type != events.Warning || told[0].Reason != "NodeClassNotFound" || told[0].Message != `TestNodeClass "default" does not exist` {
		t.Fatalf("told %+v", told)
	}
	invalid := get(t, w.Client, &v1.NodePool{}, "general")
	invalid.Spec.Template.ObjectMeta.Labels = map[string]string{v1.NodePoolLabelKey: "other"}
	if err := w.Client.Update(t.Context(), invalid); err != nil {
		t.Fatal(err)
	}
	pass()
	if told := w.told.Of(v1.ReasonValidationFailed); len(told) != 1 || len(w.told.Events()) != 2 {
		t.Errorf("told %+v", w.told.Events())
	}
}

// LIF-006
func TestReadinessUsesTheClock(t *testing.T) {
	stored := func(p *v1.NodePool) {
		p.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeNodeClassReady, Status: "True", Reason: "NodeClassReady", ObservedGeneration: 1, LastTransitionTime: metav1.NewTime(start.Add(-time.Hour))}}
	}
	w := newWorld(t, pool(stored))
	if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	got := get(t, w.Client, &v1.NodePool{}, "general").StatusConditions().Get(v1.ConditionTypeNodeClassReady)
	if !got.LastTransitionTime.Time.Equal(start) {
		t.Errorf("transition at %s, want %s", got.LastTransitionTime, start)
	}
}

// LIF-225, API-080
func TestValidation(t *testing.T) {
	restricted := func(p *v1.NodePool) {
		p.Spec.Template.ObjectMeta.Labels = map[string]string{v1.NodePoolLabelKey: "other"}
	}
	badBudget := func(p *v1.NodePool) {
		p.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "0", Schedule: "0 0 * * sat-sun", Duration: "1h"}}
	}
	unreadable := func(p *v1.NodePool) {
		p.Unreadable = []lenient.Problem{{Field: "spec.limits[cpu]", Detail: "too long"}}
	}
	tests := []struct {
		name           string
		pool           *v1.NodePool
		status, reason string
		message        bool
	}{
		{"a valid pool", pool(), "True", "ValidationSucceeded", false},
		{"a pool with a restricted label", pool(restricted), "False", "NodePoolValidationFailed", true},
		{"API-048: a pool whose budgets cannot be understood", pool(badBudget), "False", "InvalidDisruptionBudgets", true},
		{"API-048: other mistakes weigh more", pool(badBudget, restricted), "False", "NodePoolValidationFailed", true},
		{"API-177: a pool that cannot be read as a whole", pool(unreadable), "False", "NodePoolValidationFailed", true},
		{"LIF-001: a pool of another provider", pool(foreign, restricted), "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.pool)
			stored := get(t, w.Client, &v1.NodePool{}, "general")
			stored.Unreadable = tt.pool.Unreadable // which no server in memory would hold
			if _, err := nodepool.NewValidation(w.Options).Reconcile(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
			got := w.stored(t, v1.ConditionTypeValidationSucceeded)
			if string(got.status) != tt.status || got.reason != tt.reason || (got.message != "") != tt.message {
				t.Errorf("got %v", got)
			}
		})
	}
}

// API-085, API-116: Ready follows from what it depends on, whatever has come to be
// written there, and whoever writes other conditions leaves it alone.
func TestReadyIsWorkedOutAnew(t *testing.T) {
	stored := func(generation int64, of metav1.ConditionStatus) *v1.NodePool {
		p := pool(judged("Unknown"))
		p.Generation = 2
		for _, conditionType := range []string{v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady, status.ConditionReady} {
			c := status.Condition{Type: conditionType, Status: "True", Reason: conditionType, ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(start)}
			if conditionType == status.ConditionReady {
				c.Status = of
			}
			p.Status.Conditions = append(p.Status.Conditions, c)
		}
		return p
	}
	t.Run("Ready was written by somebody who saw less", func(t *testing.T) {
		w := newWorld(t, stored(2, "Unknown"), nodeClass(ready("True", "Ready", "")))
		if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
			t.Fatal(err)
		}
		if got := w.stored(t, status.ConditionReady); got.status != "True" {
			t.Errorf("Ready is %v", got)
		}
	})
	t.Run("nothing has changed", func(t *testing.T) {
		w := newWorld(t, stored(2, "True"), nodeClass(ready("True", "Ready", "")))
		for range 2 {
			if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
		}
		if w.writes > 1 { // the first may complete what the test left out
			t.Errorf("%d writes", w.writes)
		}
	})
	for name, write := range map[string]func(*world){
		"a new generation": func(w *world) { w.reconcile(t, nodepool.NewRegistrationHealth(w.Options)) },
		"an outcome":       func(w *world) { record(t, nodepool.NewRegistrationHealth(w.Options), "TTTT", claim("a", launched)) },
		"no instance type": func(w *world) {
			w.types = []*cloudprovider.InstanceType{fake.NewInstanceType(fake.TypeSpec{Name: "small", CPU: 2, Memory: 4, Zones: []string{"zone-a"}})}
			if _, err := nodepool.NewInstanceTypes(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := stored(1, "True")
			inZone("us-east-1a")(p)
			w := newWorld(t, p, nodeClass(ready("True", "Ready", "")))
			write(w)
			if got := w.stored(t, status.ConditionReady); w.writes == 0 || got.status != "True" {
				t.Errorf("%d writes, Ready is %v", w.writes, got)
			}
		})
	}
}
