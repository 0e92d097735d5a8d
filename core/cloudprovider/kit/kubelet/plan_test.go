// SPDX-License-Identifier: Apache-2.0

package kubelet_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

func threshold(text string) kubelet.Threshold {
	out, err := kubelet.ParseThreshold(text)
	if err != nil {
		panic(err)
	}
	return out
}

// m5Large and eks are a machine and the rules of EKS.
func m5Large() kubelet.Machine {
	density := int64(29)
	return kubelet.Machine{MilliCPU: 2000, Memory: 8 * gi, EphemeralStorage: 20 * gi, Pods: 29, ReservePods: &density}
}

func eks() kubelet.Rules {
	return kubelet.Rules{
		CPU: eksCPU(), Memory: eksMemory(), EphemeralStorage: kubelet.Formula{Unit: gi, Fixed: 1},
		EvictionHard: map[string]kubelet.Threshold{kubelet.MemoryAvailable: threshold("100Mi"), kubelet.NodeFSAvailable: threshold("10%")},
	}
}

func TestPlan(t *testing.T) {
	for name, tt := range map[string]struct {
		machine func(*kubelet.Machine)
		rules   func(*kubelet.Rules)
		user    string
		// What differs from a machine without a configuration.
		overhead, boot string
	}{
		"KIT-162 no configuration": {},
		"KIT-162 kube reserved, key by key": {
			user:     `{"kubeReserved":{"cpu":"200m"}}`,
			overhead: "kube cpu=200m", boot: "kube cpu=200m",
		},
		"KIT-162 system reserved": {
			user:     `{"systemReserved":{"memory":"300Mi","pid":"100"}}`,
			overhead: "system memory=300Mi system pid=100", boot: "system memory=300Mi system pid=100",
		},
		"KIT-163 what the kubelet is not told": {
			rules:    func(r *kubelet.Rules) { r.Unlisted = corev1.ResourceList{"cpu": resource.MustParse("100m")} },
			user:     `{"systemReserved":{"cpu":"50m"}}`,
			overhead: "system cpu=150m", boot: "system cpu=50m",
		},
		"KIT-164 maxPods": {user: `{"maxPods":110}`, boot: "maxPods=110 pods=110"},
		"KIT-164 formulas go by the pods that result, where nothing else is said": {
			machine:  func(m *kubelet.Machine) { m.ReservePods = nil },
			user:     `{"maxPods":10}`,
			overhead: "kube memory=365Mi", boot: "kube memory=365Mi maxPods=10 pods=10",
		},
		"KIT-164 podsPerCore bounds":         {user: `{"podsPerCore":10}`, boot: "podsPerCore=10 pods=20"},
		"KIT-164 podsPerCore does not raise": {user: `{"podsPerCore":100}`, boot: "podsPerCore=100"},
		"KIT-164 zero pods":                  {user: `{"maxPods":0}`, boot: "maxPods=0 pods=0"},
		"KIT-161 formulas go by what is sold": {
			machine:  func(m *kubelet.Machine) { m.NominalMemory = 4 * gi },
			rules:    func(r *kubelet.Rules) { r.Memory = gkeMemory() },
			overhead: "kube memory=1Gi", boot: "kube memory=1Gi",
		},
		"KIT-168 thresholds, signal by signal": {
			user:     `{"evictionHard":{"memory.available":"5%"}}`,
			overhead: "evict memory=429496730", boot: "evict memory.available=5%",
		},
		"KIT-168 100% is none": {
			user:     `{"evictionHard":{"memory.available":"100%","nodefs.available":"0%"}}`,
			overhead: "evict memory=0 evict ephemeral-storage=0", boot: "evict memory.available=100% evict nodefs.available=0%",
		},
		"KIT-168 other signals are passed on and do not count": {
			user: `{"evictionHard":{"imagefs.available":"15%","pid.available":"10%","nodefs.inodesFree":"5%"}}`,
			boot: "evict imagefs.available=15% evict pid.available=10% evict nodefs.inodesFree=5%",
		},
		"KIT-168 soft thresholds do not count": {
			user: `{"evictionSoft":{"memory.available":"50%"},"evictionSoftGracePeriod":{"memory.available":"1m"}}`,
		},
		"KIT-169 AWS-435 reserved CPUs take the place of amounts": {
			user:     `{"reservedSystemCPUs":"0-1","kubeReserved":{"cpu":"70m"},"systemReserved":{"cpu":"1","memory":"1Mi"}}`,
			overhead: "kube cpu=- system cpu=2 system memory=1Mi", boot: "kube cpu=- system memory=1Mi cpus=0-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, rules := m5Large(), eks()
			if tt.machine != nil {
				tt.machine(&m)
			}
			if tt.rules != nil {
				tt.rules(&rules)
			}
			user, errs := reader().Read([]byte(tt.user))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			s, err := kubelet.Plan(m, rules, user)
			if err != nil {
				t.Fatal(err)
			}
			overhead := map[string]string{}
			list(overhead, "kube ", s.Overhead.KubeReserved)
			list(overhead, "system ", s.Overhead.SystemReserved)
			list(overhead, "evict ", s.Overhead.EvictionThreshold)
			const reserved = "kube cpu=70m kube memory=574Mi kube ephemeral-storage=1Gi"
			compare(t, "overhead", overhead, reserved+" evict memory=100Mi evict ephemeral-storage=2Gi", tt.overhead)

			boot := map[string]string{"maxPods": fmt.Sprint(s.MaxPods), "pods": fmt.Sprint(s.Pods)}
			if s.PodsPerCore > 0 {
				boot["podsPerCore"] = fmt.Sprint(s.PodsPerCore)
			}
			if s.ReservedSystemCPUs != "" {
				boot["cpus"] = s.ReservedSystemCPUs
			}
			list(boot, "kube ", s.KubeReserved)
			list(boot, "system ", s.SystemReserved)
			for signal, text := range s.EvictionHard {
				boot["evict "+signal] = text
			}
			compare(t, "boot", boot, reserved+" evict memory.available=100Mi evict nodefs.available=10% maxPods=29 pods=29", tt.boot)
		})
	}
}

