// SPDX-License-Identifier: Apache-2.0

package kubeletconfig_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/providers/aws/kubeletconfig"
)

func large() kubeletconfig.Variables {
	return kubeletconfig.Variables{InstanceType: "m5.large", VCPUs: 2, MemoryMiB: 8192, DefaultENIs: 3, IPsPerENI: 10, MaxPods: 29}
}

// AWS-024, AWS-025: units and rounding of reserved amounts.
func TestResolveReserved(t *testing.T) {
	for name, tc := range map[string]struct{ resource, expression, want string }{
		"AWS-025 cpu in millicores up to 10":     {"cpu", "vcpus * 30", "60m"},
		"AWS-025 cpu rounds up":                  {"cpu", "vcpus * 31", "70m"},
		"AWS-025 memory in Mi up to 16":          {"memory", "memory_mib / 100", "96Mi"},
		"AWS-025 memory stays":                   {"memory", "90 + 6", "96Mi"},
		"AWS-025 storage in Gi":                  {"ephemeral-storage", "vcpus + 1", "3Gi"},
		"AWS-025 pid is plain":                   {"pid", "1001", "1001"},
		"AWS-025 zero stays zero":                {"cpu", "vcpus - 2", "0"},
		"AWS-025 a quantity is no expression":    {"cpu", "45m", "45m"},
		"AWS-023 a number is a quantity":         {"memory", "96", "96"},
		"AWS-025 no overflow":                    {"memory", "9223372036854775806 + 1", "8796093022192Mi"},
		"AWS-025 no overflow of millicores":      {"cpu", "9223372036854775805 + 1", "9223372036854775800m"},
		"AWS-024 doubles are cut off":            {"pid", "2.9 * 1.0", "2"},
		"AWS-024 toward zero":                    {"pid", "0.1 - 1.0", "0"},
		"AWS-024 max of int and double":          {"pid", "max(vcpus, 2.5)", "2"},
		"AWS-024 min of ints":                    {"pid", "min(vcpus, 1)", "1"},
		"AWS-024 the type's name":                {"pid", "instance_type == 'm5.large' ? 5 : 6", "5"},
		"AWS-024 interfaces and their addresses": {"pid", "default_enis * ips_per_eni", "30"},
		"AWS-025 max_pods is the default":        {"pid", "max_pods", "29"},
		"AWS-024 a number found at evaluation":   {"pid", "[7, 'x'][0]", "7"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := newReader(t, true).Read(raw(fmt.Sprintf(`{"kubeReserved":{%q:%q}}`, tc.resource, tc.expression)))
			if err != nil {
				t.Fatal(err)
			}
			resolved, dropped, err := c.Resolve(large())
			if err != nil || len(dropped) != 0 {
				t.Fatalf("%v, dropped %v", err, dropped)
			}
			got := resolved.KubeReserved[corev1.ResourceName(tc.resource)]
			if got.String() != tc.want {
				t.Errorf("%s is %s, want %s", tc.expression, got.String(), tc.want)
			}
		})
	}
}

// AWS-025: maxPods is resolved first, and reserved amounts see it.
func TestResolveMaxPods(t *testing.T) {
	for text, want := range map[string]int64{
		`{"maxPods":"max_pods * 2","kubeReserved":{"pid":"max_pods"}}`: 58,
		`{"maxPods":"7","kubeReserved":{"pid":"max_pods"}}`:            7,
		`{"maxPods":5,"kubeReserved":{"pid":"max_pods"}}`:              5,
		`{"maxPods":"0","kubeReserved":{"pid":"max_pods"}}`:            0,
	} {
		c, err := newReader(t, true).Read(raw(text))
		if err != nil {
			t.Fatal(err)
		}
		resolved, _, err := c.Resolve(large())
		if err != nil || *resolved.MaxPods != want {
			t.Errorf("%s: maxPods %v, %v", text, resolved.MaxPods, err)
		}
		if pid := resolved.KubeReserved["pid"]; pid.Value() != want {
			t.Errorf("%s: max_pods was %d", text, pid.Value())
		}
	}
}

