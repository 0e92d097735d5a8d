// SPDX-License-Identifier: Apache-2.0

package kubelet_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

func reader() kubelet.Reader { return kubelet.Reader{Path: field.NewPath("spec", "kubelet")} }

// KIT-170, KIT-171, KIT-172, KIT-173: each row is what is wrong, and all that is said about it.
func TestViolations(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string // parts of the errors, by field
	}{
		"empty":                     {"", nil},
		"null":                      {"null", nil},
		"nothing":                   {"{}", nil},
		"a field of the library":    {`{"cpuManagerPolicy":"static","logging":{"verbosity":3,"flushFrequency":"5s"},"memorySwap":{"swapBehavior":"NoSwap"}}`, nil},
		"a null field":              {`{"maxPods":null,"evictionHard":null,"clusterDNS":null}`, nil},
		"not an object":             {`[]`, []string{"spec.kubelet: must be a JSON object"}},
		"not JSON":                  {`{"maxPods":`, []string{"spec.kubelet: must be a JSON object"}},
		"two objects":               {`{}{}`, []string{"spec.kubelet: must be one JSON object"}},
		"unknown field":             {`{"maxpods":7}`, []string{"spec.kubelet.maxpods: is not a field of KubeletConfiguration"}},
		"unknown field within":      {`{"memorySwap":{"swap":"x"}}`, []string{"spec.kubelet.memorySwap.swap: is not a field"}},
		"text for a number":         {`{"podsPerCore":"7"}`, []string{"spec.kubelet.podsPerCore: must be a whole number"}},
		"fraction":                  {`{"podsPerCore":1.5}`, []string{"spec.kubelet.podsPerCore: must be a whole number"}},
		"too large":                 {`{"maxPods":3000000000}`, []string{"spec.kubelet.maxPods: must be a whole number of 32 bits"}},
		"number for a text":         {`{"cpuManagerPolicy":1}`, []string{"spec.kubelet.cpuManagerPolicy: must be a string"}},
		"number for a flag":         {`{"cpuCFSQuota":1}`, []string{"spec.kubelet.cpuCFSQuota: must be true or false"}},
		"text for a list":           {`{"clusterDNS":"10.0.0.10"}`, []string{"spec.kubelet.clusterDNS: must be a list"}},
		"wrong element":             {`{"clusterDNS":["10.0.0.10",7]}`, []string{"spec.kubelet.clusterDNS[1]: must be a string"}},
		"list for an object":        {`{"evictionHard":[]}`, []string{"spec.kubelet.evictionHard: must be an object"}},
		"wrong value in a map":      {`{"kubeReserved":{"cpu":1}}`, []string{"spec.kubelet.kubeReserved[cpu]: must be a string"}},
		"wrong duration":            {`{"syncFrequency":"soon"}`, []string{"spec.kubelet.syncFrequency: must be a duration"}},
		"wrong quantity":            {`{"reservedMemory":[{"numaNode":0,"limits":{"memory":"much"}}]}`, []string{"spec.kubelet.reservedMemory[0].limits[memory]: must be a quantity"}},
		"taints":                    {`{"registerWithTaints":[]}`, []string{"spec.kubelet.registerWithTaints: is set from the NodePool's taints"}},
		"negative maxPods":          {`{"maxPods":-1}`, []string{"spec.kubelet.maxPods: must not be negative"}},
		"negative grace":            {`{"evictionMaxPodGracePeriod":-1}`, []string{"spec.kubelet.evictionMaxPodGracePeriod: must not be negative"}},
		"reserved: unknown key":     {`{"kubeReserved":{"gpu":"1"}}`, []string{"spec.kubelet.kubeReserved[gpu]: must be one of cpu, memory, ephemeral-storage, pid"}},
		"reserved: negative":        {`{"systemReserved":{"cpu":"-100m"}}`, []string{"spec.kubelet.systemReserved[cpu]: must not be negative"}},
		"reserved: no quantity":     {`{"systemReserved":{"cpu":"vcpus * 30"}}`, []string{"spec.kubelet.systemReserved[cpu]: must be a quantity"}},
		"maxPods is no expression":  {`{"maxPods":"7"}`, []string{"spec.kubelet.maxPods: must be a whole number"}},
		"threshold: unknown signal": {`{"evictionHard":{"cpu.available":"5%"}}`, []string{"spec.kubelet.evictionHard[cpu.available]: must be one of memory.available"}},
		"threshold: too large":      {`{"evictionMinimumReclaim":{"memory.available":"101%"}}`, []string{"spec.kubelet.evictionMinimumReclaim[memory.available]: must be a percentage"}},
		"soft without grace":        {`{"evictionSoft":{"memory.available":"5%"}}`, []string{"spec.kubelet.evictionSoftGracePeriod[memory.available]: there is one in evictionSoft"}},
		"grace without soft":        {`{"evictionSoftGracePeriod":{"memory.available":"1m"}}`, []string{"spec.kubelet.evictionSoft[memory.available]: there is one in evictionSoftGracePeriod"}},
		"negative grace period":     {`{"evictionSoft":{"memory.available":"5%"},"evictionSoftGracePeriod":{"memory.available":"-1m"}}`, []string{"spec.kubelet.evictionSoftGracePeriod[memory.available]: must be a duration that is not negative"}},
		"image GC out of range":     {`{"imageGCHighThresholdPercent":101}`, []string{"spec.kubelet.imageGCHighThresholdPercent: must be from 0 to 100"}},
		"image GC order":            {`{"imageGCHighThresholdPercent":80,"imageGCLowThresholdPercent":80}`, []string{"spec.kubelet.imageGCHighThresholdPercent: must be greater than imageGCLowThresholdPercent"}},
		"image GC, low only":        {`{"imageGCLowThresholdPercent":84}`, nil},
		"image GC, low too high":    {`{"imageGCLowThresholdPercent":85}`, []string{"spec.kubelet.imageGCLowThresholdPercent: must be less than imageGCHighThresholdPercent, which is 85 by default"}},
		"image GC, high only":       {`{"imageGCHighThresholdPercent":81}`, nil},
		"image GC, high too low":    {`{"imageGCHighThresholdPercent":80,"imageGCLowThresholdPercent":null}`, []string{"spec.kubelet.imageGCHighThresholdPercent: must be greater than imageGCLowThresholdPercent, which is 80 by default"}},
		"threshold: nothing":        {`{"evictionHard":{"memory.available":"0"}}`, []string{"spec.kubelet.evictionHard[memory.available]: must be positive"}},
		"threshold: none":           {`{"evictionHard":{"memory.available":"0%"}}`, nil},
		"threshold: all, otherwise": {`{"evictionHard":{"memory.available":"100.0%"}}`, []string{"spec.kubelet.evictionHard[memory.available]: must be written 100%"}},
		"reclaim: no share":         {`{"evictionMinimumReclaim":{"memory.available":"0%"}}`, []string{"spec.kubelet.evictionMinimumReclaim[memory.available]: must be more than 0%"}},
		"reclaim: no amount":        {`{"evictionMinimumReclaim":{"memory.available":"0","nodefs.available":"100.0%"}}`, nil},
		"CPUs: no list":             {`{"reservedSystemCPUs":"all"}`, []string{"spec.kubelet.reservedSystemCPUs: must be a list of CPUs"}},
		"CPUs: a huge range":        {`{"reservedSystemCPUs":"0-4000000000"}`, []string{"spec.kubelet.reservedSystemCPUs: names CPU 4000000000"}},
		"CPUs: backwards":           {`{"reservedSystemCPUs":"3-1"}`, []string{"spec.kubelet.reservedSystemCPUs: must be a list of CPUs"}},
		"everything at once": {
			`{"maxPods":-1,"podsPerCore":"x","zzz":1,"kubeReserved":{"gpu":"1","cpu":"-1"}}`,
			[]string{"spec.kubelet.podsPerCore", "spec.kubelet.zzz", "spec.kubelet.kubeReserved[cpu]", "spec.kubelet.kubeReserved[gpu]", "spec.kubelet.maxPods"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := reader().Read([]byte(tt.text))
			if len(errs) != len(tt.want) {
				t.Fatalf("got %v, want %q", errs, tt.want)
			}
			for i, err := range errs {
				message := err.Field + ": " + err.Detail
				if !strings.HasPrefix(message, tt.want[i]) {
					t.Errorf("got %q, want %q", message, tt.want[i])
				}
			}
		})
	}
}

