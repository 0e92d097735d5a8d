// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"sync"

	"karpenter.sh/core/engine/place"
)

// deleteAll gives up the nodes, in their order, whose pods have room elsewhere, and
// returns those for which machines would have to be launched. As long as nothing goes,
// more and more nodes are looked at side by side.
func (x *search) deleteAll(nodes []*Node) (replaceable []*Node) {
	for ahead := 1; len(nodes) > 0; {
		looks, changed := x.lookAtAll(nodes[:min(ahead, len(nodes))]), false
		for i := 0; i < len(looks) && !changed; i++ {
			n := nodes[0]
			nodes = nodes[1:]
			if r, refused := x.refuses(n); refused {
				x.refusals[n.ID] = r
				continue
			}
			before := len(x.commands)
			if !x.delete(n, looks[i]) {
				replaceable = append(replaceable, n)
			}
			changed = len(x.commands) > before
		}
		if ahead = min(2*ahead, mostAhead); changed {
			ahead = 1 // the other looks were at what is not so any more
		}
	}
	return replaceable
}

// mostAhead is how many nodes are looked at side by side at most.
const mostAhead = 64

// look is where the pods of a node would go.
type look struct {
	asked place.Input
	plan  place.Plan
	ok    bool // false if nobody can tell
}

// lookAtAll looks at nodes as if each went alone.
func (x *search) lookAtAll(nodes []*Node) []look {
	looks := make([]look, len(nodes))
	each := func(i int) {
		if looks[i].asked, looks[i].ok = x.without(nodes[i : i+1]); looks[i].ok {
			looks[i].plan = place.Solve(looks[i].asked)
		}
	}
	workers := min(x.method.Workers, len(nodes))
	if workers < 2 {
		for i := range nodes {
			each(i)
		}
		return looks
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(nodes); i += workers {
				each(i)
			}
		})
	}
	wait.Wait()
	return looks
}

// delete gives a node up if its pods have room elsewhere; false if a machine would
// have to be launched for some of them.
func (x *search) delete(n *Node, l look) bool {
	if !l.ok {
		x.refusals[n.ID] = Refusal{Cause: Leaving}
		return true
	}
	x.worth.learn(n, l)
	if len(l.plan.Bins) > 0 && len(homeless(l.asked, l.plan)) == 0 {
		x.refusals[n.ID] = Refusal{Cause: NothingCheaper}
		return false
	}
	m, r, ok := x.judge([]*Node{n}, l.asked, l.plan)
	if ok {
		x.accept(m)
	} else {
		x.refusals[n.ID] = r
	}
	return true
}
