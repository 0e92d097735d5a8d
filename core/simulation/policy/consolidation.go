// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/simulation"
)

// Consolidation is what the controllers do: the engine's own methods, all commands
// of a pass at once.
type Consolidation struct {
	emptiness Emptiness
	method    disrupt.Consolidation
}

// NewConsolidation returns the policy, with spot replaced by cheaper spot.
func NewConsolidation() Consolidation {
	return Consolidation{method: disrupt.Consolidation{SpotToSpot: true}}
}

// Name is how reports call it.
func (Consolidation) Name() string { return "consolidation" }

// Serial says that it may be asked at any time.
func (Consolidation) Serial() bool { return false }

// Decide takes the empty nodes, then those whose pods run elsewhere for less.
func (p Consolidation) Decide(v *simulation.View) ([]simulation.Command, error) {
	out, err := p.emptiness.Decide(v)
	if err != nil {
		return nil, err
	}
	s, err := p.state(v)
	if err != nil {
		return nil, err
	}
	for _, c := range p.method.Decide(s).Commands {
		command, err := commandOf(v, c)
		if err != nil {
			return nil, err
		}
		out = append(out, command)
	}
	return out, nil
}

// Validate decides about the nodes of the command once more.
func (p Consolidation) Validate(v *simulation.View, c simulation.Command) (simulation.Command, error) {
	if c.Method == (disrupt.Emptiness{}).Kind().Type {
		return p.emptiness.Validate(v, c)
	}
	s, err := p.state(v)
	if err != nil {
		return simulation.Command{}, err
	}
	decided := disrupt.Command{Kind: p.method.Kind(), Nodes: c.Nodes, Replacements: make([]disrupt.Replacement, len(c.Replacements))}
	return commandOf(v, p.method.Validate(s, []disrupt.Command{decided})[0].Left)
}

func (p Consolidation) state(v *simulation.View) (disrupt.State, error) {
	s, err := v.State(underutilized)
	if err != nil {
		return s, err
	}
	err = v.Ask(&s)
	return s, err
}

func commandOf(v *simulation.View, c disrupt.Command) (simulation.Command, error) {
	out := simulation.Command{Method: c.Kind.Type, Nodes: c.Nodes, Wait: c.Kind.Wait}
	for i := range c.Replacements {
		claim, err := v.NodeClaim(&c.Replacements[i].Bin)
		if err != nil {
			return simulation.Command{}, err
		}
		out.Replacements = append(out.Replacements, claim)
	}
	return out, nil
}
