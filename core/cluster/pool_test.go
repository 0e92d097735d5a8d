// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/resource"
)

// capacity of one node of the fixtures: cpu, memory, pods, ephemeral storage,
// nodes.
func capacity(nodes int64) resource.Vector {
	return resource.Vector{4000 * nodes, nodes * 8 << 30, 110 * nodes, 0, nodes}
}

// LIF-047, SCH-200
func TestPoolCapacity(t *testing.T) {
	inPool := func(pool string) func(*v1.NodeClaim) {
		return func(nc *v1.NodeClaim) {
			nc.Labels[v1.NodePoolLabelKey] = pool
			delete(nc.Status.Capacity, "example.com/gpu")
		}
	}
	for _, tc := range []struct {
		reason      string
		steps       func(*world)
		pool, other resource.Vector
	}{
		{"a launched NodeClaim counts", func(w *world) { w.claim(newClaim("c", "id", inPool("pool"))) }, capacity(1), nil},
		{"an unlaunched one does not", func(w *world) { w.claim(newClaim("c", "")) }, nil, nil},
		{"once with its Node", func(w *world) {
			w.claim(newClaim("c", "id", inPool("pool")))
			w.node(newNode("a", "id", initialized("pool")))
		}, capacity(1), nil},
		{"the label of the current view decides", func(w *world) {
			w.claim(newClaim("c", "id", inPool("pool")))
			w.node(newNode("a", "id", initialized("other")))
		}, nil, capacity(1)},
		{"a move between pools", func(w *world) {
			w.node(newNode("a", "id", initialized("pool")))
			w.node(newNode("a", "id", initialized("other")))
		}, nil, capacity(1)},
		{"a new provider ID", func(w *world) {
			w.claim(newClaim("c", "id1", inPool("pool")))
			w.claim(newClaim("c", "id2", inPool("pool")))
		}, capacity(1), nil},
		{"marked ones do not count", func(w *world) {
			w.node(newNode("a", "id", initialized("pool")))
			w.node(newNode("b", "id2", initialized("pool")))
			w.MarkForDeletion("id")
			w.MarkForDeletion("id")
		}, capacity(1), nil},
		{"unmarked ones do", func(w *world) {
			w.node(newNode("a", "id", initialized("pool")))
			w.MarkForDeletion("id")
			w.UnmarkForDeletion("id")
		}, capacity(1), nil},
		{"marking and deleting subtracts once", func(w *world) {
			w.node(newNode("a", "id", initialized("pool")))
			w.node(newNode("b", "id2", initialized("pool")))
			w.MarkForDeletion("id")
			w.DeleteNode("a")
		}, capacity(1), nil},
		{"what is unmarked and gone leaves nothing", func(w *world) {
			w.node(newNode("a", "id", initialized("pool")))
			w.DeleteNode("a")
		}, nil, nil},
	} {
		t.Run("LIF-047: "+tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			s := w.Snapshot()
			if got := s.Capacity("pool"); !got.Equal(tc.pool) {
				t.Errorf("pool: got %v, want %v", got, tc.pool)
			}
			if got := s.Compiler().Requested(w.Capacity("pool")); !got.Equal(tc.pool) {
				t.Errorf("live: got %v, want %v", got, tc.pool)
			}
			if got := s.Capacity("other"); !got.Equal(tc.other) {
				t.Errorf("other: got %v, want %v", got, tc.other)
			}
		})
	}
}

