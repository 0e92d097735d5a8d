// SPDX-License-Identifier: Apache-2.0

package collect_test

import (
	"slices"
	"testing"
	"time"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/collect"
)

// KIT-136: a machine that has no ID yet is an orphan by its tie.
func TestUnnamed(t *testing.T) {
	unnamed := rule()
	unnamed.Unnamed = true
	for _, tc := range []struct {
		reason  string
		machine *v1.NodeClaim
		claims  []v1.NodeClaim
		orphan  bool
	}{
		{"its NodeClaim is gone", machine("", time.Minute, tagged("a")), []v1.NodeClaim{claim("b", "b")}, true},
		{"its NodeClaim waits for it", machine("", time.Minute, tagged("a")), []v1.NodeClaim{claim("a", "")}, false},
		{"its NodeClaim goes", machine("", time.Minute, tagged("a")), []v1.NodeClaim{claim("a", "", terminating)}, true},
		{"its NodeClaim has another machine", machine("", time.Minute, tagged("a")), []v1.NodeClaim{claim("a", "a")}, true},
		{"too young", machine("", time.Second, tagged("a")), nil, false},
		{"terminating already", machine("", time.Minute, terminating), nil, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := unnamed.Orphans([]*v1.NodeClaim{tc.machine}, tc.claims, now); (len(got) == 1) != tc.orphan {
				t.Errorf("got %d orphans", len(got))
			}
		})
	}
}

// KIT-136: Nodes without provider ID are not those of a machine without one.
func TestRoundOfUnnamed(t *testing.T) {
	w := newWorld(t, func(o *collect.Options) { o.Rule.Unnamed = true }, node("node-without-id", ""))
	w.failing = "nothing"
	w.listed = []*v1.NodeClaim{machine("", time.Hour), machine("", time.Hour, terminating)}
	if _, err := w.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(w.deleted, []string{""}) || w.nodes(t) != "node-without-id" {
		t.Errorf("deleted machines %q, left nodes %q", w.deleted, w.nodes(t))
	}
}
