// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// Reason is why nodes are given up voluntarily, as the API spells it.
type Reason string

// Empty is the reason of nodes without a pod worth keeping them for.
const Empty Reason = "Empty"

// Underutilized is the reason of nodes whose pods cost less elsewhere.
const Underutilized Reason = "Underutilized"

// Drifted means that the node is not what its pool asks for any more.
const Drifted Reason = "Drifted"

// Class says how far a method respects pods that do not want to move.
type Class int

const (
	// Graceful methods leave a node alone as long as a pod blocks it.
	Graceful Class = iota
	// Eventual methods take a node despite its pods when its NodeClaim bounds
	// the time of draining.
	Eventual
)

// Kind is what is constant about a method.
type Kind struct {
	Reason Reason
	// Type tells methods of one reason apart.
	Type  string
	Class Class
	// NeedsTypes is set where nothing can be decided without the instance types
	// of a node's pool (DIS-030).
	NeedsTypes bool
	// Asks is set where the method asks what-ifs: its states have a [Question].
	Asks bool
	// SparesBusy is set where what-ifs move no running pod to a node that was not
	// quiet for long enough (DIS-062).
	SparesBusy bool
	// Wait is how long after a decision it is validated and carried out; zero
	// means at once (DIS-102).
	Wait time.Duration
}

// State is what a method decides from. It is consistent: all of it was true at
// one time.
type State struct {
	Now time.Time
	// Nodes are all nodes, in any order.
	Nodes []Node
	// Pools are the pools that exist, by name. Their budgets are those for the
	// reason of the method.
	Pools map[string]Pool
	// Question is nil for methods that do not ask.
	Question Question
	// Spare are the prices of nodes that go as empty unless pods come to them, by index
	// in the inputs of Question.
	Spare map[int]float64
	// Evictable is how many more pods of a workload may be moved for the time
	// being; workloads that are not listed have no such limit.
	Evictable map[string]int

	among map[string]bool
}

// Among returns the state with the candidates restricted to the nodes of these
// IDs. The others still count for budgets.
func (s State) Among(ids []string) State {
	s.among = make(map[string]bool, len(ids))
	for _, id := range ids {
		s.among[id] = true
	}
	return s
}

// Decision is the result of a method.
type Decision struct {
	// Eligible is how many nodes the method might take if budgets allowed.
	Eligible int
	// Commands have at least one node each.
	Commands []Command
	// Refusals tell for each node that no command is about why it stays.
	Refusals []Refusal
}

// Nodes are the IDs of the nodes of all commands.
func (d Decision) Nodes() []string {
	var out []string
	for _, c := range d.Commands {
		out = append(out, c.Nodes...)
	}
	return out
}
