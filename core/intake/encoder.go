// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"encoding/binary"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/resource"
)

// encoder writes everything of a pod that scheduling reads into one string of
// bytes, so that equal bytes mean equal classes. Its buffers are reused.
type encoder struct {
	buf  []byte
	keys []string
}

func (e *encoder) encode(pod *corev1.Pod, requests resource.Vector) []byte {
	e.buf = e.buf[:0]
	e.number(len(requests))
	for _, n := range requests {
		e.buf = binary.AppendVarint(e.buf, n)
	}
	e.selector(pod.Spec.NodeSelector)
	e.nodeAffinity(pod.Spec.Affinity)
	e.tolerations(pod.Spec.Tolerations)
	e.text(NotBuilt(&pod.Spec))
	return e.buf
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
