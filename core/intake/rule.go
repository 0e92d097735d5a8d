// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/taint"
	"karpenter.sh/core/engine/topology"
)

// TopologyRule defines a topology group: which pods count, in which domains, on
// which nodes. It is immutable; rules with equal identities share one group
// (SCH-141).
type TopologyRule struct {
	Kind topology.Kind
	// Key is the topology key, aliases translated.
	Key string
	// MaxSkew and MinDomains belong to spreads.
	MaxSkew, MinDomains int32
	// Terms are the node constraints a spread honours, any of which a node
	// must meet; none accepts every node (SCH-151).
	Terms []requirement.Requirements
	// Beside are the keys of the pod's other hard constraints, sorted: a node
	// without one of them does not count.
	Beside []string
	// HonorTaints leaves out nodes with taints that Tolerations do not admit.
	HonorTaints bool
	Tolerations taint.Tolerations

	namespaces map[string]bool // nil: all
	selector   labels.Selector
	identity   string
}

// Identity is equal for rules that share a group.
func (r *TopologyRule) Identity() string { return r.identity }

// seed is a number that equal identities share.
func (r *TopologyRule) seed() uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, r.identity)
	return h.Sum64()
}

// IsInverse reports whether the rule counts the owners of an anti-affinity term
// rather than the pods that it selects.
func (r *TopologyRule) IsInverse() bool { return r.Kind == topology.Inverse }

// IsSpread reports whether the rule is a spread constraint.
func (r *TopologyRule) IsSpread() bool { return r.Kind == topology.Spread }

// InverseRules are those of a bound pod's required anti-affinity terms. Terms
// that cannot be parsed select nothing and are left out (SCH-147, SCH-163).
func (c *Compiler) InverseRules(pod *corev1.Pod, namespaces map[string]map[string]string) []*TopologyRule {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	terms := pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	out := make([]*TopologyRule, 0, len(terms))
	for i := range terms {
		if rule, err := c.affinityRule(topology.Inverse, pod, &terms[i], namespaces); err == nil {
			out = append(out, rule)
		}
	}
	return out
}

// Selects reports whether the rule counts a pod with these labels; for an
// inverse rule, whether it keeps such a pod away.
func (r *TopologyRule) Selects(namespace string, set map[string]string) bool {
	return (r.namespaces == nil || r.namespaces[namespace]) && r.selector.Matches(labels.Set(set))
}

// LooksAt reports whether the rule counts pods on a node (SCH-151).
func (r *TopologyRule) LooksAt(nodeLabels map[string]string, taints []taint.Taint) bool {
	for _, key := range r.Beside {
		if _, has := nodeLabels[key]; !has {
			return false
		}
	}
	if r.HonorTaints {
		if _, repelled := r.Tolerations.Untolerated(taints, true); repelled {
			return false
		}
	}
	if len(r.Terms) == 0 {
		return true
	}
	offered := requirement.OfLabels(nodeLabels)
	return slices.ContainsFunc(r.Terms, func(term requirement.Requirements) bool {
		return offered.Compatible(term, requirement.Strict)
	})
}

// keysRead are the pod labels that the selector looks at.
func (r *TopologyRule) keysRead() []string {
	rs, _ := r.selector.Requirements()
	out := make([]string, len(rs))
	for i := range rs {
		out[i] = rs[i].Key()
	}
	return out
}

// seal sets the identity: everything that tells two groups apart.
func (r *TopologyRule) seal() *TopologyRule {
	names := make([]string, 0, len(r.namespaces))
	for n := range r.namespaces {
		names = append(names, n)
	}
	slices.Sort(names)
	terms := make([]string, len(r.Terms))
	for i, t := range r.Terms {
		terms[i] = identityOf(t)
	}
	slices.Sort(terms)
	r.identity = fmt.Sprintf("%d|%s|%v%v|%s|%d|%d|%q|%q|%v%+v", r.Kind, r.Key, r.namespaces == nil, names,
		selectorIdentity(r.selector), r.MaxSkew, r.MinDomains, terms, r.Beside, r.HonorTaints, r.Tolerations)
	return r
}

