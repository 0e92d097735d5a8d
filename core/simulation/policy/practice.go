// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"cmp"
	"slices"
	"time"

	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/simulation"
)

// Practice is what node autoscalers commonly do, as a yardstick: one command at a
// time, each of which waits for its validation; empty nodes first, then a prefix of
// the nodes that save most for what they disturb, found by a binary search,
// then one node; with at most one replacement, which must be cheaper.
//
// Each what-if takes time in proportion to the nodes, and the searches end at time
// boxes: with 700 nodes the search for one node does not come to
// its end, as users report.
type Practice struct{ emptiness Emptiness }

// Name is how reports call it.
func (Practice) Name() string { return "practice" }

// Serial says that one command at a time waits for its validation.
func (Practice) Serial() bool { return true }

// Types of commands.
const (
	multi  = "multi"
	single = "single"
)

// Underutilized is the reason of commands that move pods.
const underutilized disrupt.Reason = "Underutilized"

func kind(method string) disrupt.Kind {
	return disrupt.Kind{Reason: underutilized, Type: method, Class: disrupt.Graceful, Wait: disrupt.ValidationWait}
}

// How long a what-if takes for each node of the cluster, and when searches end.
const (
	whatIfPerNode = 400 * time.Microsecond
	multiBox      = time.Minute
	singleBox     = 3 * time.Minute
)

// search counts the time that what-ifs take.
type search struct {
	view *simulation.View
	took time.Duration
}

// end has the decision take the time of the search, up to its box.
func (s *search) end(box time.Duration) { s.view.Took(min(s.took, box)) }

// mostNodes is how many nodes a command of several gives up at most.
const mostNodes = 100

// Decide returns at most one command.
func (p Practice) Decide(v *simulation.View) ([]simulation.Command, error) {
	if empty, err := p.emptiness.Decide(v); err != nil || len(empty) > 0 {
		return empty, err
	}
	nodes, err := candidates(v)
	if err != nil {
		return nil, err
	}
	for _, find := range []func(*simulation.View, []disrupt.Node) (*change, error){findMulti, findSingle} {
		if c, err := find(v, nodes); err != nil || c != nil {
			return c.commands(), err
		}
	}
	return nil, nil
}

// candidates are the nodes that may be given up, those first that save most for
// what they disturb, as far as the budget goes (DIS-046, DIS-054, DIS-075).
func candidates(v *simulation.View) ([]disrupt.Node, error) {
	s, err := v.State(underutilized)
	if err != nil {
		return nil, err
	}
	var out []disrupt.Node
	for _, n := range s.Nodes {
		if eligible(s, n) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b disrupt.Node) int {
		return cmp.Or(cmp.Compare(savings(b), savings(a)), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

func eligible(s disrupt.State, n disrupt.Node) bool {
	_, blocked := s.Blocked(kind(single), n)
	return !blocked && n.Consolidatable && !s.Pools[n.Pool].NeverConsolidates && !disrupt.IsEmpty(n.Pods)
}

func savings(n disrupt.Node) float64 { return n.Price / disrupt.RescheduleCost(n.Pods) }

// left is how many nodes the budgets of all pools leave.
func left(v *simulation.View) (map[string]int, error) {
	s, err := v.State(underutilized)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for name, pool := range s.Pools {
		out[name] = pool.Budget.Left()
	}
	return out, nil
}

// findMulti looks for the largest prefix that can be given up together, as far as a
// binary search finds it; nil for none.
func findMulti(v *simulation.View, nodes []disrupt.Node) (*change, error) {
	budget, err := left(v)
	if err != nil {
		return nil, err
	}
	var within []disrupt.Node
	for _, n := range nodes {
		if budget[n.Pool] > 0 && len(within) < mostNodes {
			budget[n.Pool]--
			within = append(within, n)
		}
	}
	var best *change
	s := &search{view: v}
	defer s.end(multiBox)
	for low, high := 2, len(within); low <= high && s.took < multiBox; {
		middle := (low + high) / 2
		c, err := s.consolidate(within[:middle], multi)
		if err != nil {
			return nil, err
		}
		if c == nil {
			high = middle - 1
		} else {
			best, low = c, middle+1
		}
	}
	return best, nil
}

// findSingle looks for the first node that can be given up; nil for none.
func findSingle(v *simulation.View, nodes []disrupt.Node) (*change, error) {
	budget, err := left(v)
	if err != nil {
		return nil, err
	}
	s := &search{view: v}
	defer s.end(singleBox)
	for i := range nodes {
		if budget[nodes[i].Pool] == 0 {
			continue
		}
		if s.took >= singleBox {
			break
		}
		if c, err := s.consolidate(nodes[i:i+1], single); err != nil || c != nil {
			return c, err
		}
	}
	return nil, nil
}

// Validate repeats the decision for the nodes of the command alone (DIS-103).
func (p Practice) Validate(v *simulation.View, c simulation.Command) (simulation.Command, error) {
	if c.Method != multi && c.Method != single {
		return p.emptiness.Validate(v, c)
	}
	none := simulation.Command{Method: c.Method}
	nodes, err := again(v, c.Nodes)
	if err != nil || nodes == nil {
		return none, err
	}
	what, err := v.WithoutNodes(c.Nodes...)
	if err != nil || what.Stuck || len(what.Bins) != len(c.Replacements) {
		return none, err
	}
	for i, r := range c.Replacements {
		if !within(typesOf(r), v.Types(&what.Bins[i])) {
			return none, nil
		}
	}
	return c, nil
}

// again returns the nodes of these IDs, or nil if not all of them are candidates
// that the budgets leave room for.
func again(v *simulation.View, ids []string) ([]disrupt.Node, error) {
	nodes, err := candidates(v)
	if err != nil {
		return nil, err
	}
	budget, err := left(v)
	if err != nil {
		return nil, err
	}
	var out []disrupt.Node
	for _, n := range nodes {
		if slices.Contains(ids, n.ID) {
			if budget[n.Pool]--; budget[n.Pool] < 0 {
				return nil, nil
			}
			out = append(out, n)
		}
	}
	if len(out) != len(ids) {
		return nil, nil
	}
	return out, nil
}
