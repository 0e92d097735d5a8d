// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"
	"strings"

	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/reason"
	"karpenter.sh/core/engine/topology"
)

// blocking lists the attempt's topology rules with what they count, for a pool
// whose instance types would do.
func (s *solver) blocking(p *pool, a *attempt) []reason.Rule {
	var out []reason.Rule
	for _, r := range a.onKeys {
		rule := s.describeOnKey(a, &r)
		if offered := p.DomainsOf(r.Key); !offered.Empty() {
			rule.Node = p.vocabulary.DecompileOne(constraint.Entry{Key: r.Key, Set: constraint.Only(offered)})
		}
		out = append(out, rule)
	}
	for _, r := range a.onHosts {
		out = append(out, a.describe(&r, label.Hostname, hostCounts(r.Tally)))
	}
	return out
}

// describeOnKey describes a rule on another key than the hostname, but for the
// domains of pool or node.
func (s *solver) describeOnKey(a *attempt, r *rule) reason.Rule {
	v := s.in.Snapshot.Vocabulary
	out := a.describe(r, v.KeyName(r.Key), s.countsOf(r.Tally, s.view(a, r).Open()))
	if own, ok := a.Strict.Get(r.Key); ok {
		out.Pod = v.DecompileOne(constraint.Entry{Key: r.Key, Set: own})
	}
	if left, restricted := a.volumeDomains(r.Key); restricted {
		out.Volumes = v.DecompileOne(constraint.Entry{Key: r.Key, Set: constraint.Only(left)})
	}
	return out
}

// straining lists the spreads of placed pods that no node of the pool would
// spare, see [solver.spared].
func (s *solver) straining(p *pool, wanted constraint.Sets) []reason.Rule {
	st := p.intern(wanted)
	if st == nil || s.spared(p, st) != nil {
		return nil
	}
	var out []reason.Rule
	for g := range s.relied.All() {
		t := s.tallies[g]
		if t.Strained() && !s.unmet(t, p, st).Empty() {
			out = append(out, reason.Rule{Kind: "topology spread of other pods", Key: p.vocabulary.KeyName(t.Key), Counts: s.countsOf(t, nil)})
		}
	}
	return out
}

// describe is the rule in words and numbers, but for the domains.
func (a *attempt) describe(r *rule, key string, counts []reason.Count) reason.Rule {
	out := reason.Rule{Kind: a.class.kindText(r.Kind), Key: key, Counts: counts}
	if r.Selector != nil {
		out.Selector = r.Selector.String()
	}
	out.Alone = r.Kind == topology.Affinity && r.Nowhere() && !r.counts()
	return out
}

func (c *class) kindText(k topology.Kind) string {
	switch {
	case k == topology.Spread && c.DefaultSpread:
		return "topology spread (a default of the cluster)"
	case k == topology.Spread:
		return "topology spread"
	case k == topology.Affinity:
		return "pod affinity"
	case k == topology.AntiAffinity:
		return "pod anti-affinity"
	}
	return "anti-affinity of other pods"
}

// countsOf are the pods in the domains that count: those that the rule knows and
// those that are open to the pod.
func (s *solver) countsOf(t *topology.Tally, open bitset.Set) []reason.Count {
	var out []reason.Count
	for d := range union(t.Domains().Clone(), open).All() {
		out = append(out, reason.Count{
			Domain: s.in.Snapshot.Vocabulary.ValueName(t.Key, constraint.Value(d)), Pods: t.Count(constraint.Value(d)),
		})
	}
	return sortCounts(out)
}

func hostCounts(t *topology.Tally) []reason.Count {
	var out []reason.Count
	for name := range t.Group.Hosts {
		if n := t.OnHost(name); n > 0 {
			out = append(out, reason.Count{Domain: name, Pods: n})
		}
	}
	return sortCounts(out)
}

func sortCounts(counts []reason.Count) []reason.Count {
	slices.SortFunc(counts, func(a, b reason.Count) int { return strings.Compare(a.Domain, b.Domain) })
	return counts
}
