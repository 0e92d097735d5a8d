// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/resource"
)

// tainted are the taints that keep the attempt from all of the variants once their
// nodes are up; none if they do not.
func (p *pool) tainted(a *attempt, variants bitset.Set) []string {
	left := variants.Clone()
	left.AndNot(p.Tainted(a.class.Tolerations, a.SoftTaints))
	if !left.Empty() {
		return nil
	}
	var out []string
	for i := range variants.All() {
		for _, t := range a.untolerated(p.Observed[i].Taints) {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	slices.Sort(out)
	return out
}

// missing is what nodes lack of an instance type that would hold the pod if it kept
// its promise; none if there is no such type.
func (p *pool) missing(a *attempt, names *resource.Names) reason.Amounts {
	for i := range p.examined().All() {
		lack := p.MissingOf(i)
		if !lack.Zero() && a.class.Requests.FitsIn(p.Room(i).Add(lack)) && !a.class.Requests.FitsIn(p.Room(i)) {
			return reason.NewAmounts(lack, names)
		}
	}
	return nil
}

// attachReasons are the reasons of a pod's class with those of the pod alone: where
// all else would do, its claims are too many.
func (s *solver) attachReasons(why reason.List, pod int) reason.List {
	claims := s.in.Pods[pod].Attachments
	if len(claims) == 0 {
		return why
	}
	out := slices.Clone(why)
	for i := range out {
		at := slices.IndexFunc(s.pools, func(p *pool) bool { return p.Pool == out[i].Pool })
		if at < 0 || out[i].Cause != reason.Types || !out[i].Types.Together {
			continue
		}
		p := s.pools[at]
		left := p.examined()
		p.KeepFitting(left, s.in.Pods[pod].Class.Requests)
		if driver, some := p.KeepAttaching(left, nil, claims); !some {
			out[i] = reason.Reason{Cause: reason.AttachLimits, Pool: out[i].Pool, Detail: driver}
		}
	}
	return out
}
