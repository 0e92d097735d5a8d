// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/nodepool"
)

// LIF-231
func TestOutcomesThatDoNotCount(t *testing.T) {
	same := func(*v1.NodePool) {}
	tests := []struct {
		name  string
		claim *v1.NodeClaim
		pool  func(*v1.NodePool)
	}{
		{"of a claim without a pool", claim("a", func(c *v1.NodeClaim) { c.Labels = nil }), same},
		{"of a claim whose pool is gone", claim("a", func(c *v1.NodeClaim) { c.Labels[v1.NodePoolLabelKey] = "gone" }), same},
		{"of a claim without an owner", claim("a", func(c *v1.NodeClaim) { c.OwnerReferences = nil }), same},
		{"of a claim of an older pool of the name", claim("a", func(c *v1.NodeClaim) { c.OwnerReferences[0].UID = "older" }), same},
		{"of a claim that another kind owns", claim("a", func(c *v1.NodeClaim) { c.OwnerReferences[0].Kind = "Deployment" }), same},
		{"LIF-001: of a pool of another provider", claim("a"), foreign},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, pool(judged("Unknown"), tt.pool), nodeClass())
			record(t, nodepool.NewRegistrationHealth(w.Options), "FFTTT", tt.claim)
			if got := w.stored(t, healthy).status; got != metav1.ConditionUnknown || w.writes > 0 {
				t.Errorf("got %s after %d writes", got, w.writes)
			}
		})
	}
}

// LIF-232: a conflict is retried and the outcome recorded exactly once.
func TestOutcomeConflict(t *testing.T) {
	w := newWorld(t, pool(judged("Unknown")), nodeClass())
	h := nodepool.NewRegistrationHealth(w.Options)
	record(t, h, "F", claim("a", launched))
	w.refused = 2
	record(t, h, "T", claim("a", launched))
	if got := w.stored(t, healthy).status; got != metav1.ConditionTrue || w.writes != 3 {
		t.Fatalf("got %s after %d writes", got, w.writes)
	}
	// Had the success been counted thrice, the first failure would have left the
	// window by now.
	record(t, h, "F", claim("a", launched))
	if got := w.stored(t, healthy).status; got != metav1.ConditionFalse {
		t.Errorf("got %s after the second failure", got)
	}
}

func TestOutcomeIsGivenUpInTheEnd(t *testing.T) {
	w := newWorld(t, pool(judged("Unknown")), nodeClass())
	w.refused = 1000
	if err := nodepool.NewRegistrationHealth(w.Options).RecordSuccess(t.Context(), claim("a")); err == nil {
		t.Error("a write that never succeeds is no error")
	}
}

// LIF-007, LIF-232: after a conflict an outcome counts for the pool as another has
// left it, which the cache need not show yet.
func TestOutcomeAfterAnotherWriter(t *testing.T) {
	w := newWorld(t, pool(judged("Unknown")), nodeClass())
	w.Client = lagging(w.Client, get(t, w.Client, &v1.NodePool{}, "general"))
	changed := get(t, w.Live, &v1.NodePool{}, "general")
	judged("False")(changed)
	if err := w.Client.Status().Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	record(t, nodepool.NewRegistrationHealth(w.Options), "T", claim("a", launched))
	if got, want := w.stored(t, healthy), (condition{"False", "Before", ""}); got != want {
		t.Errorf("one success after two failures: got %v, want %v", got, want)
	}
}
