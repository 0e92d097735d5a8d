// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"testing"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/nodepool"
)

const healthy = v1.ConditionTypeNodeRegistrationHealthy

// judged is a pool whose condition has a status, for the present generations.
func judged(s metav1.ConditionStatus) func(*v1.NodePool) {
	return func(p *v1.NodePool) {
		p.Status.NodeClassObservedGeneration = 1
		p.Status.Conditions = []status.Condition{{
			Type: healthy, Status: s, Reason: "Before", ObservedGeneration: p.Generation, LastTransitionTime: metav1.NewTime(start),
		}}
	}
}

func (w *world) reconcile(t *testing.T, h *nodepool.RegistrationHealth) {
	t.Helper()
	if _, err := h.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Name: "general"}}); err != nil {
		t.Fatal(err)
	}
}

// record reports outcomes: T for a success, F for a failure.
func record(t *testing.T, h *nodepool.RegistrationHealth, outcomes string, c *v1.NodeClaim) {
	t.Helper()
	for _, o := range outcomes {
		report := h.RecordSuccess
		if o == 'F' {
			report = h.RecordFailure
		}
		if err := report(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// launched is a NodeClaim whose instance exists.
func launched(c *v1.NodeClaim) {
	c.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeLaunched, Status: metav1.ConditionTrue, Reason: "Launched", LastTransitionTime: metav1.NewTime(start)}}
}

// API-086
func TestOutcomes(t *testing.T) {
	tests := []struct {
		name, outcomes string
		before         metav1.ConditionStatus
		want           metav1.ConditionStatus
	}{
		{"LIF-233: one failure changes nothing", "F", "Unknown", "Unknown"},
		{"LIF-233: two failures", "FF", "Unknown", "False"},
		{"LIF-233: a failure and a success", "FT", "Unknown", "True"},
		{"LIF-233: a success does not outweigh two failures", "FFT", "Unknown", "False"},
		{"LIF-233: nor do two", "FFTT", "Unknown", "False"},
		{"LIF-233: once a failure has left the window", "FFTTT", "Unknown", "True"},
		{"LIF-230: a success", "T", "Unknown", "True"},
		{"LIF-230: the oldest leaves first", "TFTTTF", "Unknown", "True"},
		{"LIF-232: a failure that makes it unhealthy", "TFF", "Unknown", "False"},
		{"LIF-235: a pool that was healthy before a restart survives one failure", "F", "True", "True"},
		{"LIF-235: but not two", "FF", "True", "False"},
		{"LIF-235: one that was not needs three successes", "TT", "False", "False"},
		{"LIF-235: of which this is the third", "TTT", "False", "True"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, pool(judged(tt.before)), nodeClass())
			record(t, nodepool.NewRegistrationHealth(w.Options), tt.outcomes, claim("a", launched))
			if got := w.stored(t, healthy).status; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// LIF-232, API-085
func TestFailureReason(t *testing.T) {
	refused := func(c *v1.NodeClaim) {
		c.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeLaunched, Status: metav1.ConditionUnknown, Reason: "LaunchFailed", Message: "no quota"}}
	}
	tests := []struct {
		name   string
		before metav1.ConditionStatus
		claim  *v1.NodeClaim
		want   condition
	}{
		{"launched, but never registered", "Unknown", claim("a", launched), condition{"False", "RegistrationFailed", "Failed to register node"}},
		{"never launched", "Unknown", claim("a", refused), condition{"False", "LaunchFailed", "no quota"}},
		{"a condition that is false keeps its reason", "False", claim("a", refused), condition{"False", "Before", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, pool(judged(tt.before)), nodeClass())
			record(t, nodepool.NewRegistrationHealth(w.Options), "FF", tt.claim)
			if got := w.stored(t, healthy); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// LIF-234
func TestOutdatedHealth(t *testing.T) {
	awaiting := condition{"Unknown", "NoNodeLaunched", "no node launched and registered yet"}
	tests := []struct {
		name string
		pool *v1.NodePool
		want condition
	}{
		{"no condition", pool(), awaiting},
		{"the condition stands when the pool was changed", pool(judged("False"), func(p *v1.NodePool) { p.Generation = 2 }), condition{"False", "Before", ""}},
		{"and when the NodeClass was changed", pool(judged("True"), func(p *v1.NodePool) { p.Status.NodeClassObservedGeneration = 7 }), condition{"True", "Before", ""}},
		{"nothing was changed", pool(judged("False")), condition{"False", "Before", ""}},
		{"API-087: without a NodeClass nothing is touched", pool(judged("True"), func(p *v1.NodePool) {
			p.Generation, p.Spec.Template.Spec.NodeClassRef.Name = 2, "missing"
		}), condition{"True", "Before", ""}},
		{"LIF-001: nor is a pool of another provider", pool(foreign), condition{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.pool, nodeClass())
			w.reconcile(t, nodepool.NewRegistrationHealth(w.Options))
			if got := w.stored(t, healthy); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if class := tt.pool.Spec.Template.Spec.NodeClassRef; class != pool().Spec.Template.Spec.NodeClassRef {
				return
			}
			stored := get(t, w.Client, &v1.NodePool{}, "general")
			if got := stored.Status.NodeClassObservedGeneration; got != 1 {
				t.Errorf("API-083: generation %d of the NodeClass is noted", got)
			}
			for _, c := range stored.Status.Conditions {
				if c.Type == healthy && c.ObservedGeneration != stored.Generation {
					t.Errorf("API-114: the condition is of generation %d", c.ObservedGeneration)
				}
			}
		})
	}
}

// LIF-234: outcomes of an older spec do not count for the present one.
func TestChangeClearsOutcomes(t *testing.T) {
	w := newWorld(t, pool(judged("Unknown")), nodeClass())
	h := nodepool.NewRegistrationHealth(w.Options)
	record(t, h, "F", claim("a", launched))
	changed := get(t, w.Client, &v1.NodePool{}, "general")
	changed.Generation = 2
	if err := w.Client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	record(t, h, "F", claim("a", launched)) // before the controller has seen the change
	if got := w.stored(t, healthy).status; got != metav1.ConditionUnknown {
		t.Errorf("after one failure each of two specs: %s", got)
	}
	w.reconcile(t, h)
	record(t, h, "F", claim("a", launched))
	if got := w.stored(t, healthy).status; got != metav1.ConditionFalse {
		t.Errorf("after two failures of the present spec: %s", got)
	}
}

// LIF-234: a mended spec is believed with its first node, and a spec that was
// healthy needs two failures again.
func TestConditionAfterAChange(t *testing.T) {
	for _, tt := range []struct {
		name     string
		before   metav1.ConditionStatus
		outcomes string
		want     metav1.ConditionStatus
	}{
		{"mended", "False", "T", "True"},
		{"still broken", "False", "F", "False"},
		{"one failure", "True", "F", "True"},
		{"broken by the change", "True", "FF", "False"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, pool(judged(tt.before), func(p *v1.NodePool) { p.Generation = 2 }), nodeClass())
			h := nodepool.NewRegistrationHealth(w.Options)
			w.reconcile(t, h)
			w.reconcile(t, h)
			record(t, h, tt.outcomes, claim("a", launched))
			if got := w.stored(t, healthy).status; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// LIF-007: a cache that lags behind the controller's own writes hides nothing.
func TestStaleRead(t *testing.T) {
	w := newWorld(t, pool(judged("Unknown")), nodeClass())
	record(t, nodepool.NewRegistrationHealth(w.Options), "T", claim("a", launched))
	w.Client = lagging(w.Client, get(t, w.Client, &v1.NodePool{}, "general"))
	h := nodepool.NewRegistrationHealth(w.Options)
	record(t, h, "FFTTT", claim("a", launched))
	if got := w.stored(t, healthy).status; got != metav1.ConditionTrue {
		t.Errorf("got %s", got)
	}
}

// A pool that is made anew under the same name starts without a history, whether
// or not the controller has seen the end of the first.
func TestNewPoolOfTheName(t *testing.T) {
	for name, seen := range map[string]bool{"its end was seen": true, "its end was missed": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, pool(judged("Unknown")), nodeClass())
			h := nodepool.NewRegistrationHealth(w.Options)
			record(t, h, "F", claim("a", launched))
			if err := w.Client.Delete(t.Context(), pool(), client.Preconditions{UID: new(types.UID("pool"))}); err != nil {
				t.Fatal(err)
			}
			if seen {
				w.reconcile(t, h)
			}
			if err := w.Client.Create(t.Context(), pool(judged("Unknown"), func(p *v1.NodePool) { p.UID = "second" })); err != nil {
				t.Fatal(err)
			}
			record(t, h, "F", claim("a", launched, func(c *v1.NodeClaim) { c.OwnerReferences[0].UID = "second" }))
			if got := w.stored(t, healthy).status; got == metav1.ConditionFalse {
				t.Errorf("got %s", got)
			}
		})
	}
}

// API-086: a pool of the same name that came later starts from nothing.
func TestSuccessorStartsAnew(t *testing.T) {
	w := newWorld(t, pool(judged("Unknown")), nodeClass())
	h := nodepool.NewRegistrationHealth(w.Options)
	record(t, h, "F", claim("a", launched))
	if err := w.Client.Delete(t.Context(), pool(), client.Preconditions{UID: new(types.UID("pool"))}); err != nil {
		t.Fatal(err)
	}
	successor := pool(judged("Unknown"), func(p *v1.NodePool) { p.UID = "successor" })
	if err := w.Client.Create(t.Context(), successor); err != nil {
		t.Fatal(err)
	}
	ofSuccessor := claim("b", launched, func(c *v1.NodeClaim) { c.OwnerReferences[0].UID = "successor" })
	record(t, h, "F", ofSuccessor)
	if got := w.stored(t, healthy).status; got != metav1.ConditionUnknown {
		t.Errorf("after one failure of each of two pools: %s", got)
	}
	record(t, h, "F", ofSuccessor)
	if got := w.stored(t, healthy).status; got != metav1.ConditionFalse {
		t.Errorf("after two failures of the second: %s", got)
	}
}

// API-086: a restart changes no condition by itself.
func TestRestartChangesNothing(t *testing.T) {
	for _, before := range []metav1.ConditionStatus{"True", "False", "Unknown"} {
		w := newWorld(t, pool(judged(before)), nodeClass())
		w.reconcile(t, nodepool.NewRegistrationHealth(w.Options))
		if got := w.stored(t, healthy); got != (condition{before, "Before", ""}) || w.writes > 0 {
			t.Errorf("%s became %v in %d writes", before, got, w.writes)
		}
	}
}

// API-003: who loses a race for the conditions tries again, and it is no error.
func TestConflictIsNoError(t *testing.T) {
	w := newWorld(t, pool(), nodeClass())
	w.refused = 1
	result, err := nodepool.NewValidation(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general"))
	if err != nil || result.RequeueAfter == 0 {
		t.Errorf("got %v, %v", result, err)
	}
	if told := w.told.Events(); len(told) > 0 {
		t.Errorf("what was not written is told: %v", told)
	}
}