// KIT-174: with expressions allowed, a text for maxPods is one even if it looks like
// a number, and a reserved value is one if it is no quantity.
func TestExpressions(t *testing.T) {
	r := reader()
	r.Expressions = true
	c, errs := r.Read([]byte(`{"maxPods":"7","kubeReserved":{"cpu":"vcpus * 30","memory":"1Gi"}}`))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if len(c.Expressions) != 2 || c.Expressions["maxPods"] != "7" || c.Expressions["kubeReserved.cpu"] != "vcpus * 30" || c.MaxPods != nil {
		t.Errorf("expressions %v, maxPods %v", c.Expressions, c.MaxPods)
	}
	if got := c.KubeReserved[corev1.ResourceMemory]; got.String() != "1Gi" || len(c.KubeReserved) != 1 {
		t.Errorf("kubeReserved %v", c.KubeReserved)
	}
	for _, text := range []string{`{"maxPods":""}`, `{"kubeReserved":{"cpu":""}}`, `{"kubeReserved":{"cpu":"-vcpus"}}`, `{"podsPerCore":"vcpus"}`} {
		if _, errs := r.Read([]byte(text)); len(errs) != 1 {
			t.Errorf("%s: %v", text, errs)
		}
	}
}

// KIT-170: the object is kept as it was written.
func TestObjectIsKept(t *testing.T) {
	const text = `{"clusterDNS":["10.0.0.10"],"maxPods":110,"nodeLeaseDurationSeconds":40,"podPidsLimit":9007199254740993}`
	c, errs := reader().Read([]byte(text))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if got, err := json.Marshal(c.Object); err != nil || string(got) != text {
		t.Errorf("got %s, %v", got, err)
	}
}

