// SPDX-License-Identifier: Apache-2.0

package place_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/reason"
)

func setOf(members ...int) (out bitset.Set) {
	for _, i := range members {
		out = out.Add(i)
	}
	return out
}

// SCH-270, DIS-062, DIS-063: where pods may go that need not move.
func TestMovedPods(t *testing.T) {
	const young, old = 0, 1 // nodes, of which the first one is tried first
	for _, tc := range []struct {
		why    string
		change func(*place.Input)
		want   []string
	}{
		{"provisioning asks nothing", func(*place.Input) {},
			[]string{"pod-0 on 0-young", "pod-1 on 0-young", "pod-2 on 1-old"}},
		{"SCH-270 a node that was not quiet takes no pods of candidates", func(in *place.Input) {
			in.Closed, in.Barred, in.Moved = setOf(young), setOf(0, 1, 2), setOf(0, 1, 2)
		}, []string{"pod-0 on 1-old", "pod-1 on 1-old", "p: 2-cpu with 1 pods"}},
		{"SCH-270 pending pods and those of deleting nodes are exempt, though all of one class", func(in *place.Input) {
			in.Closed, in.Barred = setOf(young), setOf(0)
		}, []string{"pod-0 on 1-old", "pod-1 on 0-young", "pod-2 on 0-young"}},
		{"SCH-270 a moved pod on an uninitialized node counts as unplaced", func(in *place.Input) {
			in.Snapshot.Nodes[old].Initialized = false
			in.Moved = setOf(0, 1, 2)
		}, []string{"pod-0 on 0-young", "pod-1 on 0-young", "pod-2 left"}},
		{"SCH-270 but one of a deleting node does not", func(in *place.Input) {
			in.Snapshot.Nodes[old].Initialized = false
			in.Moved = setOf(0, 1)
		}, []string{"pod-0 on 0-young", "pod-1 on 0-young", "pod-2 on 1-old"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.pool(model.TemplateOptions{Pool: "p"})
			w.node(model.Node{Name: "0-young", Free: vector(4, 16, 10), Initialized: true}, nil)
			w.node(model.Node{Name: "1-old", Free: vector(4, 16, 10), Initialized: true}, nil)
			w.add(3, w.class(2, 1))
			in := w.input()
			tc.change(&in)
			plan := place.Solve(in)
			if got := w.outline(plan); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			for _, u := range plan.Unplaced {
				if u.Why[0].Cause != reason.Uninitialized || u.Why[0].Detail != "1-old" {
					t.Errorf("got %s", u.Why)
				}
			}
		})
	}
}
