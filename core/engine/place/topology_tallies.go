// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
)

// tally is the run's count of a group of the snapshot, made when it is first
// asked for: a what-if meets few of the groups there are.
func (s *solver) tally(group int32) *topology.Tally {
	if s.tallies[group] == nil {
		s.tallies[group] = s.newTally(group)
	}
	return s.tallies[group]
}

func (s *solver) newTally(group int32) *topology.Tally {
	g := s.in.Snapshot.Groups[group]
	t := topology.NewTally(g)
	for i := range s.in.Pods {
		if p := &s.in.Pods[i]; p.From != nil && counts(p.Class, group) {
			s.count(t, p.From, -1) // it is not where it was (SCH-166)
		}
	}
	return t
}

// counts reports whether a group counts pods of the class.
func counts(c *model.Class, group int32) bool {
	return slices.Contains(c.Topology.Counted, group) || slices.Contains(c.Topology.Owned, group)
}

// count adds n pods on an existing node to a group that looks at it.
func (s *solver) count(t *topology.Tally, n *model.Node, pods int32) {
	if !s.looksAtNode(t, n) {
		return
	}
	if t.Hostname {
		t.AddHost(n.Name, pods)
	} else if d, ok := n.Labels.Get(t.Key); ok {
		t.Add(d, pods)
	}
}
