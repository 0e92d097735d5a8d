// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

// Flag is a command-line argument of the kubelet.
type Flag struct{ Name, Value string }

// Flags returns the arguments for what is computed of a machine, for what it
// registers with, and for the fields of the user's configuration that have one:
// thresholds, image garbage collection and CPU quotas. Those without a value are
// left out.
func Flags(r Registration, s kubelet.Settings, c kubelet.Configuration) []Flag {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	perCore := ""
	if s.PodsPerCore > 0 {
		perCore = number(s.PodsPerCore)
	}
	var out []Flag
	for _, flag := range []Flag{
		{"node-labels", r.LabelsText()},
		{"register-with-taints", r.TaintsText()},
		{"max-pods", number(s.MaxPods)},
		{"pods-per-core", perCore},
		{"system-reserved", pairs(Texts(s.SystemReserved), "=")},
		{"kube-reserved", pairs(Texts(s.KubeReserved), "=")},
		{"reserved-cpus", s.ReservedSystemCPUs},
		{"eviction-hard", pairs(s.EvictionHard, "<")},
		{"eviction-soft", pairs(c.Texts("evictionSoft"), "<")},
		{"eviction-soft-grace-period", pairs(c.Texts("evictionSoftGracePeriod"), "=")},
		{"eviction-max-pod-grace-period", textOf(c, "evictionMaxPodGracePeriod")},
		{"image-gc-high-threshold", textOf(c, "imageGCHighThresholdPercent")},
		{"image-gc-low-threshold", textOf(c, "imageGCLowThresholdPercent")},
		{"cpu-cfs-quota", textOf(c, "cpuCFSQuota")},
	} {
		if flag.Value != "" {
			out = append(out, flag)
		}
	}
	return out
}

// FlagsText joins flags for a command line that a shell reads once more: values of
// more than letters and digits stand in double quotes. It refuses values that a
// shell would change.
func FlagsText(flags []Flag) (string, error) {
	texts := make([]string, len(flags))
	for i, flag := range flags {
		value := flag.Value
		if strings.ContainsAny(value, "\"$`\\'\n\x00") {
			return "", fmt.Errorf("writing the kubelet argument --%s: a shell would change its value", flag.Name)
		}
		if strings.IndexFunc(value, func(r rune) bool { return needsQuotes(r) || strings.ContainsRune("_-./:,@+", r) }) >= 0 {
			value = `"` + value + `"`
		}
		texts[i] = "--" + flag.Name + "=" + value
	}
	return strings.Join(texts, " "), nil
}

// Document is the KubeletConfiguration: all that the user wrote, and over it what
// was computed and the taints. It shares nothing with its arguments.
func Document(r Registration, s kubelet.Settings, c kubelet.Configuration) Tree {
	out := Tree{}
	for key, value := range c.Object {
		out[key] = clone(value)
	}
	out["apiVersion"], out["kind"] = "kubelet.config.k8s.io/v1beta1", "KubeletConfiguration"
	out["maxPods"] = s.MaxPods
	delete(out, "podsPerCore")
	if s.PodsPerCore > 0 {
		out["podsPerCore"] = s.PodsPerCore
	}
	delete(out, "reservedSystemCPUs")
	if s.ReservedSystemCPUs != "" {
		out["reservedSystemCPUs"] = s.ReservedSystemCPUs
	}
	out.setTexts("kubeReserved", Texts(s.KubeReserved))
	out.setTexts("systemReserved", Texts(s.SystemReserved))
	out.setTexts("evictionHard", s.EvictionHard)
	taints := make([]any, len(r.Taints))
	for i, taint := range r.Taints {
		entry := map[string]any{"key": taint.Key, "effect": string(taint.Effect)}
		if taint.Value != "" {
			entry["value"] = taint.Value
		}
		taints[i] = entry
	}
	out["registerWithTaints"] = taints
	return out
}

// setTexts sets a table of texts, or none if it is empty.
func (t Tree) setTexts(key string, texts map[string]string) {
	delete(t, key)
	if len(texts) > 0 {
		t[key] = Table(texts)
	}
}

// Table makes texts a table of a document.
func Table(texts map[string]string) map[string]any {
	table := make(map[string]any, len(texts))
	for key, text := range texts {
		table[key] = text
	}
	return table
}

// Texts writes quantities as kubelets read them, by resource.
func Texts(resources corev1.ResourceList) map[string]string {
	out := make(map[string]string, len(resources))
	for name, quantity := range resources {
		out[string(name)] = quantity.String()
	}
	return out
}

// textOf reads a number or a flag.
func textOf(c kubelet.Configuration, name string) string {
	switch value := c.Object[name].(type) {
	case json.Number:
		return value.String()
	case bool:
		return strconv.FormatBool(value)
	}
	return ""
}
