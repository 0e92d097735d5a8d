// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"cmp"
	"slices"
	"time"
)

// bySavings returns the nodes ordered by what giving them up saves for what it
// costs, the best first. Among equals the one that would expire sooner comes
// first, then the order is that of the names (DIS-046).
func bySavings(nodes []*Node, now time.Time) []*Node {
	ranked := make([]rank, len(nodes))
	for i, n := range nodes {
		ranked[i] = rank{n, n.Price / RescheduleCost(n.Pods), n.RemainingLife(now)}
	}
	slices.SortFunc(ranked, rank.compare)
	out := make([]*Node, len(nodes))
	for i, r := range ranked {
		out[i] = r.node
	}
	return out
}

type rank struct {
	node          *Node
	savings, life float64
}

func (r rank) compare(o rank) int {
	return cmp.Or(
		cmp.Compare(o.savings, r.savings),
		cmp.Compare(r.life, o.life),
		cmp.Compare(r.node.Name, o.node.Name),
		cmp.Compare(r.node.ID, o.node.ID),
	)
}
