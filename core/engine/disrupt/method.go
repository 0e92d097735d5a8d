// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// Method is one strategy of voluntary disruption. It keeps nothing: all it knows
// is what it is given.
type Method interface {
	Kind() Kind
	// Eligible are the IDs of the nodes that the method would take if budgets and
	// prices allowed. It asks nothing.
	Eligible(State) []string
	// Decide says what to give up.
	Decide(State) Decision
	// Validate decides again about commands that have waited, over a fresh state in
	// which their nodes are not held, in their order: each sees those before it as if
	// they were carried out.
	Validate(fresh State, commands []Command) []Validated
	// Confirm says why a node of a command must stay of which nothing but the pods
	// is known; false if it may go.
	Confirm(n Node, now time.Time) (Refusal, bool)
}

// Validated is what became of a command that was decided about again.
type Validated struct {
	// Left is in terms of the fresh state and has no nodes if nothing may be done.
	Left Command
	// Dropped says why nodes are not in it any more.
	Dropped []Refusal
}
