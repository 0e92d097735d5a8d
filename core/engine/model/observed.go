// SPDX-License-Identifier: Apache-2.0

package model

import (
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// Observed is what nodes of a variant turned out to be, where that is worse than
// what the catalogue and the daemons promise (SCH-300). The zero Observed changes
// nothing.
type Observed struct {
	// Missing is how much less room there is for pods; never negative.
	Missing resource.Vector
	// Taints are those that nodes get besides the pool's.
	Taints []taint.Taint
	// Attach are the most claims that a node attaches, by driver.
	Attach attach.Limits
}

// MissingOf is how much less room variant i has than promised.
func (t *Template) MissingOf(i int) resource.Vector {
	if t.Observed == nil {
		return nil
	}
	return t.Observed[i].Missing
}

// Tainted returns the variants whose nodes get taints that are not tolerated.
func (t *Template) Tainted(tolerations taint.Tolerations, soft bool) bitset.Set {
	var out bitset.Set
	for i := range t.Observed {
		if _, repelled := tolerations.Untolerated(t.Observed[i].Taints, soft); repelled {
			out = out.Add(i)
		}
	}
	return out
}

// KeepAttaching removes from candidates, in place, the variants whose nodes could
// not attach the claims added to those in use, and returns a driver that stands in
// the way if none is left.
func (t *Template) KeepAttaching(candidates bitset.Set, used attach.Usage, added []attach.Attachment) (driver string, some bool) {
	if len(added) == 0 || t.Observed == nil {
		return "", true
	}
	for i := range candidates.Clone().All() {
		if d, exceeded := t.Observed[i].Attach.Exceeded(used, added); exceeded {
			candidates.Remove(i)
			driver = d
		}
	}
	return driver, driver == "" || !candidates.Empty()
}
