// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// Registration is what a kubelet registers its Node with.
type Registration struct {
	Labels map[string]string
	Taints []corev1.Taint
}

// RegistrationOf returns what the Node of a NodeClaim registers with: its labels and
// those of the launch as far as the kubelet may set them (CP-109), its taints and
// startup taints, and always the taint karpenter.sh/unregistered (CP-108). Labels of
// the launch give way to the NodeClaim's (CP-020).
func RegistrationOf(nodeClaim *v1.NodeClaim, launch map[string]string, maySet func(key string) bool) Registration {
	labels := map[string]string{}
	for _, from := range []map[string]string{launch, nodeClaim.Labels} {
		for key, value := range from {
			if maySet(key) {
				labels[key] = value
			}
		}
	}
	var taints []corev1.Taint
	for _, taint := range slices.Concat(nodeClaim.Spec.Taints, nodeClaim.Spec.StartupTaints, []corev1.Taint{v1.UnregisteredTaint()}) {
		same := func(other corev1.Taint) bool { return other.MatchTaint(&taint) } // LIF-008
		if !slices.ContainsFunc(taints, same) {
			taints = append(taints, corev1.Taint{Key: taint.Key, Value: taint.Value, Effect: taint.Effect})
		}
	}
	return Registration{Labels: labels, Taints: taints}
}

// KubeletMaySet reports whether a kubelet may give its own Node a label: in the
// domains of Kubernetes only those which the admission plugin NodeRestriction
// admits.
func KubeletMaySet(key string) bool {
	if !OutsideKubernetes(key) {
		return slices.Contains(admitted(), key) || inDomain(key, "kubelet.kubernetes.io") || inDomain(key, "node.kubernetes.io")
	}
	return true
}

// OutsideKubernetes reports whether a label is in none of the domains kubernetes.io
// and k8s.io; for images that set those themselves.
func OutsideKubernetes(key string) bool {
	return !inDomain(key, "kubernetes.io") && !inDomain(key, "k8s.io")
}

func admitted() []string {
	return []string{
		"kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch",
		"topology.kubernetes.io/zone", "topology.kubernetes.io/region",
		"beta.kubernetes.io/os", "beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type",
		"failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
	}
}

// inDomain reports whether the prefix of a key is a domain or below it.
func inDomain(key, domain string) bool {
	prefix, _, hasPrefix := strings.Cut(key, "/")
	return hasPrefix && (prefix == domain || strings.HasSuffix(prefix, "."+domain))
}

// LabelsText is the labels as kubelets take them: k=v, by key, joined by commas.
func (r Registration) LabelsText() string { return pairs(r.Labels, "=") }

// TaintsText is the taints as kubelets take them: key=value:Effect, joined by commas.
func (r Registration) TaintsText() string {
	texts := make([]string, len(r.Taints))
	for i, taint := range r.Taints {
		texts[i] = taint.Key + "=" + taint.Value + ":" + string(taint.Effect)
	}
	return strings.Join(texts, ",")
}

// TaintsByKey is the taints as some images take them: by key the values
// "value:Effect", in their order.
func (r Registration) TaintsByKey() map[string]any {
	out := map[string]any{}
	for _, taint := range r.Taints {
		list, _ := out[taint.Key].([]any)
		out[taint.Key] = append(list, taint.Value+":"+string(taint.Effect))
	}
	return out
}

// pairs joins the entries of a map by commas, each with a sign between key and
// value, by key.
func pairs(m map[string]string, sign string) string {
	texts := make([]string, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		texts = append(texts, key+sign+m[key])
	}
	return strings.Join(texts, ",")
}