// KIT-170: whatever is written, Read answers, and what it accepts can be planned
// with.
func FuzzRead(f *testing.F) {
	for _, text := range []string{`{}`, `{"maxPods":"x","kubeReserved":{"cpu":"1e99"},"evictionHard":{"memory.available":"1e30%"},"reservedSystemCPUs":"0-9,3"}`, `{"logging":{"options":{"json":{}}}}`} {
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, expressions bool) {
		r := reader()
		r.Expressions = expressions
		c, errs := r.Read([]byte(text))
		for _, err := range errs {
			if !strings.HasPrefix(err.Field, "spec.kubelet") {
				t.Errorf("an error about %q", err.Field)
			}
		}
		if len(errs) == 0 {
			_, _ = kubelet.Plan(kubelet.Machine{MilliCPU: 4000, Memory: 16 * gi, EphemeralStorage: 20 * gi, Pods: 58}, kubelet.Rules{}, c)
		}
	})
}

// KIT-170: tables are there as they were written, and what was not written is an empty one.
func TestTexts(t *testing.T) {
	c, errs := reader().Read([]byte(`{"evictionSoft":{"memory.available":"5%"},"evictionSoftGracePeriod":{"memory.available":"1m"},"maxPods":7}`))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for name, want := range map[string]map[string]string{
		"evictionSoft": {"memory.available": "5%"}, "evictionSoftGracePeriod": {"memory.available": "1m"},
		"maxPods": {}, "kubeReserved": {},
	} {
		if got := c.Texts(name); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got := (kubelet.Configuration{}).Texts("evictionSoft"); len(got) > 0 {
		t.Errorf("of nothing: %v", got)
	}
}
