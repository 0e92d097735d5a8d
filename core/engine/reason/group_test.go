// SPDX-License-Identifier: Apache-2.0

package reason_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/requirement"
)

// mismatch is why a pool does not offer a label.
func mismatch(pool, key, wanted, offered string) reason.Reason {
	return reason.Reason{Cause: reason.Labels, Pool: pool, Apart: 1, Labels: []reason.Label{{
		Mismatch: requirement.Mismatch{Wanted: requirement.In(key, wanted), Offered: requirement.In(key, offered)},
	}}}
}

// of makes one reason for each of n pools.
func of(n int, make func(pool string) reason.Reason) reason.List {
	var out reason.List
	for i := range n {
		out = append(out, make(fmt.Sprintf("pool-%02d", i)))
	}
	return out
}

func tooLarge(pool string, needed, offered int64) reason.Reason {
	return reason.Reason{Cause: reason.Types, Pool: pool, Types: reason.Shortfall{Requirements: true, Offering: true},
		Lacks: []reason.Lack{{Resource: "cpu", Needed: needed, Offered: offered}}}
}

// full is a node with too little CPU.
func full(node string, milli int64) reason.Reason {
	return reason.Reason{Cause: reason.Room, Node: node, Lacks: []reason.Lack{{Resource: "cpu", Needed: 1000, Offered: milli}}}
}

