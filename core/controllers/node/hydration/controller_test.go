// SPDX-License-Identifier: Apache-2.0

package hydration_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/internal/fixture"
	"karpenter.sh/core/controllers/node/hydration"
)

// LIF-200, API-130
func TestHydration(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	same := fixture.NodeClaim("b", fixture.Initialized, func(n *v1.NodeClaim) { n.Status.ProviderID = fixture.ProviderID("a") })
	unmanaged := fixture.NodeClaim("a", fixture.Initialized, func(n *v1.NodeClaim) { n.Spec.NodeClassRef.Kind = "Other" })
	unlabelled := func(n *corev1.Node) { delete(n.Labels, fixture.NodeClassLabel) }
	tests := []struct {
		name    string
		objects []client.Object
		age     time.Duration
		want    string
		next    time.Duration
	}{
		{name: "missing", objects: []client.Object{nodeClaim, fixture.Node(nodeClaim, unlabelled)}, want: "default"},
		{
			name:    "another",
			objects: []client.Object{nodeClaim, fixture.Node(nodeClaim, func(n *corev1.Node) { n.Labels[fixture.NodeClassLabel] = "old" })},
			want:    "default",
		},
		{name: "no NodeClaim", objects: []client.Object{fixture.Node(nodeClaim, unlabelled)}},
		{name: "several NodeClaims", objects: []client.Object{nodeClaim, same, fixture.Node(nodeClaim, unlabelled)}},
		{name: "unmanaged", objects: []client.Object{unmanaged, fixture.Node(nodeClaim, unlabelled)}},
		{name: "about to register", objects: []client.Object{nodeClaim, fixture.Node(nodeClaim, fixture.Unregistered)}, age: 20 * time.Second, next: 40 * time.Second},
		{name: "does not come to register", objects: []client.Object{nodeClaim, fixture.Node(nodeClaim, fixture.Unregistered)}, age: time.Minute, want: "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := fixture.New(t, tt.objects...)
			c := hydration.New(hydration.Options{Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, CPUMillis: 1000})
			node := fixture.Read(w, fixture.Node(nodeClaim))
			w.Clock.SetTime(node.CreationTimestamp.Add(tt.age))
			result, err := c.Reconcile(t.Context(), reconcile.Request{NamespacedName: fixture.Key("a")})
			if err != nil || result.RequeueAfter != tt.next {
				t.Errorf("looked at again after %v, %v", result.RequeueAfter, err)
			}
			if got := fixture.Read(w, node).Labels[fixture.NodeClassLabel]; got != tt.want {
				t.Errorf("label is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRightAlready(t *testing.T) {
	nodeClaim := fixture.NodeClaim("a", fixture.Initialized)
	w := fixture.New(t, nodeClaim, fixture.Node(nodeClaim))
	c := hydration.New(hydration.Options{Client: w.Client, NodeClasses: w.NodeClasses, Clock: w.Clock, CPUMillis: 1000})
	if _, err := c.Reconcile(t.Context(), reconcile.Request{NamespacedName: fixture.Key("a")}); err != nil {
		t.Fatal(err)
	}
	if got := w.Writes.Names(); !slices.Equal(got, nil) {
		t.Errorf("wrote %q", got)
	}
}
