// SPDX-License-Identifier: Apache-2.0

package exhaust

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/test/oracle/internal/replay"
)

// spreads checks the hard constraints of a pod as the specification has them:
// domains where it could get a new node count as empty ones, and a node can
// always be added (SCH-142, SCH-147, SCH-151 to SCH-153).
type spreads struct {
	pod   *corev1.Pod
	stage replay.Stage
	open  []fresh // new nodes that count
}

func (s *spreads) admit(node *corev1.Node) bool {
	for i := range s.pod.Spec.TopologySpreadConstraints {
		c := &s.pod.Spec.TopologySpreadConstraints[i]
		if c.WhenUnsatisfiable == corev1.DoNotSchedule && !s.admitOne(c, node) {
			return false
		}
	}
	return true
}

func (s *spreads) admitOne(c *corev1.TopologySpreadConstraint, node *corev1.Node) bool {
	domain, has := node.Labels[c.TopologyKey]
	if !has {
		return false
	}
	counts := s.counts(c)
	least, domains := int32(0), int32(0)
	for d := range counts {
		if s.reachable(c, d) {
			if domains == 0 || counts[d] < least {
				least = counts[d]
			}
			domains++
		}
	}
	if c.TopologyKey == label.Hostname || c.MinDomains != nil && domains < *c.MinDomains {
		least = 0
	}
	own := int32(0)
	if s.selector(c).Matches(labels.Set(s.pod.Labels)) {
		own = 1
	}
	return counts[domain]+own-least <= c.MaxSkew
}

// counts are the pods by domain, with a zero for every domain without any.
func (s *spreads) counts(c *corev1.TopologySpreadConstraint) map[string]int32 {
	out, selector := s.opened(c), s.selector(c)
	for _, node := range s.stage.Nodes {
		domain, has := node.Labels[c.TopologyKey]
		if !has || !s.looksAt(c, node) {
			continue
		}
		out[domain] += 0
		for _, p := range s.stage.Bound {
			if p.Spec.NodeName == node.Name && p.Namespace == s.pod.Namespace && p.DeletionTimestamp == nil && selector.Matches(labels.Set(p.Labels)) {
				out[domain]++
			}
		}
	}
	return out
}

// opened are the domains of new nodes that count.
func (s *spreads) opened(c *corev1.TopologySpreadConstraint) map[string]int32 {
	out := map[string]int32{}
	for _, f := range s.open {
		if domain, has := f.node.Labels[c.TopologyKey]; has && s.looksAt(c, f.node) {
			out[domain] = 0
		}
	}
	return out
}

// suffers reports whether a constraint of a placed pod could not do with a new
// node's domain as an empty one: some domain where such pods are holds more than
// maxSkew.
func (s *spreads) suffers(c *corev1.TopologySpreadConstraint, node *corev1.Node) bool {
	counts, domain := s.counts(c), node.Labels[c.TopologyKey]
	if _, known := counts[domain]; known || c.TopologyKey == label.Hostname || domain == "" || !s.looksAt(c, node) {
		return false
	}
	for _, n := range counts {
		if n > c.MaxSkew {
			return true
		}
	}
	return false
}

func addValues(out map[string]int32, rs requirement.Requirements, key string) {
	if r, ok := rs.Get(key); ok && r.Concrete() {
		for _, v := range r.Values() {
			out[v] = 0
		}
	}
}

func (s *spreads) selector(c *corev1.TopologySpreadConstraint) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(c.LabelSelector)
	if err != nil {
		return labels.Nothing()
	}
	for _, key := range c.MatchLabelKeys {
		if value, has := s.pod.Labels[key]; has && c.LabelSelector != nil {
			same, _ := labels.SelectorFromSet(labels.Set{key: value}).Requirements()
			selector = selector.Add(same...)
		}
	}
	return selector
}

func (s *spreads) looksAt(c *corev1.TopologySpreadConstraint, node *corev1.Node) bool {
	for _, other := range s.pod.Spec.TopologySpreadConstraints {
		if _, has := node.Labels[other.TopologyKey]; !has && other.WhenUnsatisfiable == corev1.DoNotSchedule {
			return false
		}
	}
	if honors(c.NodeTaintsPolicy, false) && repelled(s.pod, node.Spec.Taints) {
		return false
	}
	match, err := nodeaffinity.GetRequiredNodeAffinity(s.pod).Match(node)
	return !honors(c.NodeAffinityPolicy, true) || err == nil && match
}

// reachable reports whether the pod's node constraints admit a domain, as far as
// its key goes.
func (s *spreads) reachable(c *corev1.TopologySpreadConstraint, domain string) bool {
	if !honors(c.NodeAffinityPolicy, true) {
		return true
	}
	if v, asks := s.pod.Spec.NodeSelector[c.TopologyKey]; asks && v != domain {
		return false
	}
	a := s.pod.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return true
	}
	return slices.ContainsFunc(a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool {
		return admits(term, c.TopologyKey, domain)
	})
}

// admits applies the expressions of a term on one key. A term without any
// selects nothing.
func admits(term corev1.NodeSelectorTerm, key, value string) bool {
	for _, e := range term.MatchExpressions {
		if e.Key != key {
			continue
		}
		r, err := requirement.New(e.Key, requirement.Operator(e.Operator), e.Values...)
		if err != nil || !r.Has(value) {
			return false
		}
	}
	return len(term.MatchExpressions) > 0
}

func honors(policy *corev1.NodeInclusionPolicy, byDefault bool) bool {
	if policy == nil {
		return byDefault
	}
	return *policy == corev1.NodeInclusionPolicyHonor
}

func repelled(pod *corev1.Pod, taints []corev1.Taint) bool {
	_, found := scheduling.FindMatchingUntoleratedTaint(klog.Background(), taints, pod.Spec.Tolerations,
		func(t *corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }, false)
	return found
}
