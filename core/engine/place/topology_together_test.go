// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"strings"
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/topology"
)

// SCH-167: in a chain of rules on nodes, some pods have their place while others
// still choose one for all that are left.
func TestChoosingANodeInTheMiddleOfAChain(t *testing.T) {
	anywhere := requirement.Requirements{}
	// needed adds a pod that rules count; needing one that must be with theirs.
	needed := func(w *world, cpu int64, by int32) { w.add(1, w.attracted(cpu, 1, anywhere, []int32{by}, nil)) }
	needing := func(w *world, n int, cpu int64, rules ...int32) {
		w.add(n, w.attracted(cpu, 1, anywhere, nil, rules))
	}
	node := func(w *world, name string, cpu int64) {
		w.node(model.Node{Name: name, Free: vector(cpu, 64, 20)}, nil)
	}
	for _, tc := range []struct {
		why   string
		setup func(w *world, one, two int32)
		want  string
	}{
		{"one that is there already needs no room a second time", func(w *world, one, two int32) {
			node(w, "a", 6)
			w.pool(model.TemplateOptions{Pool: "p"})
			needed(w, 3, two)
			needed(w, 2, one)
			needing(w, 1, 1, one, two)
		}, "pod-0 on a, pod-1 on a, pod-2 on a"},
		{"nor on a planned node", func(w *world, one, two int32) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:3])})
			needed(w, 5, two)
			needed(w, 2, one)
			needing(w, 1, 1, one, two)
		}, "p: 8-cpu with 3 pods"},
		{"a node with room for the rest is none if the others are elsewhere", func(w *world, one, two int32) {
			node(w, "a", 3)
			node(w, "b", 6)
			needed(w, 3, two)
			needed(w, 2, one)
			needing(w, 1, 1, one, two)
		}, "pod-0 on b, pod-1 on b, pod-2 on b"},
		{"nor is a planned one", func(w *world, one, two int32) {
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:3])})
			w.add(1, w.class(5, 1))
			needed(w, 4, two)
			needed(w, 2, one)
			needing(w, 1, 1, one, two)
		}, "p: 8-cpu with 1 pods, p: 8-cpu with 3 pods"},
		{"nor is a new one", func(w *world, one, two int32) {
			node(w, "a", 6)
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:2])})
			needed(w, 4, two)
			needed(w, 1, one)
			needing(w, 3, 1, one, two)
		}, "pod-0 on a, pod-1 on a, pod-2 on a, pod-3 left, pod-4 left"},
		{"nor one of a pool that has nothing on sale", func(w *world, one, two int32) {
			w.pool(model.TemplateOptions{Pool: "empty", Requirements: inZone("x")})
			w.pool(model.TemplateOptions{Pool: "p", Catalogue: w.catalogue(w.soldIn("1")[:3])})
			w.add(1, w.attracted(4, 1, inZone("1"), []int32{two}, nil))
			needed(w, 2, one)
			needing(w, 1, 1, one, two)
		}, "p: 8-cpu with 3 pods"},
		{"those with a place leave the others the first node that holds what is left", func(w *world, one, two int32) {
			node(w, "a", 6)
			node(w, "b", 11)
			node(w, "c", 10)
			w.add(1, w.attracted(4, 1, anywhere, []int32{two}, []int32{two}))
			needed(w, 3, one)
			needing(w, 2, 1, one)
			w.add(1, w.attracted(2, 1, anywhere, []int32{one}, []int32{two}))
		}, "pod-1 on b, pod-2 on b, pod-3 on b, pod-0 on a, pod-4 on a"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			hosts := topology.Group{Kind: topology.Affinity}
			tc.setup(w, w.group(hosts, label.Hostname), w.group(hosts, label.Hostname))
			if got := strings.Join(w.outline(place.Solve(w.input())), ", "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
