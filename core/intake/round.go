// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"cmp"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/constraint"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
)

// Counter counts bound pods for topology rules.
type Counter interface {
	// Count returns the pods that a rule counts, by domain, with a zero for
	// each domain of an existing node without any; for the hostname by node
	// name. Pods that are being placed anew are not counted (SCH-166).
	Count(rule *TopologyRule) map[string]int32
	// Repelling returns the inverse rules of the anti-affinity terms that
	// bound pods have (SCH-163).
	Repelling() []*TopologyRule
}

// Round compiles the pods of one round together with the topology rules among
// them. Add every pod, then Build.
type Round struct {
	compiler   *Compiler
	namespaces map[string]map[string]string
	defaults   DefaultSpread // nil: none
	daemons    []*corev1.Pod
	rules      []*TopologyRule
	byIdentity map[string]int32
	shapes     map[shapeKey]*shape
	encoder    encoder
	pods       []roundPod
	// attachments of the pods that have volumes, by index.
	attachments map[int][]attach.Attachment
}

// shape is what pods of equal specs and namespaces have in common, before
// anybody's selector is looked at.
type shape struct {
	class *model.Class
	// owned are the inverse rules of the pods' own anti-affinity terms.
	owned []int32
	// classes by what the pods' labels make of the rules.
	classes map[string]*model.Class
}

type roundPod struct {
	pod   *corev1.Pod
	shape *shape
}

// NewRound begins a round. Namespaces are those that exist, with their labels.
func (c *Compiler) NewRound(namespaces map[string]map[string]string) *Round {
	return &Round{
		compiler: c, namespaces: namespaces, byIdentity: map[string]int32{}, shapes: map[shapeKey]*shape{},
		attachments: map[int][]attach.Attachment{},
	}
}

// WithDaemons names the pods that represent the DaemonSets. They run on new nodes
// before other pods do, and topology rules count them there.
func (r *Round) WithDaemons(pods []*corev1.Pod) *Round {
	r.daemons = pods
	return r
}

