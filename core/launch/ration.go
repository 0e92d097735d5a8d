// SPDX-License-Identifier: Apache-2.0

package launch

import (
	"fmt"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/ration"
)

// Draws are what the machine takes of shared limits if it turns out as the cheapest that
// the bin admits (SCH-330).
func (m Machine) Draws() []ration.Draw {
	if o := m.cheapest(); o != nil {
		return o.Draws
	}
	return nil
}

// cheapest is the offering that the bin would be bought through; nil if there is none any
// more.
func (m Machine) cheapest() *cloudprovider.Offering {
	if len(m.Bin.Types) == 0 {
		return nil
	}
	compiler := m.Question.Cluster.Compiler()
	wanted := compiler.Vocabulary().Decompile(m.Bin.Requirements)
	var cheapest *cloudprovider.Offering
	for _, o := range m.Pool().Types[m.Bin.Types[0]].Offerings {
		if o.Available && (cheapest == nil || o.Price < cheapest.Price) && o.CompatibleWith(wanted, compiler.IsWellKnown) {
			cheapest = o
		}
	}
	return cheapest
}

// Order is machines that are launched together or not at all.
type Order []Machine

// Held is an order that would exceed a shared limit.
type Held struct {
	ration.Held
	// Limit is the one it would exceed, as the provider told it.
	Limit cloudprovider.SharedLimit
}

// String tells users what is in the way.
func (h Held) String() string {
	return fmt.Sprintf("a limit of the account: %d needed, %s", h.Need, h.Limit)
}

// Rationing is what orders are admitted by.
type Rationing struct {
	// Unlaunched are the NodeClaims that are not launched, listed before Limits were
	// asked for: so each is counted by one of the two.
	Unlaunched []*cluster.Unlaunched
	Limits     cloudprovider.Limits
}

// Admit returns the orders that have to wait, in order (SCH-330).
func (r Rationing) Admit(orders []Order) []Held {
	if len(r.Limits.Shared) == 0 {
		return nil
	}
	in := ration.Input{Left: map[string]int64{}, Pending: r.pending(), Orders: make([][]ration.Draw, len(orders))}
	limits := map[string]cloudprovider.SharedLimit{}
	for _, l := range r.Limits.Shared {
		limits[l.Name], in.Left[l.Name] = l, l.Left()
	}
	for i, order := range orders {
		for _, m := range order {
			in.Orders[i] = append(in.Orders[i], m.Draws()...)
		}
	}
	var out []Held
	for _, held := range ration.Admit(in) {
		out = append(out, Held{held, limits[held.Limit]})
	}
	return out
}

// pending are the draws of NodeClaims whose launches the provider has not heard of yet.
func (r Rationing) pending() []ration.Draw {
	var out []ration.Draw
	for _, u := range r.Unlaunched {
		if r.Limits.Counts == nil || !r.Limits.Counts(u.NodeClaim.UID) {
			out = append(out, u.Draws...)
		}
	}
	return out
}

// Pending reports whether launches are about to take of shared limits what the provider
// does not know of yet.
func (r Rationing) Pending() bool { return len(r.pending()) > 0 }