// identityOf writes requirements in full; their text form is shortened.
func identityOf(rs requirement.Requirements) string {
	var b strings.Builder
	for r := range rs.Each() {
		fmt.Fprintf(&b, "%q%s%v%q%v;", r.Key(), r.Operator(), r.AllowsAbsent(), r.Values(), r.Bounds())
	}
	return b.String()
}

// selectorIdentity ignores the order and repetition of expressions.
func selectorIdentity(s labels.Selector) string {
	rs, selectable := s.Requirements()
	if !selectable {
		return "nothing"
	}
	parts := make([]string, len(rs))
	for i := range rs {
		operator := rs[i].Operator()
		if operator == selection.Equals || operator == selection.DoubleEquals {
			operator = selection.In
		}
		parts[i] = fmt.Sprintf("%q %s %q", rs[i].Key(), operator, slices.Sorted(slices.Values(rs[i].ValuesUnsorted())))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ",")
}

// spreadRule translates a spread constraint of a pod (SCH-147 to SCH-151).
func (c *Compiler) spreadRule(pod *corev1.Pod, s *corev1.TopologySpreadConstraint) (*TopologyRule, error) {
	selector, err := metav1.LabelSelectorAsSelector(s.LabelSelector)
	if err != nil {
		return nil, fmt.Errorf("topologySpreadConstraints on %q: labelSelector: %w", s.TopologyKey, err)
	}
	for _, key := range s.MatchLabelKeys {
		value, has := pod.Labels[key]
		if !has || s.LabelSelector == nil {
			continue
		}
		own, err := labels.NewRequirement(key, "in", []string{value})
		if err != nil {
			return nil, fmt.Errorf("topologySpreadConstraints on %q: matchLabelKeys %q: %w", s.TopologyKey, key, err)
		}
		selector = selector.Add(*own)
	}
	if selector.Empty() { // to the scheduler, too, a spread over everybody counts nobody
		selector = labels.Nothing()
	}
	key, _ := c.options.Vocabulary.Normalize(s.TopologyKey, "")
	r := &TopologyRule{
		Kind: topology.Spread, Key: key, MaxSkew: s.MaxSkew,
		namespaces: map[string]bool{pod.Namespace: true}, selector: selector,
	}
	if s.MinDomains != nil {
		r.MinDomains = *s.MinDomains
	}
	if s.NodeAffinityPolicy == nil || *s.NodeAffinityPolicy == corev1.NodeInclusionPolicyHonor {
		if r.Terms, err = c.filterTerms(&pod.Spec); err != nil {
			return nil, err
		}
	}
	if s.NodeTaintsPolicy != nil && *s.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor {
		r.HonorTaints, r.Tolerations = true, Tolerations(pod.Spec.Tolerations)
	}
	r.Beside = c.beside(pod, s, key)
	return r.seal(), nil
}

