// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"time"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/place"
)

// Command says to give up nodes together.
type Command struct {
	// Kind is that of the method that decided. Its Reason is why the nodes go.
	Kind Kind
	// Nodes are the IDs of the nodes to give up, in the order of the decision.
	Nodes []string
	// Replacements are the machines to launch first: no node goes before all of
	// them are in service.
	Replacements []Replacement
	// Destinations are the nodes that pods were placed on, by index in the snapshot
	// of the what-if about Nodes.
	Destinations []int
	// Divisible is set if each node may go without the others: the rest of the
	// command stands if some drop out. Otherwise all go or none.
	Divisible bool
	// Saving is what the command saves, in dollars per hour, as far as prices are
	// known; negative if the replacements cost more (DIS-154).
	Saving float64
	// Cost is the sum of what it costs to give up the nodes, see [RescheduleCost].
	Cost float64
	// Kept is what nodes cost per hour that would have gone as empty and stay for the
	// pods.
	Kept float64
	// Payback is how long it takes until the command has saved what it costs to
	// move the pods and to pay for nodes and replacements at once (DIS-171); [Never]
	// if it saves nothing.
	Payback time.Duration
	// Scores are those of the pools that weigh savings against disruption, sorted
	// by pool (EXT-167).
	Scores []Score
}

// Replacement is a machine to launch for pods of the nodes of a command.
type Replacement struct {
	// Bin is the plan. Its indexes are those of the what-if about the nodes of the
	// command, asked of the state that the command was last decided over.
	Bin place.Bin
	// Pool and Types are the names of what Bin.Pool and Bin.Types are indexes of.
	// They mean the same in every state.
	Pool  string
	Types []string
	// CapacityType is the one that the requirements demand; empty if they leave a
	// choice.
	CapacityType string
}

// NewReplacement returns a bin of a plan, with the question that was asked, as a
// replacement.
func NewReplacement(asked place.Input, bin place.Bin) Replacement {
	template := asked.Snapshot.Pools[bin.Pool].Template
	r := Replacement{Bin: bin, Pool: template.Pool, Types: make([]string, len(bin.Types))}
	for i, t := range bin.Types {
		r.Types[i] = template.Catalogue.Type(t).Name
	}
	if of, ok := asked.Snapshot.Vocabulary.Decompile(bin.Requirements).Get(label.CapacityType); ok {
		r.CapacityType, _ = of.Single()
	}
	return r
}

// Weigh returns the command with the saving, the cost and the payback time that its
// nodes and its replacements have in the state. Nodes that are not there count for
// nothing.
func (s State) Weigh(c Command) Command { return weigh(c, s.named(c.Nodes), s.totals()) }

// named are the nodes of some IDs that there are.
func (s State) named(ids []string) []*Node {
	about := make(map[string]bool, len(ids))
	for _, id := range ids {
		about[id] = true
	}
	var out []*Node
	for i := range s.Nodes {
		if about[s.Nodes[i].ID] {
			out = append(out, &s.Nodes[i])
		}
	}
	return out
}

func weigh(c Command, nodes []*Node, totals map[string]total) Command {
	c.Saving, c.Cost = -c.Kept, 0
	for _, n := range nodes {
		c.Saving += n.Price
		c.Cost += RescheduleCost(n.Pods)
	}
	for i := range c.Replacements {
		c.Saving -= c.Replacements[i].Bin.Price
	}
	c.Payback = payback(nodes, c.Saving, c.Replacements, totals)
	return c
}
