// SPDX-License-Identifier: Apache-2.0

package collect

import (
	"slices"
	"time"

	v1 "karpenter.sh/core/apis/v1"
)

// Tie tells which NodeClaim a machine was launched for: the two functions return
// equal texts for a machine and its NodeClaim. Empty texts tie nothing.
type Tie struct {
	// Machine reads what the machine says, such as the NodeClaim's UID in a tag.
	Machine func(machine *v1.NodeClaim) string
	// NodeClaim returns what a machine of this NodeClaim would say.
	NodeClaim func(claim *v1.NodeClaim) string
}

// Rule says when a machine counts as an orphan.
type Rule struct {
	// Grace is how old an orphan must be; more than a launch takes from the
	// machine's birth until its ID is stored.
	Grace time.Duration
	// Tie protects machines whose launch is still to be written down; the zero Tie
	// protects none.
	Tie Tie
	// Unnamed says that machines without a provider ID may be orphans too, which a cloud
	// knows before it has given them one. The tie alone tells whose they are, and the
	// provider must be able to delete one as it listed it (KIT-136).
	Unnamed bool
	// Spares holds for machines that are never collected; nil spares none.
	Spares func(machine *v1.NodeClaim) bool
}

// Orphans returns the machines, in their order, that no NodeClaim has (KIT-130,
// KIT-131).
func (r Rule) Orphans(machines []*v1.NodeClaim, claims []v1.NodeClaim, now time.Time) []*v1.NodeClaim {
	return slices.DeleteFunc(r.unclaimed(machines, claims, now), terminating)
}

// unclaimed are the orphans and those that terminate but would be orphans.
func (r Rule) unclaimed(machines []*v1.NodeClaim, claims []v1.NodeClaim, now time.Time) []*v1.NodeClaim {
	launched, tied := r.claimed(claims)
	var out []*v1.NodeClaim
	for _, m := range machines {
		if r.collectable(m, now) && !launched[m.Status.ProviderID] && !tied[r.Tie.of(m)] {
			out = append(out, m)
		}
	}
	return out
}

func terminating(m *v1.NodeClaim) bool { return !m.DeletionTimestamp.IsZero() }

// claimed are the provider IDs that NodeClaims have, and the ties of those that do
// not know theirs.
func (r Rule) claimed(claims []v1.NodeClaim) (launched, tied map[string]bool) {
	launched, tied = make(map[string]bool, len(claims)), map[string]bool{}
	for i := range claims {
		claim := &claims[i]
		if claim.Status.ProviderID != "" {
			launched[claim.Status.ProviderID] = true
			continue
		}
		if claim.DeletionTimestamp.IsZero() && r.Tie.NodeClaim != nil {
			tied[r.Tie.NodeClaim(claim)] = true
		}
	}
	delete(tied, "")
	return launched, tied
}

// of is what a machine says.
func (t Tie) of(machine *v1.NodeClaim) string {
	if t.Machine == nil {
		return ""
	}
	return t.Machine(machine)
}

// collectable holds for machines that may be orphans at all, if they run.
func (r Rule) collectable(m *v1.NodeClaim, now time.Time) bool {
	return (m.Status.ProviderID != "" || r.Unnamed) && !m.CreationTimestamp.IsZero() && now.Sub(m.CreationTimestamp.Time) > r.Grace &&
		(r.Spares == nil || !r.Spares(m))
}