// beside are the keys of the hard constraints that a hard one stands beside:
// the scheduler looks only at nodes that have all of them. Every node has the
// hostname.
func (c *Compiler) beside(pod *corev1.Pod, s *corev1.TopologySpreadConstraint, own string) []string {
	if s.WhenUnsatisfiable != corev1.DoNotSchedule {
		return nil
	}
	var out []string
	for i := range pod.Spec.TopologySpreadConstraints {
		other := &pod.Spec.TopologySpreadConstraints[i]
		key, _ := c.options.Vocabulary.Normalize(other.TopologyKey, "")
		if other.WhenUnsatisfiable == corev1.DoNotSchedule && key != own && key != label.Hostname {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// filterTerms are the pod's node constraints, none if it has none.
func (c *Compiler) filterTerms(spec *corev1.PodSpec) ([]requirement.Requirements, error) {
	if len(spec.NodeSelector) == 0 && len(RequiredTerms(spec)) == 0 {
		return nil, nil
	}
	return c.terms(spec)
}

// affinityRule translates a term of pod affinity or anti-affinity (SCH-147,
// SCH-148). Namespaces are those that exist, with their labels.
func (c *Compiler) affinityRule(kind topology.Kind, pod *corev1.Pod, t *corev1.PodAffinityTerm, namespaces map[string]map[string]string) (*TopologyRule, error) {
	selector, err := metav1.LabelSelectorAsSelector(t.LabelSelector)
	if err != nil {
		return nil, fmt.Errorf("pod affinity term on %q: labelSelector: %w", t.TopologyKey, err)
	}
	key, _ := c.options.Vocabulary.Normalize(t.TopologyKey, "")
	r := &TopologyRule{Kind: kind, Key: key, selector: selector, namespaces: map[string]bool{}}
	for _, n := range t.Namespaces {
		r.namespaces[n] = true
	}
	switch {
	case t.NamespaceSelector != nil && len(t.NamespaceSelector.MatchLabels)+len(t.NamespaceSelector.MatchExpressions) == 0:
		r.namespaces = nil
	case t.NamespaceSelector != nil:
		if err := r.addNamespaces(t.NamespaceSelector, namespaces); err != nil {
			return nil, fmt.Errorf("pod affinity term on %q: namespaceSelector: %w", t.TopologyKey, err)
		}
	case len(t.Namespaces) == 0:
		r.namespaces[pod.Namespace] = true
	}
	return r.seal(), nil
}

// checkNamespaces finds required terms that nothing can ever meet, because none
// of the namespaces that they list exists.
func (r *Round) checkNamespaces(pod *corev1.Pod, terms []corev1.PodAffinityTerm) error {
	exists := func(name string) bool {
		_, known := r.namespaces[name]
		return known || name == pod.Namespace
	}
	for i := range terms {
		t := &terms[i]
		if len(t.Namespaces) > 0 && t.NamespaceSelector == nil && !slices.ContainsFunc(t.Namespaces, exists) {
			return fmt.Errorf("pod affinity term on %q: namespaces: none of %q exists", t.TopologyKey, t.Namespaces)
		}
	}
	return nil
}

// togetherRules translates the required terms of pod affinity, each for its own
// key. A pod counts only if all of them select it, as in the scheduler: two pods
// that meet one term each do not add up.
func (c *Compiler) togetherRules(pod *corev1.Pod, terms []corev1.PodAffinityTerm, namespaces map[string]map[string]string) ([]*TopologyRule, error) {
	out := make([]*TopologyRule, len(terms))
	for i := range terms {
		rule, err := c.affinityRule(topology.Affinity, pod, &terms[i], namespaces)
		if err != nil {
			return nil, err
		}
		out[i] = rule
	}
	if len(out) < 2 {
		return out, nil
	}
	selector, selected := labels.Everything(), map[string]bool(nil)
	for _, rule := range out {
		selector, selected = both(selector, rule.selector), inBoth(selected, rule.namespaces)
	}
	for _, rule := range out {
		rule.selector, rule.namespaces = selector, selected
		rule.seal()
	}
	return out, nil
}

// both selects what a and b do.
func both(a, b labels.Selector) labels.Selector {
	rs, selectable := b.Requirements()
	if !selectable {
		return b
	}
	return a.Add(rs...)
}

// inBoth are the namespaces in a and b; nil are all.
func inBoth(a, b map[string]bool) map[string]bool {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := map[string]bool{}
	for name := range a {
		if b[name] {
			out[name] = true
		}
	}
	return out
}

func (r *TopologyRule) addNamespaces(selector *metav1.LabelSelector, namespaces map[string]map[string]string) error {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return err
	}
	for name, set := range namespaces {
		if s.Matches(labels.Set(set)) {
			r.namespaces[name] = true
		}
	}
	return nil
}
