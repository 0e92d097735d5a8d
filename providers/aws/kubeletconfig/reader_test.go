// SPDX-License-Identifier: Apache-2.0

package kubeletconfig_test

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/kubeletconfig"
)

func newReader(t testing.TB, expressions bool) *kubeletconfig.Reader {
	t.Helper()
	r, err := kubeletconfig.New(kubeletconfig.Options{Expressions: expressions})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func raw(text string) *runtime.RawExtension { return &runtime.RawExtension{Raw: []byte(text)} }

// AWS-020 to AWS-023, AWS-026: the first step that finds something decides, and tells
// all it found.
func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		family string
		off    bool // the gate
		reason string
		names  []string // fields that the message names
	}{
		"AWS-020 nothing written": {text: ""},
		"AWS-020 any field":       {text: `{"maxPods":110,"topologyManagerPolicy":"best-effort","featureGates":{"A":true}}`},

		"AWS-021 unknown field":   {text: `{"maxPod":1}`, reason: kubeletconfig.ReasonInvalid, names: []string{"spec.kubelet.maxPod"}},
		"AWS-021 wrong type":      {text: `{"podsPerCore":"x"}`, reason: kubeletconfig.ReasonInvalid, names: []string{"spec.kubelet.podsPerCore"}},
		"AWS-021 taints are ours": {text: `{"registerWithTaints":[]}`, reason: kubeletconfig.ReasonInvalid, names: []string{"spec.kubelet.registerWithTaints"}},
		"AWS-021 all together": {
			text: `{"evictionHard":{"memory":"1Gi","nodefs.available":"101%"},"kubeReserved":{"gpu":"1","cpu":"-1"},
				"evictionSoft":{"memory.available":"1Gi"},"imageGCHighThresholdPercent":50,"imageGCLowThresholdPercent":60,"maxPods":-1}`,
			reason: kubeletconfig.ReasonInvalid,
			names: []string{
				"spec.kubelet.evictionHard[memory]", "spec.kubelet.evictionHard[nodefs.available]", "spec.kubelet.kubeReserved[gpu]",
				"spec.kubelet.kubeReserved[cpu]", "spec.kubelet.evictionSoftGracePeriod[memory.available]",
				"spec.kubelet.imageGCHighThresholdPercent", "spec.kubelet.maxPods",
			},
		},
		"AWS-021 no object":       {text: `[]`, reason: kubeletconfig.ReasonInvalid, names: []string{"spec.kubelet"}},
		"AWS-021 empty maxPods":   {text: `{"maxPods":""}`, reason: kubeletconfig.ReasonInvalid, names: []string{"spec.kubelet.maxPods"}},
		"AWS-021 before the gate": {text: `{"maxPods":"7","x":1}`, off: true, reason: kubeletconfig.ReasonInvalid, names: []string{"spec.kubelet.x"}},

		"AWS-022 AL2023 takes all": {text: `{"clusterDNS":["10.0.0.1","10.0.0.2"],"serializeImagePulls":false}`, family: v1.AMIFamilyAL2023},
		"AWS-022 Custom is exempt": {text: `{"serializeImagePulls":false}`, family: v1.AMIFamilyCustom},
		"AWS-022 AL2": {
			text: `{"clusterDNS":["10.0.0.1","10.0.0.2"],"serializeImagePulls":false,"podsPerCore":2}`, family: v1.AMIFamilyAL2,
			reason: kubeletconfig.ReasonUnsupported, names: []string{"spec.kubelet.clusterDNS", "spec.kubelet.serializeImagePulls"},
		},
		"AWS-022 Windows": {
			text: `{"reservedSystemCPUs":"0"}`, family: v1.AMIFamilyWindows2022,
			reason: kubeletconfig.ReasonUnsupported, names: []string{"spec.kubelet.reservedSystemCPUs"},
		},
		"AWS-022 Bottlerocket": {
			text: `{"podsPerCore":2}`, family: v1.AMIFamilyBottlerocket,
			reason: kubeletconfig.ReasonUnsupported, names: []string{"spec.kubelet.podsPerCore"},
		},
		"AWS-022 the mapped fields": {
			text: `{"clusterDNS":["10.0.0.1"],"maxPods":1,"podsPerCore":1,"systemReserved":{"cpu":"1"},"kubeReserved":{"cpu":"1"},
				"evictionHard":{"memory.available":"5%"},"evictionSoft":{"memory.available":"6%"},"evictionSoftGracePeriod":{"memory.available":"1m"},
				"evictionMaxPodGracePeriod":1,"imageGCHighThresholdPercent":80,"imageGCLowThresholdPercent":70,"cpuCFSQuota":true}`,
			family: v1.AMIFamilyAL2,
		},
		"AWS-022 null is not written": {text: `{"serializeImagePulls":null}`, family: v1.AMIFamilyAL2},

		"AWS-023 gate off": {
			text: `{"maxPods":"7","kubeReserved":{"cpu":"vcpus"}}`, off: true,
			reason: kubeletconfig.ReasonDisabled, names: []string{"spec.kubelet.maxPods", "spec.kubelet.kubeReserved[cpu]"},
		},
		"AWS-023 a gate that is off allows numbers": {text: `{"maxPods":7,"kubeReserved":{"cpu":"100m"}}`, off: true},

		"AWS-024 functions and variables": {text: `{"maxPods":"max(min(vcpus*8,110), int(1.5)) + default_enis + ips_per_eni + max_pods",
			"kubeReserved":{"memory":"instance_type.startsWith('m5') ? max(1.5, memory_mib) : min(2, 3.0)"}}`},
		"AWS-026 boolean result":  {text: `{"maxPods":"vcpus > 2"}`, reason: kubeletconfig.ReasonExpression, names: []string{"spec.kubelet.maxPods"}},
		"AWS-026 string result":   {text: `{"kubeReserved":{"cpu":"instance_type"}}`, reason: kubeletconfig.ReasonExpression, names: []string{"spec.kubelet.kubeReserved[cpu]"}},
		"AWS-026 unsigned result": {text: `{"maxPods":"7u"}`, reason: kubeletconfig.ReasonExpression, names: []string{"spec.kubelet.maxPods"}},
		"AWS-026 unknown name":    {text: `{"systemReserved":{"memory":"cores * 2"}}`, reason: kubeletconfig.ReasonExpression, names: []string{"spec.kubelet.systemReserved[memory]"}},
		"AWS-026 no expression":   {text: `{"maxPods":"((("}`, reason: kubeletconfig.ReasonExpression, names: []string{"spec.kubelet.maxPods"}},
		"AWS-026 too long":        {text: `{"maxPods":"1` + strings.Repeat("+1", 3000) + `"}`, reason: kubeletconfig.ReasonExpression, names: []string{"spec.kubelet.maxPods"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := newReader(t, !tc.off).Check(raw(tc.text), tc.family)
			if tc.family == "" {
				v = newReader(t, !tc.off).Check(raw(tc.text), v1.AMIFamilyAL2023)
			}
			if tc.reason == "" {
				if v != nil {
					t.Fatalf("%s: %v, want no violation", v.Reason, v)
				}
				return
			}
			if v == nil || v.Reason != tc.reason {
				t.Fatalf("violation %+v, want reason %s", v, tc.reason)
			}
			parts := strings.Split(v.Error(), "; ")
			if len(parts) != len(tc.names) {
				t.Errorf("%d messages, want %d: %s", len(parts), len(tc.names), v)
			}
			for _, name := range tc.names {
				if !strings.Contains(v.Error(), name+": ") {
					t.Errorf("message %q does not name %s", v, name)
				}
			}
		})
	}
}

// AWS-023: what breaks a rule is an error for those who list and launch, never the
// defaults.
func TestReadRefuses(t *testing.T) {
	for _, text := range []string{`{`, `[]`, `{"maxPods":true}`, `{"maxPod":1}`} {
		c, err := newReader(t, true).Read(raw(text))
		var v *kubeletconfig.Violation
		if c != nil || !errors.As(err, &v) || v.Reason != kubeletconfig.ReasonInvalid {
			t.Errorf("%s: %v, %v", text, c, err)
		}
	}
	if _, err := newReader(t, true).Read(nil); err != nil {
		t.Errorf("nothing written: %v", err)
	}
}

// AWS-026: what was read and compiled is kept.
func TestReadKeeps(t *testing.T) {
	r := newReader(t, true)
	first, err := r.Read(raw(`{"maxPods":"vcpus"}`))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.Read(raw(`{"maxPods":"vcpus"}`)); again != first {
		t.Error("the same text was read twice")
	}
	if other, _ := r.Read(raw(`{"maxPods":"vcpus + 1"}`)); other == first {
		t.Error("another text gave the same configuration")
	}
}