// AWS-025: a bad maxPods fails the type, a bad reserved amount is dropped.
func TestResolveFailures(t *testing.T) {
	for _, expression := range []string{"0 - 1", "2147483648", "1 / (vcpus - 2)", "1.0 / 0.0", "0.0 / 0.0", "1e300 * 1.0", "[true, 1][0]", "{'a': 1}['b']"} {
		text, _ := json.Marshal(expression)
		c, err := newReader(t, true).Read(raw(`{"maxPods":` + string(text) + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Resolve(large()); err == nil || !strings.Contains(err.Error(), "m5.large") {
			t.Errorf("maxPods %s: error %v", expression, err)
		}
		if v := c.Evaluate(slices.Values([]kubeletconfig.Variables{large()})); v == nil || v.Reason != kubeletconfig.ReasonEvaluationFailed {
			t.Errorf("maxPods %s: violation %v", expression, v)
		}
	}
	c, err := newReader(t, true).Read(raw(`{"kubeReserved":{"cpu":"0 - vcpus","memory":"1024"},"systemReserved":{"cpu":"1/0"}}`))
	if err != nil {
		t.Fatal(err)
	}
	resolved, dropped, err := c.Resolve(large())
	if err != nil || len(dropped) != 2 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	if len(resolved.KubeReserved) != 1 || len(resolved.SystemReserved) != 0 {
		t.Errorf("kept %v and %v", resolved.KubeReserved, resolved.SystemReserved)
	}
}

// An expression that would compute for long is stopped, and fails.
func TestCostIsBounded(t *testing.T) {
	ten := "[0,1,2,3,4,5,6,7,8,9]"
	bomb := ten
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
		bomb = ten + ".map(" + name + "," + bomb + ")"
	}
	c, err := newReader(t, true).Read(raw(`{"maxPods":"` + bomb + `.size()"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Resolve(large()); err == nil || !strings.Contains(err.Error(), "cost") {
		t.Errorf("error %v", err)
	}
}

// AWS-026: the first failure on any known type counts; without types nothing is
// judged.
func TestEvaluate(t *testing.T) {
	c, err := newReader(t, true).Read(raw(`{"kubeReserved":{"cpu":"100 / (vcpus - 4)","memory":"0 - 1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Evaluate(slices.Values([]kubeletconfig.Variables(nil))); v != nil {
		t.Errorf("without types: %v", v)
	}
	huge := large()
	huge.InstanceType, huge.VCPUs = "m5.xlarge", 4
	v := c.Evaluate(slices.Values([]kubeletconfig.Variables{huge, large()}))
	if v == nil || !strings.Contains(v.Error(), "spec.kubelet.kubeReserved[cpu]") || !strings.Contains(v.Error(), "m5.xlarge") {
		t.Errorf("violation %v", v)
	}
}

// AWS-023: with the gate off expressions are as if they were not written.
func TestResolveGateOff(t *testing.T) {
	c, err := newReader(t, false).Read(raw(`{"maxPods":"7","podsPerCore":3,"kubeReserved":{"cpu":"vcpus","memory":"1Gi"}}`))
	if err != nil {
		t.Fatal(err)
	}
	resolved, dropped, err := c.Resolve(large())
	if err != nil || len(dropped) != 0 || resolved.MaxPods != nil || resolved.PodsPerCore != 3 || len(resolved.KubeReserved) != 1 {
		t.Errorf("%+v, dropped %v, %v", resolved, dropped, err)
	}
}

// A resolved configuration is the caller's: the next one is not changed by it.
func TestResolveShares(t *testing.T) {
	c, err := newReader(t, true).Read(raw(`{"kubeReserved":{"memory":"1Gi","cpu":"vcpus"}}`))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := c.Resolve(large())
	clear(first.KubeReserved)
	second, _, _ := c.Resolve(large())
	if len(second.KubeReserved) != 2 {
		t.Errorf("after the first was cleared: %v", second.KubeReserved)
	}
}

// Nothing that is written makes it panic or run on, and what a check lets pass can be
// resolved to amounts that are not negative, unless evaluation says why.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{
		``, `{}`, `null`, `{"maxPods":"7"}`, `{"maxPods":"vcpus*max_pods"}`, `{"kubeReserved":{"cpu":"[1,2].map(x,x*x)[0]"}}`,
		`{"maxPods":"[0,1,2,3,4,5,6,7,8,9].map(a,[0,1,2,3,4,5,6,7,8,9].map(b,a*b)).size()"}`, `{"systemReserved":{"pid":"max(1,2.5)"}}`,
		`{"maxPods":"instance_type.matches('^(a+)+$') ? 1 : 2"}`, `{"clusterDNS":["a","b"]}`,
	} {
		f.Add(text, "AL2023", true)
	}
	f.Fuzz(func(t *testing.T, text, family string, gate bool) {
		r := newReader(t, gate)
		if r.Check(raw(text), family) != nil {
			return
		}
		c, err := r.Read(raw(text))
		if err != nil {
			t.Fatalf("checked, but %v", err)
		}
		violation := c.Evaluate(slices.Values([]kubeletconfig.Variables{large()}))
		resolved, dropped, err := c.Resolve(large())
		if violation == nil && (err != nil || len(dropped) > 0) {
			t.Fatalf("evaluated, but %v, dropped %v", err, dropped)
		}
		if resolved.MaxPods != nil && *resolved.MaxPods < 0 {
			t.Errorf("maxPods %d", *resolved.MaxPods)
		}
		for name, q := range resolved.KubeReserved {
			if q.Sign() < 0 {
				t.Errorf("%s %s", name, q.String())
			}
		}
	})
}
