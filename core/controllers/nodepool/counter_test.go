// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/controllers/nodepool"
)

func list(pairs ...string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return l
}

// LIF-210
func TestCounter(t *testing.T) {
	tests := []struct {
		name      string
		pool      *v1.NodePool
		usage     usage
		resources corev1.ResourceList
		nodes     int64
		again     time.Duration
	}{
		{
			name: "API-081: what is not used is zero",
			pool: pool(), again: 5 * time.Second,
			resources: list("cpu", "0", "memory", "0", "pods", "0", "ephemeral-storage", "0", "nodes", "0"),
		},
		{
			name: "API-081: other resources are there when used; API-082: the nodes",
			pool: pool(), again: 5 * time.Second,
			usage:     usage{capacity: map[string]corev1.ResourceList{"general": list("cpu", "8", "nodes", "2", "example.com/gpu", "1"), "other": list("nodes", "7")}},
			resources: list("cpu", "8", "memory", "0", "pods", "0", "ephemeral-storage", "0", "nodes", "2", "example.com/gpu", "1"),
			nodes:     2,
		},
		{
			name: "API-081: what is no longer used goes",
			pool: pool(func(p *v1.NodePool) { p.Status.Resources = list("example.com/gpu", "1", "nodes", "1") }), again: 5 * time.Second,
			resources: list("cpu", "0", "memory", "0", "pods", "0", "ephemeral-storage", "0", "nodes", "0"),
		},
		{
			name: "API-081: nothing is written before the model is loaded",
			pool: pool(), again: time.Second,
			usage: usage{unloaded: true, capacity: map[string]corev1.ResourceList{"general": list("nodes", "2")}},
		},
		{
			name:  "LIF-001: a pool of another provider",
			pool:  pool(foreign),
			usage: usage{capacity: map[string]corev1.ResourceList{"general": list("nodes", "2")}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.pool)
			*w.usage = tt.usage
			result, err := nodepool.NewCounter(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general"))
			if err != nil || result.RequeueAfter != tt.again {
				t.Errorf("result %v, %v; want again after %s", result, err, tt.again)
			}
			got := get(t, w.Client, &v1.NodePool{}, "general").Status
			equal := maps.EqualFunc(got.Resources, tt.resources, func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 })
			if !equal || got.Nodes != tt.nodes {
				t.Errorf("status has %v (%d nodes), want %v (%d nodes)", slices.Collect(maps.Keys(got.Resources)), got.Nodes, tt.resources, tt.nodes)
			}
		})
	}
}

func TestCounterWritesChangesOnly(t *testing.T) {
	w := newWorld(t, pool())
	w.usage.capacity = map[string]corev1.ResourceList{"general": list("cpu", "8", "memory", "32Gi", "nodes", "2")}
	c := nodepool.NewCounter(w.Options)
	for range 3 {
		if _, err := c.Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
			t.Fatal(err)
		}
	}
	if w.writes != 1 {
		t.Errorf("LIF-210: %d writes for one change", w.writes)
	}
}

func TestCounterConflict(t *testing.T) {
	w := newWorld(t, pool())
	w.refused = 1
	result, err := nodepool.NewCounter(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general"))
	if err != nil || result.RequeueAfter <= 0 || result.RequeueAfter >= time.Second {
		t.Errorf("LIF-004: result %v, %v; want a retry soon and no error", result, err)
	}
}