// LIF-048, EXT-124
func TestClaimSets(t *testing.T) {
	type sets = cluster.PoolNodeClaims
	is := func(names ...string) []string { return names }
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   sets
	}{
		{"LIF-048: unlaunched ones are active", func(w *world) { w.claim(newClaim("c", "")) }, sets{Active: is("c")}},
		{"EXT-124: from their creation on", func(w *world) {
			w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("c", "")})
		}, sets{Active: is("c")}},
		{"LIF-048: without pool none", func(w *world) {
			w.claim(newClaim("c", "", func(nc *v1.NodeClaim) { delete(nc.Labels, v1.NodePoolLabelKey) }))
		}, sets{}},
		{"LIF-048: marked is deleting", func(w *world) { w.claim(newClaim("c", "id")); w.MarkForDeletion("id") }, sets{Deleting: is("c")}},
		{"LIF-048: unmarked is active", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.MarkForDeletion("id")
			w.UnmarkForDeletion("id")
		}, sets{Active: is("c")}},
		{"LIF-048: unless it is deleted", func(w *world) {
			w.claim(newClaim("c", "id", deletedClaim))
			w.MarkForDeletion("id")
			w.UnmarkForDeletion("id")
		}, sets{Deleting: is("c")}},
		{"LIF-048: an update does not undo a mark", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.MarkForDeletion("id")
			w.claim(newClaim("c", "id"))
		}, sets{Deleting: is("c")}},
		{"LIF-048: an unlaunched one that is deleted", func(w *world) { w.claim(newClaim("c", "", deletedClaim)) }, sets{Deleting: is("c")}},
		{"EXT-132: deletion counts at once", func(w *world) { w.claim(newClaim("c", "")); w.RequestedDeletion("c", "unknown") }, sets{Deleting: is("c")}},
		{"LIF-048: pending disruption", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.MarkPendingDisruption("c", "unknown")
		}, sets{PendingDisruption: is("c")}},
		{"EXT-124: no event moves it back", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.MarkPendingDisruption("c")
			w.claim(newClaim("c", "id"))
			w.node(newNode("a", "id"))
		}, sets{PendingDisruption: is("c")}},
		{"EXT-124: until it is marked", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.MarkPendingDisruption("c")
			w.MarkForDeletion("id")
			w.UnmarkForDeletion("id")
		}, sets{Active: is("c")}},
		{"EXT-124: or unmarked", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.MarkPendingDisruption("c")
			w.UnmarkPendingDisruption("c")
		}, sets{Active: is("c")}},
		{"LIF-048: deletion removes it", func(w *world) { w.claim(newClaim("c", "id")); w.DeleteNodeClaim("c") }, sets{}},
		{"LIF-048: another NodeClaim of the name begins anew", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.RequestedDeletion("c")
			w.claim(newClaim("c", "", func(nc *v1.NodeClaim) { nc.UID = types.UID("another") }))
		}, sets{Active: is("c")}},
		{"LIF-048: a label moves it", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.claim(newClaim("d", "id2"))
			w.claim(newClaim("c", "id", func(nc *v1.NodeClaim) { nc.Labels[v1.NodePoolLabelKey] = "other" }))
		}, sets{Active: is("d")}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			if diff := cmp.Diff(tc.want, w.PoolNodeClaims("pool")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// LIF-049, EXT-125
func TestReserve(t *testing.T) {
	w := newWorld(t)
	w.claim(newClaim("active", "id1"))
	w.claim(newClaim("deleting", "id2", deletedClaim))
	w.claim(newClaim("pending", ""))
	w.MarkPendingDisruption("pending")
	for _, step := range []struct {
		reason               string
		release, limit, want int64
		granted              int64
	}{
		{"what is left of the limit", 0, 5, 10, 2},
		{"nothing more", 0, 5, 1, 0},
		{"never below 0", 0, 1, 1, 0},
		{"a higher limit", 0, 6, 10, 1},
		{"what was released", 2, 6, 10, 2},
		{"no more than wanted", 3, 6, 1, 1},
		{"releases end at 0", 100, 5, 10, 2},
	} {
		t.Run("LIF-049: "+step.reason, func(t *testing.T) {
			w.Release("pool", step.release)
			if got := w.Reserve("pool", step.limit, step.want); got != step.granted {
				t.Errorf("granted %d, want %d", got, step.granted)
			}
		})
	}
	w.Release("unknown", 1)
	if got := w.Reserve("unknown", 3, 2); got != 2 {
		t.Errorf("LIF-049: releasing for an unknown pool counts: granted %d", got)
	}
	if got := w.Reserve("unknown", 3, 2); got != 1 {
		t.Errorf("LIF-049: reservations are kept without NodeClaims: granted %d", got)
	}
}

// LIF-049, EXT-125: concurrent requests never exceed the limit together.
func TestReserveConcurrently(t *testing.T) {
	w := newWorld(t)
	var granted atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 100 {
				granted.Add(w.Reserve("pool", 50, 3))
			}
		})
	}
	wg.Wait()
	if granted.Load() != 50 {
		t.Errorf("granted %d of 50", granted.Load())
	}
}
