// SPDX-License-Identifier: Apache-2.0

package place

import (
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
)

// conflict is why a pod is placed nowhere whose volumes exclude each other.
func conflict(pod *model.Pod) reason.List {
	r := reason.Reason{Cause: reason.VolumeConflict}
	for _, a := range pod.Attachments {
		r.Claims = append(r.Claims, a.Claim)
	}
	return reason.List{r}
}

// options are what the attempt asks of the pool's nodes, for each alternative of
// its volumes that the pool's labels admit.
func (p *pool) options(a *attempt) []constraint.Sets {
	wanted := p.vocabulary.Conjunction(p.Wanted, a.Wanted)
	if a.class.Volumes == nil {
		return []constraint.Sets{wanted}
	}
	var out []constraint.Sets
	for _, volumes := range a.class.Volumes {
		if _, refused := p.vocabulary.Refused(wanted, volumes, p.Open); !refused {
			out = append(out, p.vocabulary.Conjunction(wanted, volumes))
		}
	}
	return out
}

// volumeMismatches lists what the volumes ask for and neither the pool nor the
// pod's own constraints leave.
func (p *pool) volumeMismatches(a *attempt) []reason.Label {
	var out []reason.Label
	offered := p.Requirements.Intersect(a.Plain)
	for _, volumes := range a.class.Volumes {
		for m := range offered.Mismatches(p.vocabulary.Decompile(volumes), p.mayBeUndefined) {
			out = append(out, reason.Label{Mismatch: m})
		}
	}
	return out
}

// likeliest is the first option with which some instance type would do, or else
// the first one.
func (p *pool) likeliest(a *attempt, options []constraint.Sets) constraint.Sets {
	for _, wanted := range options {
		if p.shortfall(a, wanted, p.examined()).Together {
			return wanted
		}
	}
	return options[0]
}

// wouldDoWithoutVolumes reports whether some instance type would do if the pod
// had no volumes.
func (p *pool) wouldDoWithoutVolumes(a *attempt) bool {
	return a.class.Volumes != nil &&
		p.shortfall(a, p.vocabulary.Conjunction(p.Wanted, a.Wanted), p.examined()).Together
}

// volumeDomains are the domains of a key that the volumes leave, if they restrict
// it to some.
func (a *attempt) volumeDomains(key constraint.Key) (bitset.Set, bool) {
	var out bitset.Set
	for _, volumes := range a.class.Volumes {
		own, restricted := volumes.Get(key)
		if !restricted || !own.Concrete() {
			return nil, false
		}
		out = union(out, own.Values())
	}
	return out, a.class.Volumes != nil
}
