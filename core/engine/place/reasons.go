// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"
	"strings"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/engine/taint"
)

// hugeCPU is the request, in milli-CPU, from which a missing "m" is the likely
// cause (SCH-221).
const hugeCPU = 1_000_000 * 1000

// nowhere is why a pod is placed nowhere, whatever nodes and pools there are; nil
// if that depends.
func nowhere(pod *model.Pod) reason.List {
	switch c := pod.Class; {
	case c.NotBuilt != "":
		return reason.List{{Cause: reason.NotBuilt, Detail: c.NotBuilt}}
	case c.VolumeConflict:
		return conflict(pod)
	case c.ClaimsIgnored:
		return reason.List{{Cause: reason.ClaimsIgnored}}
	}
	return nil
}

// reasons says, pool by pool, why a class was refused. It looks at the last,
// most relaxed attempt (SCH-185) and at the limits as they are at the end.
func (s *solver) reasons(c *model.Class) reason.List {
	last := &s.class(c).attempts[len(c.Attempts)-1]
	if r, ok := last.Plain.Unsatisfiable(); ok {
		return reason.List{{Cause: reason.Contradiction, Detail: r.Key()}}
	}
	var out reason.List
	for _, p := range s.pools {
		out = append(out, s.reason(p, last))
	}
	return out
}

func (s *solver) reason(p *pool, a *attempt) reason.Reason {
	r := s.inTheWay(p, a)
	r.Pool, r.Apart = p.Pool, len(p.mismatches(a))
	return r
}

// inTheWay is the first check that the pool fails.
func (s *solver) inTheWay(p *pool, a *attempt) reason.Reason {
	if p.root == nil {
		return reason.Reason{Cause: reason.NoInstanceTypes}
	}
	labels := p.mismatches(a)
	if taints := a.untolerated(p.Taints); len(taints) > 0 {
		return reason.Reason{Cause: reason.Taints, Taints: taints, Labels: labels}
	}
	if len(labels) > 0 {
		return reason.Reason{Cause: reason.Labels, Labels: labels}
	}
	if why, waits := a.class.Waits[p.Pool]; waits {
		return reason.Reason{Cause: reason.Waits, Detail: why}
	}
	options := p.options(a)
	if len(options) == 0 {
		return reason.Reason{Cause: reason.Volumes, Labels: p.volumeMismatches(a)}
	}
	wanted := p.likeliest(a, options)
	if len(wanted) > maxEntries {
		return reason.Reason{Cause: reason.TooManyRequirements}
	}
	return s.choiceReason(p, a, wanted)
}

// choiceReason is why none of the pool's instance types will do, with what its
// nodes would have to meet.
func (s *solver) choiceReason(p *pool, a *attempt, wanted constraint.Sets) reason.Reason {
	r := p.typesReason(a, wanted, s.in.Snapshot.Names)
	if !r.Types.Together {
		if p.wouldDoWithoutVolumes(a) {
			r.Cause = reason.Volumes
		}
		r.Missing = p.missing(a, s.in.Snapshot.Names)
		return r
	}
	if limited, ok := p.limited(a, wanted, s.in.Snapshot.Names); ok {
		return limited
	}
	if p.onlyReserved(a, wanted) {
		return reason.Reason{Cause: reason.Reserved}
	}
	fitting := p.fitting(a, wanted)
	if m, short := p.short(p.Minimums, fitting, nil); short {
		return reason.Reason{Cause: reason.MinValues, Detail: p.vocabulary.KeyName(m.Key)}
	}
	if p.portsTaken(a, fitting) {
		return reason.Reason{Cause: reason.HostPorts}
	}
	if taints := p.tainted(a, fitting); len(taints) > 0 {
		return reason.Reason{Cause: reason.LateTaints, Taints: taints}
	}
	if blocking := append(s.blocking(p, a), s.straining(p, wanted)...); len(blocking) > 0 {
		return reason.Reason{Cause: reason.Topology, Topology: blocking}
	}
	return r
}

// fitting are the variants that would do for the attempt but for host ports and
// minValues.
func (p *pool) fitting(a *attempt, wanted constraint.Sets) bitset.Set {
	left := p.unlimited(a, wanted)
	left.And(p.allowed)
	return left
}

// onlyReserved reports whether what would do for the attempt can be had through
// reservations only.
func (p *pool) onlyReserved(a *attempt, wanted constraint.Sets) bool {
	st := p.intern(wanted)
	if p.shelf == nil || st == nil {
		return false
	}
	left := p.ordinary(st).Clone()
	left.And(p.allowed)
	return !p.KeepFitting(left, a.class.Requests)
}

