// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"encoding/binary"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/engine/requirement"
	"karpenter.sh/core/engine/resource"
)

// encoder writes everything of a pod that scheduling reads into one string of
// bytes, so that equal bytes mean equal classes. Its buffers are reused.
type encoder struct {
	buf  []byte
	keys []string
}

func (e *encoder) encode(pod *corev1.Pod, requests resource.Vector, volumes Volumes) []byte {
	e.buf = e.buf[:0]
	e.number(len(requests))
	for _, n := range requests {
		e.buf = binary.AppendVarint(e.buf, n)
	}
	e.selector(pod.Spec.NodeSelector)
	e.nodeAffinity(pod.Spec.Affinity)
	e.tolerations(pod.Spec.Tolerations)
	e.ports(&pod.Spec)
	e.volumes(volumes)
	e.flag(ClaimsDevices(&pod.Spec))
	return e.buf
}

// volumes writes where the volumes may be, not which they are, so that the pods
// of a StatefulSet remain one class.
func (e *encoder) volumes(v Volumes) {
	e.flag(v.Conflict)
	e.number(len(v.Alternatives))
	for _, rs := range v.Alternatives {
		e.number(rs.Len())
		for r := range rs.Each() {
			e.requirement(r)
		}
	}
}

func (e *encoder) requirement(r requirement.Requirement) {
	e.text(r.Key())
	e.flag(r.Concrete())
	e.flag(r.AllowsAbsent())
	e.buf = binary.AppendVarint(e.buf, r.Bounds().Min)
	e.buf = binary.AppendVarint(e.buf, r.Bounds().Max)
	e.number(len(r.Values()))
	for _, value := range r.Values() {
		e.text(value)
	}
}

func (e *encoder) ports(spec *corev1.PodSpec) {
	ports := HostPorts(spec)
	e.number(len(ports))
	for _, p := range ports {
		e.text(p.IP)
		e.number(int(p.Number))
		e.text(p.Protocol)
	}
}

func (e *encoder) number(n int) { e.buf = binary.AppendUvarint(e.buf, uint64(n)) }

func (e *encoder) text(s string) {
	e.number(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) selector(m map[string]string) {
	e.keys = e.keys[:0]
	for k := range m {
		e.keys = append(e.keys, k)
	}
	slices.Sort(e.keys)
	e.number(len(e.keys))
	for _, k := range e.keys {
		e.text(k)
		e.text(m[k])
	}
}

func (e *encoder) nodeAffinity(a *corev1.Affinity) {
	if a == nil || a.NodeAffinity == nil {
		e.number(0)
		return
	}
	e.number(1)
	required := a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		e.number(0)
	} else {
		e.number(len(required.NodeSelectorTerms))
		for i := range required.NodeSelectorTerms {
			e.expressions(required.NodeSelectorTerms[i].MatchExpressions)
			e.number(len(required.NodeSelectorTerms[i].MatchFields))
		}
	}
	preferred := a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	e.number(len(preferred))
	for i := range preferred {
		e.number(int(preferred[i].Weight))
		e.expressions(preferred[i].Preference.MatchExpressions)
	}
}

func (e *encoder) expressions(in []corev1.NodeSelectorRequirement) {
	e.number(len(in))
	for i := range in {
		e.text(in[i].Key)
		e.text(string(in[i].Operator))
		e.number(len(in[i].Values))
		for _, v := range in[i].Values {
			e.text(v)
		}
	}
}

func (e *encoder) tolerations(in []corev1.Toleration) {
	e.number(len(in))
	for i := range in {
		e.text(in[i].Key)
		e.text(string(in[i].Operator))
		e.text(in[i].Value)
		e.text(string(in[i].Effect))
	}
}

// rules writes the topology rules of a pod, with all that makes two rules
// differ: its namespace, and its labels as far as matchLabelKeys reads them.
func (e *encoder) rules(pod *corev1.Pod, s spreads) []byte {
	e.buf = e.buf[:0]
	e.text(pod.Namespace)
	e.flag(s.byDefault)
	e.number(len(s.constraints))
	for i := range s.constraints {
		e.spread(pod, &s.constraints[i])
	}
	a := pod.Spec.Affinity
	e.flag(a != nil && a.PodAffinity != nil)
	if a != nil && a.PodAffinity != nil {
		e.podTerms(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		e.weighted(a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if a != nil && a.PodAntiAffinity != nil {
		e.podTerms(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
		e.weighted(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	return e.buf
}

func (e *encoder) spread(pod *corev1.Pod, s *corev1.TopologySpreadConstraint) {
	e.text(s.TopologyKey)
	e.text(string(s.WhenUnsatisfiable))
	e.number(int(s.MaxSkew))
	e.optional(s.MinDomains)
	e.policy(s.NodeAffinityPolicy)
	e.policy(s.NodeTaintsPolicy)
	e.labelSelector(s.LabelSelector)
	e.number(len(s.MatchLabelKeys))
	for _, key := range s.MatchLabelKeys {
		value, has := pod.Labels[key]
		e.text(key)
		e.flag(has)
		e.text(value)
	}
}

func (e *encoder) podTerms(terms []corev1.PodAffinityTerm) {
	e.number(len(terms))
	for i := range terms {
		e.podTerm(&terms[i])
	}
}

func (e *encoder) weighted(terms []corev1.WeightedPodAffinityTerm) {
	e.number(len(terms))
	for i := range terms {
		e.number(int(terms[i].Weight))
		e.podTerm(&terms[i].PodAffinityTerm)
	}
}

func (e *encoder) podTerm(t *corev1.PodAffinityTerm) {
	e.text(t.TopologyKey)
	e.labelSelector(t.LabelSelector)
	e.labelSelector(t.NamespaceSelector)
	e.number(len(t.Namespaces))
	for _, n := range t.Namespaces {
		e.text(n)
	}
}

func (e *encoder) labelSelector(s *metav1.LabelSelector) {
	e.flag(s != nil)
	if s == nil {
		return
	}
	e.selector(s.MatchLabels)
	e.number(len(s.MatchExpressions))
	for i := range s.MatchExpressions {
		x := &s.MatchExpressions[i]
		e.text(x.Key)
		e.text(string(x.Operator))
		e.number(len(x.Values))
		for _, v := range x.Values {
			e.text(v)
		}
	}
}

func (e *encoder) flag(b bool) {
	if b {
		e.number(1)
		return
	}
	e.number(0)
}

func (e *encoder) optional(n *int32) {
	e.flag(n != nil)
	if n != nil {
		e.number(int(*n))
	}
}

func (e *encoder) policy(p *corev1.NodeInclusionPolicy) {
	e.flag(p != nil)
	if p != nil {
		e.text(string(*p))
	}
}
