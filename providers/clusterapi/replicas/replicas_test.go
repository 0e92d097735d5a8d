// SPDX-License-Identifier: Apache-2.0

package replicas_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"karpenter.sh/providers/clusterapi/replicas"
)

// CAPI-036, CAPI-037, CAPI-120
func TestRaise(t *testing.T) {
	for reason, tc := range map[string]struct {
		count   replicas.Count
		waiting int
		want    replicas.Raise
	}{
		"nobody waits":         {replicas.Count{Replicas: 3, Machines: 3}, 0, replicas.Raise{}},
		"of nothing":           {replicas.Count{}, 2, replicas.Raise{By: 2}},
		"the example":          {replicas.Count{Replicas: 2, Machines: 2, Claimable: 2}, 5, replicas.Raise{By: 3}},
		"enough may be taken":  {replicas.Count{Replicas: 5, Machines: 5, Claimable: 5}, 5, replicas.Raise{}},
		"some are owed":        {replicas.Count{Replicas: 5, Machines: 3}, 4, replicas.Raise{By: 2}},
		"owed and to be taken": {replicas.Count{Replicas: 5, Machines: 3, Claimable: 1}, 3, replicas.Raise{}},
		"a roll-out hides what is owed": {replicas.Count{Replicas: 4, Machines: 4, Surge: 1, Observed: true, Sets: []replicas.Set{
			{Replicas: 2, Machines: 2}, {Replicas: 3, Machines: 2},
		}}, 1, replicas.Raise{}},
		"a set that is to shrink owes nothing": {replicas.Count{Replicas: 3, Machines: 3, Sets: []replicas.Set{{Replicas: 3, Machines: 4}}}, 1, replicas.Raise{By: 1}},
		"it was raised just now":               {replicas.Count{Replicas: 4, Machines: 4, Unseen: 1}, 2, replicas.Raise{By: 1}},
		"up to the limit":                      {replicas.Count{Replicas: 2, Machines: 2, Limit: 4, Limited: true}, 3, replicas.Raise{By: 2, Refused: 1}},
		"at the limit":                         {replicas.Count{Replicas: 4, Machines: 4, Claimable: 1, Limit: 4, Limited: true}, 3, replicas.Raise{Refused: 2}},
		"beyond the limit":                     {replicas.Count{Replicas: 6, Machines: 6, Limit: 4, Limited: true}, 1, replicas.Raise{Refused: 1}},
		"a limit of none":                      {replicas.Count{Limited: true}, 1, replicas.Raise{Refused: 1}},
		"a roll-out explains it":               {replicas.Count{Replicas: 3, Machines: 5, Surge: 2, Observed: true}, 1, replicas.Raise{By: 1}},
		"it runs away":                         {replicas.Count{Replicas: 3, Machines: 6, Surge: 2, Observed: true}, 2, replicas.Raise{Refused: 2}},
		"it runs away, one is left":            {replicas.Count{Replicas: 3, Machines: 6, Claimable: 1, Surge: 2, Observed: true}, 2, replicas.Raise{Refused: 1}},
		"it was lowered just now":              {replicas.Count{Replicas: 3, Machines: 6, Surge: 2}, 1, replicas.Raise{By: 1}},
	} {
		if got := tc.count.Raise(tc.waiting); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", reason, got, tc.want)
		}
	}
}