// Add compiles a pod with what its volumes demand. The error says which of its
// fields cannot be understood; such a pod is not part of the round.
func (r *Round) Add(pod *corev1.Pod, volumes Volumes) error {
	base, err := r.compiler.Class(pod, volumes)
	if err != nil {
		return err
	}
	s, err := r.shape(pod, base)
	if err != nil {
		return fmt.Errorf("reading topology rules of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if len(volumes.Attachments) > 0 {
		r.attachments[len(r.pods)] = volumes.Attachments
	}
	r.pods = append(r.pods, roundPod{pod, s})
	return nil
}

func (r *Round) shape(pod *corev1.Pod, base *model.Class) (*shape, error) {
	spreads := r.spreads(pod)
	key := r.shapeKey(pod, base, spreads)
	if s, ok := r.shapes[key]; ok {
		return s, nil
	}
	s := &shape{class: base, classes: map[string]*model.Class{}}
	if hasTopology(&pod.Spec, spreads) {
		if err := r.compile(pod, s, spreads); err != nil {
			return nil, err
		}
	}
	r.shapes[key] = s
	return s, nil
}

func hasTopology(spec *corev1.PodSpec, s spreads) bool {
	return len(s.constraints) > 0 || spec.Affinity != nil && (spec.Affinity.PodAffinity != nil || spec.Affinity.PodAntiAffinity != nil)
}

// shapeKey tells shapes apart. Pods without topology rules share one shape for
// each class.
func (r *Round) shapeKey(pod *corev1.Pod, base *model.Class, s spreads) shapeKey {
	key := shapeKey{class: base}
	if hasTopology(&pod.Spec, s) {
		key.rules = string(r.encoder.rules(pod, s))
	}
	return key
}

type shapeKey struct {
	class *model.Class
	rules string
}

// compile translates the pod's topology rules into wishes and these into the
// shape's attempts (SCH-140).
func (r *Round) compile(pod *corev1.Pod, s *shape, own spreads) error {
	w, err := r.compiler.nodeWishes(&pod.Spec)
	if err != nil {
		return err
	}
	if err := r.addSpreads(pod, own.constraints, &w); err != nil {
		return err
	}
	if err := r.addAffinity(pod, &w, s); err != nil {
		return err
	}
	class := *s.class
	class.Attempts, class.DefaultSpread = r.compiler.attempts(w), own.byDefault
	s.class = &class
	return nil
}

func (r *Round) addSpreads(pod *corev1.Pod, constraints []corev1.TopologySpreadConstraint, w *wishes) error {
	for i := range constraints {
		constraint := &constraints[i]
		hard := constraint.WhenUnsatisfiable == corev1.DoNotSchedule
		if !hard && r.compiler.options.Preferences == IgnorePreferences {
			continue
		}
		rule, err := r.compiler.spreadRule(pod, constraint)
		if err != nil {
			return err
		}
		if hard {
			w.rules = append(w.rules, r.group(rule))
		} else {
			w.spreads = append(w.spreads, r.group(rule))
		}
	}
	return nil
}

func (r *Round) addAffinity(pod *corev1.Pod, w *wishes, s *shape) error {
	a := pod.Spec.Affinity
	if a == nil {
		return nil
	}
	if a.PodAffinity != nil {
		required := a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
		if err := r.checkNamespaces(pod, required); err != nil {
			return err
		}
		rules, err := r.compiler.togetherRules(pod, required, r.namespaces)
		if err != nil {
			return err
		}
		for _, rule := range rules {
			w.rules = append(w.rules, r.group(rule))
		}
		if err := r.addPreferred(pod, topology.Affinity, a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution, &w.affinity); err != nil {
			return err
		}
	}
	if a.PodAntiAffinity == nil {
		return nil
	}
	required := a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if err := r.addTerms(pod, topology.AntiAffinity, required, &w.rules); err != nil {
		return err
	}
	for i := range required {
		inverse, err := r.compiler.affinityRule(topology.Inverse, pod, &required[i], r.namespaces)
		if err != nil {
			return err
		}
		s.owned = append(s.owned, r.group(inverse))
	}
	return r.addPreferred(pod, topology.AntiAffinity, a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution, &w.antiAffinity)
}

func (r *Round) addTerms(pod *corev1.Pod, kind topology.Kind, terms []corev1.PodAffinityTerm, to *[]int32) error {
	for i := range terms {
		rule, err := r.compiler.affinityRule(kind, pod, &terms[i], r.namespaces)
		if err != nil {
			return err
		}
		*to = append(*to, r.group(rule))
	}
	return nil
}

func (r *Round) addPreferred(pod *corev1.Pod, kind topology.Kind, terms []corev1.WeightedPodAffinityTerm, to *[]int32) error {
	if r.compiler.options.Preferences == IgnorePreferences {
		return nil
	}
	byWeight := slices.Clone(terms)
	slices.SortStableFunc(byWeight, func(a, b corev1.WeightedPodAffinityTerm) int { return cmp.Compare(b.Weight, a.Weight) })
	for i := range byWeight {
		if err := r.addTerms(pod, kind, []corev1.PodAffinityTerm{byWeight[i].PodAffinityTerm}, to); err != nil {
			return err
		}
	}
	return nil
}

// group returns the index of the rule's group.
func (r *Round) group(rule *TopologyRule) int32 {
	if i, ok := r.byIdentity[rule.identity]; ok {
		return i
	}
	i := int32(len(r.rules))
	r.byIdentity[rule.identity], r.rules = i, append(r.rules, rule)
	return i
}

// Build returns the engine's form of the pods and of the groups in play.
func (r *Round) Build(counter Counter) ([]model.Pod, []*topology.Group) {
	for _, rule := range counter.Repelling() {
		r.group(rule)
	}
	relations := r.newRelations()
	out := make([]model.Pod, len(r.pods))
	for i, p := range r.pods {
		out[i] = enginePod(p.pod, r.attachments[i], relations.class(p))
	}
	groups := make([]*topology.Group, len(r.rules))
	for i, rule := range r.rules {
		groups[i] = r.compiler.group(rule, counter.Count(rule))
		groups[i].Daemons = r.daemonsOf(rule)
	}
	return out, groups
}

// daemonsOf are the numbers of the daemons that a rule on the hostname counts.
// Their own anti-affinity terms are ignored (SCH-123).
func (r *Round) daemonsOf(rule *TopologyRule) (out bitset.Set) {
	if rule.Key != label.Hostname || rule.IsInverse() {
		return nil
	}
	for i, pod := range r.daemons {
		if rule.Selects(pod.Namespace, pod.Labels) {
			out = out.Add(i)
		}
	}
	return out
}

// group is the engine's form of a rule with its counts.
func (c *Compiler) group(rule *TopologyRule, counts map[string]int32) *topology.Group {
	g := &topology.Group{
		Kind: rule.Kind, MaxSkew: rule.MaxSkew, MinDomains: rule.MinDomains, Seed: rule.seed(),
		HonorTaints: rule.HonorTaints, Tolerations: rule.Tolerations, Selector: rule.selector,
	}
	for _, t := range rule.Terms {
		g.Terms = append(g.Terms, c.vocabulary.Compile(t))
	}
	for _, key := range rule.Beside {
		g.Beside = append(g.Beside, c.vocabulary.Key(key))
	}
	if rule.Key == label.Hostname {
		g.Hostname, g.Hosts = true, counts
		return g
	}
	g.Key = c.vocabulary.Key(rule.Key)
	g.Counts = make(map[constraint.Value]int32, len(counts))
	for domain, n := range counts {
		g.Counts[c.vocabulary.Value(g.Key, domain)] = n
	}
	return g
}
