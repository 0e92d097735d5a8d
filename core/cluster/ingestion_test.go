// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
)

func TestNodeIngestion(t *testing.T) {
	for _, tc := range []struct {
		reason string
		node   *corev1.Node
		want   string // key, empty if not tracked
	}{
		{"LIF-012: a pool's Node waits for its provider ID", newNode("n", "", labels(v1.NodePoolLabelKey, "pool")), ""},
		{"LIF-012: others are tracked by name", newNode("n", ""), "node/n"},
		{"LIF-012: an empty pool label is none", newNode("n", "", labels(v1.NodePoolLabelKey, "")), "node/n"},
		{"LIF-012: a pool's Node waits for its instance type", newNode("n", "id", labels(v1.NodePoolLabelKey, "pool")), ""},
		{"LIF-012: unless it is initialized", newNode("n", "id", labels(v1.NodePoolLabelKey, "pool", v1.NodeInitializedLabelKey, "x")), "id"},
		{"LIF-012: an empty initialized label does not count", newNode("n", "id", labels(v1.NodePoolLabelKey, "pool", v1.NodeInitializedLabelKey, "")), ""},
		{"LIF-012: a pool's Node with instance type", newNode("n", "id", labels(v1.NodePoolLabelKey, "pool", corev1.LabelInstanceTypeStable, "m")), "id"},
		{"LIF-010, LIF-012: an unmanaged Node", newNode("n", "id"), "id"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.node(tc.node)
			nodes := w.Snapshot().Nodes()
			if tc.want == "" {
				if len(nodes) != 0 {
					t.Errorf("tracked as %q", nodes[0].Key())
				}
				return
			}
			if got := w.only().Key(); got != tc.want {
				t.Errorf("key %q, want %q", got, tc.want)
			}
		})
	}
}

// LIF-003, LIF-011
func TestJoin(t *testing.T) {
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   []string // keys of state nodes with "+node" and "+claim"
	}{
		{"Node first", func(w *world) { w.node(newNode("a", "id")); w.claim(newClaim("b", "id")) }, []string{"id+node+claim"}},
		{"NodeClaim first", func(w *world) { w.claim(newClaim("b", "id")); w.node(newNode("a", "id")) }, []string{"id+node+claim"}},
		{"names do not match objects", func(w *world) { w.claim(newClaim("a", "id1")); w.node(newNode("a", "id2")) }, []string{"id1+claim", "id2+node"}},
		{"one name for both sides", func(w *world) {
			w.claim(newClaim("a", "id"))
			w.node(newNode("a", "id"))
			w.DeleteNode("a")
		}, []string{"id+claim"}},
		{"a provider ID equal to a name", func(w *world) { w.node(newNode("x", "")); w.claim(newClaim("c", "x")) }, []string{"node/x+node", "x+claim"}},
		{"losing the NodeClaim", func(w *world) {
			w.claim(newClaim("b", "id"))
			w.node(newNode("a", "id"))
			w.DeleteNodeClaim("b")
		}, []string{"id+node"}},
		{"losing both", func(w *world) {
			w.claim(newClaim("b", "id"))
			w.node(newNode("a", "id"))
			w.DeleteNodeClaim("b")
			w.DeleteNode("a")
		}, nil},
		{"LIF-013: the provider ID arrives", func(w *world) { w.node(newNode("a", "")); w.node(newNode("a", "id")) }, []string{"id+node"}},
		{"LIF-014: an unlaunched NodeClaim is no state node", func(w *world) { w.claim(newClaim("b", "")) }, nil},
		{"LIF-014: the provider ID of a NodeClaim changes", func(w *world) { w.claim(newClaim("b", "id1")); w.claim(newClaim("b", "id2")) }, []string{"id2+claim"}},
		{"deleting what is unknown", func(w *world) { w.DeleteNode("a"); w.DeleteNodeClaim("b") }, nil},
		{"a second Node with the ID takes over", func(w *world) {
			w.node(newNode("a", "id"))
			w.node(newNode("b", "id"))
			w.DeleteNode("a")
		}, []string{"id+node"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			got := map[string]bool{}
			for _, n := range w.Snapshot().Nodes() {
				got[sides(n)] = true
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
			for _, want := range tc.want {
				if !got[want] {
					t.Errorf("got %v, want %v", got, tc.want)
				}
			}
		})
	}
}

func sides(n *cluster.StateNode) string {
	out := n.Key()
	if n.Node() != nil {
		out += "+node"
	}
	if n.NodeClaim() != nil {
		out += "+claim"
	}
	return out
}

func TestOlderVersions(t *testing.T) {
	t.Run("LIF-015: a late insert does not undo a launch", func(t *testing.T) {
		w := newWorld(t)
		created := newClaim("a", "")
		created.ResourceVersion = w.next()
		w.claim(newClaim("a", "id"))
		w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: created})
		if got := w.only().Key(); got != "id" || len(w.Unlaunched()) != 0 {
			t.Errorf("key %q, %d unlaunched", got, len(w.Unlaunched()))
		}
	})
	t.Run("LIF-015: not even one whose version says nothing", func(t *testing.T) {
		w := newWorld(t)
		w.UpdateNodeClaim(newClaim("a", "id"))
		w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("a", "")})
		if len(w.Unlaunched()) != 0 {
			t.Error("the launch is forgotten")
		}
	})
	t.Run("LIF-015: an older Node does not replace a newer one", func(t *testing.T) {
		w := newWorld(t)
		old := newNode("a", "id", labels("v", "old"))
		old.ResourceVersion = w.next()
		w.node(newNode("a", "id", labels("v", "new")))
		w.UpdateNode(old)
		if got := w.only().View().Labels["v"]; got != "new" {
			t.Errorf("label %q", got)
		}
	})
	t.Run("LIF-015: an older pod does not replace a newer one", func(t *testing.T) {
		w := newWorld(t)
		w.node(newNode("a", "id"))
		old := newPod("p", "a")
		old.ResourceVersion = w.next()
		w.pod(newPod("p", "b"))
		w.UpdatePod(old, settled)
		if n := len(w.only().Pods()); n != 0 {
			t.Errorf("%d pods", n)
		}
	})
}
