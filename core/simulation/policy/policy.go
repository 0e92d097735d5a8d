// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/simulation"
)

// None keeps every node for ever.
type None struct{}

// Name is how reports call it.
func (None) Name() string { return "none" }

// Serial says that it may be asked at any time.
func (None) Serial() bool { return false }

// Decide decides nothing.
func (None) Decide(*simulation.View) ([]simulation.Command, error) { return nil, nil }

// Validate is never asked.
func (None) Validate(_ *simulation.View, c simulation.Command) (simulation.Command, error) {
	return c, nil
}

// Emptiness gives up the nodes without a pod, by the engine's own method.
type Emptiness struct{ method disrupt.Emptiness }

// Name is how reports call it.
func (Emptiness) Name() string { return "emptiness" }

// Serial says that it may be asked at any time.
func (Emptiness) Serial() bool { return false }

// Decide takes all empty nodes that the budgets leave room for.
func (e Emptiness) Decide(v *simulation.View) ([]simulation.Command, error) {
	s, err := v.State(disrupt.Empty)
	if err != nil {
		return nil, err
	}
	var out []simulation.Command
	for _, c := range e.method.Decide(s).Commands {
		out = append(out, simulation.Command{Method: c.Kind.Type, Nodes: c.Nodes, Wait: c.Kind.Wait})
	}
	return out, nil
}

// Validate keeps the nodes that are still empty.
func (e Emptiness) Validate(v *simulation.View, c simulation.Command) (simulation.Command, error) {
	s, err := v.State(disrupt.Empty)
	if err != nil {
		return simulation.Command{}, err
	}
	left := e.method.Validate(s, []disrupt.Command{{Kind: e.method.Kind(), Nodes: c.Nodes}})[0].Left
	c.Nodes = left.Nodes
	return c, nil
}

// All returns the policies in the order of reports.
func All() []simulation.Policy {
	return []simulation.Policy{None{}, Emptiness{}, Practice{}, NewConsolidation()}
}
