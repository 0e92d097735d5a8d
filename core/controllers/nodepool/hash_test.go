// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/nodepool"
)

func annotated(object client.Object, hash, version string) {
	object.SetAnnotations(map[string]string{v1.NodePoolHashAnnotationKey: hash, v1.NodePoolHashVersionAnnotationKey: version})
}

func drifted(s metav1.ConditionStatus) func(*v1.NodeClaim) {
	return func(c *v1.NodeClaim) {
		c.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeDrifted, Status: s, Reason: "NodePoolDrifted", LastTransitionTime: metav1.NewTime(start)}}
	}
}

func hashes(object client.Object) [2]string {
	a := object.GetAnnotations()
	return [2]string{a[v1.NodePoolHashAnnotationKey], a[v1.NodePoolHashVersionAnnotationKey]}
}

// LIF-215, API-091
func TestHash(t *testing.T) {
	want := [2]string{pool().Hash(), "v3"}
	tests := []struct {
		name string
		pool *v1.NodePool
		want [2]string
	}{
		{"a new pool", pool(), want},
		{"a pool that was edited", pool(func(p *v1.NodePool) { annotated(p, "1", "v3") }), want},
		{"a pool of another version", pool(func(p *v1.NodePool) { annotated(p, "1", "v2") }), want},
		{"LIF-001: a pool of another provider", pool(foreign), [2]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.pool)
			if _, err := nodepool.NewHash(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
			if got := hashes(get(t, w.Client, &v1.NodePool{}, "general")); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// LIF-216, API-096
func TestHashMigration(t *testing.T) {
	hash := pool().Hash()
	old := func(c *v1.NodeClaim) { annotated(c, "1", "v2") }
	tests := []struct {
		name  string
		pool  string
		claim *v1.NodeClaim
		want  [2]string
	}{
		{"API-098: of the old version, and of before an edit that nobody saw", "v2", claim("a", old), [2]string{hash, "v3"}},
		{"without any", "v2", claim("a"), [2]string{hash, "v3"}},
		{"of the running version: untouched", "v2", claim("a", func(c *v1.NodeClaim) { annotated(c, "1", "v3") }), [2]string{"1", "v3"}},
		{"drifted: keeps its hash", "v2", claim("a", old, drifted("True")), [2]string{"1", "v3"}},
		{"drifted with any status: keeps its hash", "v2", claim("a", old, drifted("Unknown")), [2]string{"1", "v3"}},
		{"of another pool", "v2", claim("a", old, func(c *v1.NodeClaim) { c.Labels[v1.NodePoolLabelKey] = "other" }), [2]string{"1", "v2"}},
		{"of another provider", "v2", claim("a", old, func(c *v1.NodeClaim) { c.Spec.NodeClassRef.Kind = "Other" }), [2]string{"1", "v2"}},
		{"of a pool that is at the running version: untouched", "v3", claim("a", old), [2]string{"1", "v2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, pool(func(p *v1.NodePool) { annotated(p, "1", tt.pool) }), tt.claim)
			if _, err := nodepool.NewHash(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
			if got := hashes(get(t, w.Client, &v1.NodeClaim{}, "a")); got != tt.want {
				t.Errorf("the claim has %v, want %v", got, tt.want)
			}
		})
	}
}

// API-096: the pool is annotated last, and only if nothing failed.
func TestHashMigrationFails(t *testing.T) {
	broken := errors.New("broken")
	w := newWorld(t, pool(), claim("a"), claim("b"))
	inner := w.Client.(client.WithWatch)
	w.Client = interceptor.NewClient(inner, interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, p client.Patch, options ...client.PatchOption) error {
			if object.GetName() == "a" {
				return broken
			}
			return c.Patch(ctx, object, p, options...)
		},
	})
	if _, err := nodepool.NewHash(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	if got := get(t, w.Client, &v1.NodePool{}, "general").Annotations; len(got) != 0 {
		t.Errorf("the pool has %v", maps.Clone(got))
	}
	w.Client = inner
	if _, err := nodepool.NewHash(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	want := [2]string{pool().Hash(), "v3"}
	for _, object := range []client.Object{get(t, inner, &v1.NodeClaim{}, "a"), get(t, inner, &v1.NodeClaim{}, "b"), get(t, inner, &v1.NodePool{}, "general")} {
		if got := hashes(object); got != want {
			t.Errorf("after the next pass %s has %v", object.GetName(), got)
		}
	}
}