// CAPI-037, CAPI-104: nobody is forgotten, nothing is bought twice, no limit is passed.
func TestRaiseNever(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := replicas.Count{
			Replicas: rapid.Int32Range(0, 50).Draw(t, "replicas"), Limit: rapid.Int32Range(0, 60).Draw(t, "limit"),
			Limited: rapid.Bool().Draw(t, "limited"), Machines: rapid.IntRange(0, 60).Draw(t, "machines"),
			Surge: rapid.Int32Range(0, 5).Draw(t, "surge"), Observed: rapid.Bool().Draw(t, "observed"),
		}
		c.Claimable = rapid.IntRange(0, c.Machines).Draw(t, "claimable")
		waiting := rapid.IntRange(0, 50).Draw(t, "waiting")
		r := c.Raise(waiting)
		after := c
		after.Replicas += r.By
		after.Unseen += int(r.By) // not yet looked at
		if again := after.Raise(waiting - r.Refused); again != (replicas.Raise{}) {
			t.Errorf("asked again at once, %+v more", again)
		}
		if r.By < 0 || r.Refused < 0 || (c.Limited && r.By > 0 && after.Replicas > c.Limit) {
			t.Errorf("got %+v", r)
		}
		seen := after
		seen.Unseen, seen.Sets = 0, []replicas.Set{{Replicas: int32(c.Machines) + r.By, Machines: c.Machines}}
		if again := seen.Raise(waiting - r.Refused); again.By > 0 {
			t.Errorf("asked again once the set was told, %+v more", again)
		}
	})
}

// CAPI-048, CAPI-050, CAPI-052, CAPI-107
func TestLower(t *testing.T) {
	exists := func(name string) bool { return name != "gone" }
	for reason, tc := range map[string]struct {
		replicas         int32
		recorded, marked []string
		want             replicas.Lowered
	}{
		"none is marked":               {3, nil, nil, replicas.Lowered{Replicas: 3}},
		"some":                         {5, nil, []string{"b", "a"}, replicas.Lowered{Replicas: 3, Recorded: []string{"a", "b"}, Changed: true}},
		"repeated":                     {3, []string{"a", "b"}, []string{"a", "b"}, replicas.Lowered{Replicas: 3, Recorded: []string{"a", "b"}}},
		"one is recorded":              {3, []string{"a"}, []string{"a", "c"}, replicas.Lowered{Replicas: 2, Recorded: []string{"a", "c"}, Changed: true}},
		"named twice":                  {3, nil, []string{"a", "a"}, replicas.Lowered{Replicas: 2, Recorded: []string{"a"}, Changed: true}},
		"one that is gone leaves":      {3, []string{"gone"}, []string{"a"}, replicas.Lowered{Replicas: 2, Recorded: []string{"a"}, Changed: true}},
		"and stays without a write":    {3, []string{"gone"}, nil, replicas.Lowered{Replicas: 3, Recorded: []string{"gone"}}},
		"never below none":             {1, nil, []string{"a", "b", "c"}, replicas.Lowered{Replicas: 0, Recorded: []string{"a", "b", "c"}, Changed: true}},
		"a mark suffices without any":  {0, nil, []string{"a"}, replicas.Lowered{}},
		"a record of users' own shape": {2, replicas.Recorded(" a , ,b"), []string{"b"}, replicas.Lowered{Replicas: 2, Recorded: []string{"a", "b"}}},
	} {
		got := replicas.Lower(replicas.Going{Replicas: tc.replicas, Recorded: tc.recorded, Marked: tc.marked, Exists: exists})
		if got.Replicas != tc.want.Replicas || got.Changed != tc.want.Changed || !slices.Equal(got.Recorded, tc.want.Recorded) {
			t.Errorf("%s: got %+v, want %+v", reason, got, tc.want)
		}
	}
	if got := replicas.Recorded(replicas.Record([]string{"a", "b"})); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("read %v", got)
	}
}

// CAPI-050: however deletes are split and repeated, each Machine counts once.
func TestLowerOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c", "d", "e"}
		start := rapid.Int32Range(5, 9).Draw(t, "replicas")
		g := replicas.Going{Replicas: start, Exists: func(string) bool { return true }}
		asked := map[string]bool{}
		for _, marked := range rapid.SliceOf(rapid.SliceOf(rapid.SampledFrom(names))).Draw(t, "deletes") {
			g.Marked = marked
			lowered := replicas.Lower(g)
			g.Replicas, g.Recorded = lowered.Replicas, replicas.Recorded(replicas.Record(lowered.Recorded))
			for _, name := range marked {
				asked[name] = true
			}
		}
		if g.Replicas != start-int32(len(asked)) || len(g.Recorded) != len(asked) {
			t.Errorf("%d replicas of %d after %d Machines went, recorded %v", g.Replicas, start, len(asked), g.Recorded)
		}
	})
}
