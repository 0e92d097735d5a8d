// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/intake"
)

// SCH-264: every pod of the standard workloads gets a place. SCH-260: and every
// one was looked at, however many there are.
func TestStandardWorkloadsArePlaced(t *testing.T) {
	types := benchmark.InstanceTypes(400)
	for _, n := range []int{1, 100, 1_000, 20_000} {
		t.Run(fmt.Sprintf("mix of %d", n), func(t *testing.T) {
			places(t, types, intake.RespectPreferences, benchmark.Mix(n))
		})
	}
	for _, policy := range []intake.PreferencePolicy{intake.RespectPreferences, intake.IgnorePreferences} {
		t.Run(string(policy), func(t *testing.T) {
			places(t, types, policy, benchmark.Preferring(4_000))
		})
	}
}

func places(t *testing.T, types []*cloudprovider.InstanceType, policy intake.PreferencePolicy, pods []*corev1.Pod) {
	t.Helper()
	plan := newRound(t, types, policy).plan(t, pods)
	if len(plan.Unplaced) > 0 {
		t.Fatalf("%d pods left: %s", len(plan.Unplaced), plan.Unplaced[0].Why)
	}
	placed := map[int]bool{}
	for _, b := range plan.Bins {
		for _, p := range b.Pods {
			if placed[p] {
				t.Fatalf("pod %d was placed twice", p)
			}
			placed[p] = true
		}
	}
	if len(placed) != len(pods) {
		t.Errorf("%d of %d pods were placed", len(placed), len(pods))
	}
}

// SCH-260: pods beyond any number are told why they got nothing.
func TestNobodyIsForgotten(t *testing.T) {
	pods := benchmark.Mix(20_000)
	for _, p := range pods {
		p.Spec.NodeSelector = map[string]string{"nobody.example.com/has": "this"}
	}
	plan := newRound(t, benchmark.InstanceTypes(10), intake.RespectPreferences).plan(t, pods)
	if len(plan.Unplaced) != len(pods) {
		t.Fatalf("%d of %d pods were told", len(plan.Unplaced), len(pods))
	}
	for _, u := range plan.Unplaced {
		if len(u.Why) == 0 {
			t.Fatalf("pod %d was told nothing", u.Pod)
		}
	}
}
