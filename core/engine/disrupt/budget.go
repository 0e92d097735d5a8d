// SPDX-License-Identifier: Apache-2.0

package disrupt

// Usage counts the nodes of a pool for its budgets (DIS-049).
type Usage struct {
	// Nodes are those that have come into service and whose instance is not
	// being terminated.
	Nodes int
	// Disrupting are those of them that are out of service or about to be,
	// whatever caused it.
	Disrupting int
	// Promised are those of the rest that commands are about which have not
	// started yet.
	Promised int
}

// Count returns the usage of each pool that has nodes.
func Count(nodes []Node) map[string]Usage {
	out := map[string]Usage{}
	for i := range nodes {
		n := &nodes[i]
		if n.Pool == "" || !n.inService() {
			continue
		}
		u := out[n.Pool]
		u.Nodes++
		if !n.Ready || n.Leaving {
			u.Disrupting++
		} else if n.Held {
			u.Promised++
		}
		out[n.Pool] = u
	}
	return out
}

func (n *Node) inService() bool {
	return n.Claimed && n.Initialized && !n.InstanceTerminating
}

// Budget is how much disruption a pool takes for one reason.
type Budget struct {
	Usage
	// Limit is how many of the nodes may be under disruption at a time.
	Limit int
}

// Left is how many more nodes may be disrupted (DIS-050).
func (b Budget) Left() int {
	return max(0, b.Limit-b.Disrupting-b.Promised)
}

// Shut reports whether the pool has nodes and its budgets let none of them go,
// no matter what else goes on (DIS-057).
func (b Budget) Shut() bool {
	return b.Nodes > 0 && b.Limit == 0
}

// purse hands out what budgets leave.
type purse struct {
	pools map[string]Pool
	spent map[string]int
}

// take reports whether the budget of the node's pool has room for it, and uses
// that room.
func (p purse) take(n *Node) bool {
	if !p.has(n) {
		return false
	}
	p.spent[n.Pool]++
	return true
}

// has reports whether one more node of the pool may go.
func (p purse) has(n *Node) bool { return p.spent[n.Pool] < p.pools[n.Pool].Budget.Left() }

// hasAll reports whether all nodes may go together.
func (p purse) hasAll(nodes []*Node) bool {
	together := map[string]int{}
	for _, n := range nodes {
		if together[n.Pool]++; p.spent[n.Pool]+together[n.Pool] > p.pools[n.Pool].Budget.Left() {
			return false
		}
	}
	return true
}

// takeAll takes as many of the nodes as may go, the first ones of each pool (DIS-054).
func (p purse) takeAll(nodes []*Node) (taken []*Node, refused []Refusal) {
	for _, n := range nodes {
		if p.take(n) {
			taken = append(taken, n)
		} else {
			refused = append(refused, Refusal{Node: n.ID, Cause: OverBudget, Pool: n.Pool})
		}
	}
	return taken, refused
}
