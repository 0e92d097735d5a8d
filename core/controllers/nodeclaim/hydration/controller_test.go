// SPDX-License-Identifier: Apache-2.0

package hydration_test

import (
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/nodeclaim/hydration"
)

// LIF-200, API-130
func TestHydration(t *testing.T) {
	tests := []struct {
		name   string
		change func(*v1.NodeClaim)
		want   string
		writes []string
	}{
		{"missing", func(n *v1.NodeClaim) { n.Labels = nil }, "default", []string{"patch NodeClaim"}},
		{"another", func(n *v1.NodeClaim) { n.Labels[fixture.NodeClassLabel] = "old" }, "default", []string{"patch NodeClaim"}},
		{"right already", func(*v1.NodeClaim) {}, "default", nil},
		{
			"unmanaged",
			func(n *v1.NodeClaim) { n.Labels, n.Spec.NodeClassRef.Kind = nil, "Other" }, "", nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := fixture.New(t, fixture.NodeClaim("a", tt.change))
			c := hydration.New(hydration.Options{Client: w.Client, NodeClasses: w.NodeClasses, CPUMillis: 1000})
			if _, err := c.Reconcile(t.Context(), reconcile.Request{NamespacedName: fixture.Key("a")}); err != nil {
				t.Fatal(err)
			}
			if got := fixture.Read(w, fixture.NodeClaim("a")).Labels[fixture.NodeClassLabel]; got != tt.want {
				t.Errorf("label is %q, want %q", got, tt.want)
			}
			if got := w.Writes.Names(); !slices.Equal(got, tt.writes) {
				t.Errorf("wrote %q, want %q", got, tt.writes)
			}
		})
	}
}
