// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// Method is one strategy of voluntary disruption. It keeps nothing: all it knows
// is what it is given.
type Method interface {
	Kind() Kind
	// Decide says what to give up.
	Decide(State) Decision
	// Validate decides again about a command that has waited, over a fresh state in
	// which its nodes are not held. What is left of the command is in terms of that
	// state and has no nodes if nothing may be done; dropped says why nodes are not
	// in it any more.
	Validate(fresh State, c Command) (left Command, dropped []Refusal)
	// Confirm says why a node of a command must stay of which nothing but the pods
	// is known; false if it may go.
	Confirm(n Node, now time.Time) (Refusal, bool)
}