func list(into map[string]string, prefix string, resources corev1.ResourceList) {
	for name, quantity := range resources {
		into[prefix+string(name)] = quantity.String()
	}
}

// compare checks that got is base with the changes; "-" is none.
func compare(t *testing.T, what string, got map[string]string, base, changes string) {
	t.Helper()
	want := map[string]string{}
	prefix := ""
	for _, word := range strings.Fields(base + " " + changes) {
		key, value, isPair := strings.Cut(word, "=")
		switch {
		case !isPair:
			prefix = word + " "
			continue
		case value == "-":
			delete(want, prefix+key)
		default:
			want[prefix+key] = value
		}
		prefix = ""
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			t.Errorf("%s: %s is %q, want %q", what, key, got[key], want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, expected := want[key]; !expected {
			t.Errorf("%s: %s is %q, want none", what, key, got[key])
		}
	}
}

// KIT-169: a machine without the CPUs that are named would not boot.
func TestCPUsThatAreNotThere(t *testing.T) {
	user, errs := reader().Read([]byte(`{"reservedSystemCPUs":"0,2"}`))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if _, err := kubelet.Plan(m5Large(), eks(), user); err == nil || !strings.Contains(err.Error(), "CPU 2 of a machine with 2") {
		t.Error(err)
	}
}

// KIT-162: neither rules nor configuration are changed by planning with them.
func TestPlanLeavesItsArguments(t *testing.T) {
	rules := eks()
	rules.SystemReserved = corev1.ResourceList{"cpu": resource.MustParse("10m")}
	user, _ := reader().Read([]byte(`{"reservedSystemCPUs":"0","kubeReserved":{"cpu":"1"},"evictionHard":{"pid.available":"1%"}}`))
	for range 2 {
		if _, err := kubelet.Plan(m5Large(), rules, user); err != nil {
			t.Fatal(err)
		}
	}
	if len(rules.SystemReserved) != 1 || len(rules.EvictionHard) != 2 || len(user.KubeReserved) != 1 || len(user.EvictionHard) != 1 {
		t.Errorf("rules %v, configuration %v", rules, user)
	}
}