// portsTaken reports whether the daemons leave none of the variants with the
// attempt's host ports free (SCH-102).
func (p *pool) portsTaken(a *attempt, variants bitset.Set) bool {
	left := variants.Clone()
	left.AndNot(p.PortConflicts(a.class.Ports))
	return left.Empty()
}

// untolerated are the taints that keep the attempt away.
func (a *attempt) untolerated(taints []taint.Taint) []string {
	var out []string
	for _, t := range taints {
		if a.SoftTaints && t.Effect == taint.PreferNoSchedule {
			continue
		}
		if !a.class.Tolerations.Tolerates(t) {
			out = append(out, t.String())
		}
	}
	return out
}

func (p *pool) mismatches(a *attempt) []reason.Label {
	var out []reason.Label
	for m := range p.Requirements.Mismatches(a.Plain, p.mayBeUndefined) {
		l := reason.Label{Mismatch: m}
		if m.Undefined {
			l.Meant = p.meant(m.Wanted.Key())
		}
		out = append(out, l)
	}
	return out
}

func (p *pool) mayBeUndefined(key string) bool {
	k, ok := p.vocabulary.FindKey(key)
	return ok && p.Open.Has(int(k))
}

// meant guesses which known label a key is a typing error of (SCH-222).
func (p *pool) meant(key string) string {
	var known []string
	for k := range p.Open.All() {
		known = append(known, p.vocabulary.KeyName(constraint.Key(k)))
	}
	slices.Sort(known)
	for r := range p.Requirements.Each() {
		known = append(known, r.Key())
	}
	name := key[strings.LastIndex(key, "/")+1:]
	i := slices.IndexFunc(known, func(k string) bool {
		return strings.Contains(k, key) || strings.HasSuffix(k, name)
	})
	if i < 0 {
		return ""
	}
	return known[i]
}

// examined are the variants that the pool could launch but for its limits.
func (p *pool) examined() bitset.Set { return p.Base.Variants.Clone() }

// typesReason says what the pool's instance types lacked.
func (p *pool) typesReason(a *attempt, wanted constraint.Sets, names *resource.Names) reason.Reason {
	examined := p.examined()
	least, most := p.requests(a, examined)
	r := reason.Reason{
		Cause:        reason.Types,
		Types:        p.shortfall(a, wanted, examined),
		Requirements: p.vocabulary.Decompile(p.added(wanted)),
		Least:        reason.NewAmounts(least, names),
		Most:         reason.NewAmounts(most, names),
		Overhead:     reason.NewAmounts(least.Clone().Sub(a.class.Requests), names),
	}
	if !r.Types.Requirements || !r.Types.Offering {
		r.Unoffered = p.unoffered(wanted, examined)
	}
	if !r.Types.Resources {
		r.Lacks = p.lacks(a, examined, names)
	}
	return r
}

func (p *pool) shortfall(a *attempt, wanted constraint.Sets, examined bitset.Set) reason.Shortfall {
	r := p.Catalogue.Overlapping(wanted)
	o := p.shelf.remove(p.Catalogue.Offered(wanted, p.Open), p.Catalogue).Variants
	f := examined.Clone()
	p.KeepFitting(f, a.class.Requests)
	r.And(examined)
	o.And(examined)
	return reason.Shortfall{
		Requirements: !r.Empty(), Offering: !o.Empty(), Resources: !f.Empty(),
		RequirementsResources: both(r, f, o),
		RequirementsOffering:  both(r, o, f),
		ResourcesOffering:     both(f, o, r),
		Together:              all(r, o, f),
		HugeCPU:               a.class.Requests.Get(resource.CPU) >= hugeCPU,
	}
}

// both reports whether some variant is in a and b and not in c.
func both(a, b, c bitset.Set) bool {
	s := a.Clone()
	s.And(b)
	s.AndNot(c)
	return !s.Empty()
}

// all reports whether some variant is in all three.
func all(a, b, c bitset.Set) bool {
	s := a.Clone()
	s.And(b)
	return s.Intersects(c)
}

// requests are the pod's requests with the least and the most daemon overhead
// among the variants.
func (p *pool) requests(a *attempt, variants bitset.Set) (least, most resource.Vector) {
	for i := range variants.All() {
		with := a.class.Requests.Clone().Add(p.OverheadOf(i))
		if least == nil {
			least, most = with, with.Clone()
			continue
		}
		for id := range least {
			least[id] = min(least[id], with.Get(resource.ID(id)))
		}
		most = most.Raise(with)
	}
	return least, most
}