// SCH-220: pools of equal reasons are named together, the nearest first.
func TestPoolsAreGrouped(t *testing.T) {
	overhead := reason.Amounts{{Resource: "cpu", Value: 1000}}
	for _, tc := range []struct {
		why  string
		list reason.List
		want string
	}{
		{"two pools of one reason", reason.List{{Cause: reason.NodeLimit, Pool: "a"}, {Cause: reason.NodeLimit, Pool: "b"}},
			`nodepools "a", "b": the limit on nodes is reached`},
		{"many of one reason, with what they offer altogether", of(60, func(pool string) reason.Reason { return mismatch(pool, "team", "x", "of-"+pool) }),
			`nodepools "pool-00", "pool-01", "pool-02", "pool-03", "pool-04" and 55 others: incompatible requirements: ` +
				`key team, In [x] not in In [of-pool-00 of-pool-01 of-pool-02 of-pool-03 of-pool-04 and 55 others]`},
		{"the pool that the pod selects comes first", append(
			of(59, func(pool string) reason.Reason { return mismatch(pool, label.NodePool, "wanted", pool) }), tooLarge("wanted", 30_000, 16_000)),
			`nodepool "wanted": no instance type is large enough: the pod needs cpu 30; the largest leaves 16; ` +
				`nodepools "pool-00", "pool-01", "pool-02", "pool-03", "pool-04" and 54 others: the pod selects nodepool In [wanted]`},
		{"also if it fails an early check", reason.List{mismatch("other", "team", "x", "y"), {Cause: reason.Taints, Pool: "wanted", Taints: []string{"a:NoSchedule"}}},
			`nodepool "wanted": taints are not tolerated: a:NoSchedule; nodepool "other": incompatible requirements: key team, In [x] not in In [y]`},
		{"also if it is not ready", reason.List{mismatch("other", label.NodePool, "wanted", "other"), {Cause: reason.PoolNotReady, Pool: "wanted", Detail: "NodeClassReady: gone"}},
			`nodepool "wanted": not ready: NodeClassReady: gone; nodepool "other": the pod selects nodepool In [wanted]`},
		{"the later check is nearer", reason.List{{Cause: reason.Taints, Pool: "a", Taints: []string{"t:NoSchedule"}}, tooLarge("b", 30_000, 16_000), {Cause: reason.NodeLimit, Pool: "c"}},
			`nodepool "c": the limit on nodes is reached; nodepool "b": no instance type is large enough: the pod needs cpu 30; the largest leaves 16; ` +
				`nodepool "a": taints are not tolerated: t:NoSchedule`},
		{"of one reason the largest offer counts", reason.List{tooLarge("small", 30_000, 4000), tooLarge("large", 30_000, 16_000)},
			`nodepools "large", "small": no instance type is large enough: the pod needs cpu 30; the largest leaves 16`},
		{"limits that differ", reason.List{
			{Cause: reason.Limits, Pool: "a", Lacks: []reason.Lack{{Resource: "cpu", Needed: 30_000, Offered: 2000}}},
			{Cause: reason.Limits, Pool: "b", Lacks: []reason.Lack{{Resource: "cpu", Needed: 30_000, Offered: 4000}}}},
			`nodepools "b", "a": limits leave at most cpu 4; the pod needs 30`},
		{"each pool's overhead", reason.List{
			{Cause: reason.NodeLimit, Pool: "a", Overhead: overhead}, {Cause: reason.HostPorts, Pool: "b"}},
			`nodepool "b": a daemon of every fitting instance type takes a host port of the pod; nodepool "a" (daemon overhead cpu 1): the limit on nodes is reached`},
		{"an overhead that is not that of all", reason.List{{Cause: reason.NodeLimit, Pool: "a", Overhead: overhead}, {Cause: reason.NodeLimit, Pool: "b"}},
			`nodepools "a", "b": the limit on nodes is reached`},
		{"SCH-135: nodes of one reason, with the most that any has", reason.List{full("a", 500), full("b", 250)},
			`nodes "a", "b": cpu 500m left; the pod needs 1`},
		{"SCH-135: all reasons of the same nodes", reason.List{full("a", 500), full("b", 500),
			{Cause: reason.Taints, Node: "a", Taints: []string{"t:NoSchedule"}}, {Cause: reason.Taints, Node: "b", Taints: []string{"t:NoSchedule"}}, {Cause: reason.LeftOut, Node: "c"}},
			`nodes "a", "b": cpu 500m left; the pod needs 1, and taints are not tolerated: t:NoSchedule; node "c": left out as a target`},
		{"SCH-135: a node is not its pool", reason.List{{Cause: reason.Taints, Node: "a", Taints: []string{"t:NoSchedule"}}, {Cause: reason.Taints, Pool: "a", Taints: []string{"t:NoSchedule"}}},
			`node "a": taints are not tolerated: t:NoSchedule; nodepool "a": taints are not tolerated: t:NoSchedule`},
		{"pools that are not usable come last, and do not hide that others are", reason.List{{Cause: reason.PoolStatic, Pool: "a"}, tooLarge("b", 30_000, 16_000)},
			`nodepool "b": no instance type is large enough: the pod needs cpu 30; the largest leaves 16; nodepool "a": static, with a fixed number of nodes (spec.replicas)`},
	} {
		t.Run(tc.why, func(t *testing.T) {
			before := tc.list.Gist()
			if got := tc.list.String(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if tc.list.Gist() != before {
				t.Error("making the text changed the list")
			}
		})
	}
}

// SCH-220: sixty pools of sixty reasons make no message that an event cannot hold,
// and the nearest of them is in it.
func TestTextIsCapped(t *testing.T) {
	list := of(60, func(pool string) reason.Reason {
		return reason.Reason{Cause: reason.Taints, Pool: pool, Taints: []string{"dedicated=" + pool + ":NoSchedule"}}
	})
	list = append(list, tooLarge("nearest", 30_000, 16_000))
	got := list.String()
	if len(got) > 950 {
		t.Errorf("%d bytes", len(got))
	}
	if !strings.HasPrefix(got, `nodepool "nearest": `) || !strings.HasSuffix(got, " other nodepool(s)") {
		t.Errorf("got %s", got)
	}
	told := strings.Count(got, "dedicated=")
	if want := fmt.Sprintf("; and %d other nodepool(s)", 60-told); told == 0 || !strings.HasSuffix(got, want) {
		t.Errorf("%d pools are told of in %s", told, got)
	}
}

// SCH-220: amounts are no news, another cause, label or pool is.
func TestGist(t *testing.T) {
	base := func() reason.List { return reason.List{tooLarge("a", 30_000, 16_000), mismatch("b", "team", "x", "y")} }
	for _, tc := range []struct {
		why    string
		change func(reason.List) reason.List
		news   bool
	}{
		{"nothing", func(l reason.List) reason.List { return l }, false},
		{"what is offered", func(l reason.List) reason.List {
			l[0].Lacks = []reason.Lack{{Resource: "cpu", Needed: 30_000, Offered: 1}}
			return l
		}, false},
		{"another resource", func(l reason.List) reason.List {
			l[0].Lacks = []reason.Lack{{Resource: "memory", Needed: 30_000}}
			return l
		}, true},
		{"another cause", func(l reason.List) reason.List { l[0].Cause = reason.Limits; return l }, true},
		{"another flag", func(l reason.List) reason.List { l[0].Types.Offering = false; return l }, true},
		{"another pool", func(l reason.List) reason.List { l[0].Pool = "c"; return l }, true},
		{"one pool less", func(l reason.List) reason.List { return l[:1] }, true},
		{"another label", func(l reason.List) reason.List { return reason.List{l[0], mismatch("b", "team", "z", "y")} }, true},
	} {
		if got := tc.change(slices.Clone(base())).Gist() != base().Gist(); got != tc.news {
			t.Errorf("%s: news %v, want %v", tc.why, got, tc.news)
		}
	}
}
