// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// refusal is a pod that fits nowhere, and what its event has to say about it.
type refusal struct {
	reason string
	pod    objects.Workload
	says   []string
}

// Alone, because an event names every pool there is.
var _ = Describe("Pods that fit nowhere", Serial, func() {
	expect := func(ctx SpecContext, rows []refusal) {
		pods := make([]*corev1.Pod, len(rows))
		for i := range rows {
			rows[i].pod.Name = env.Name(string(rune('a' + i)))
			if rows[i].pod.CPU == "" {
				rows[i].pod.CPU = "500m"
			}
			pods[i] = rows[i].pod.Pod()
			env.Create(ctx, pods[i])
		}
		for i, row := range rows {
			By(row.reason)
			message := env.EventuallyEvent(ctx, pods[i], "FailedScheduling")
			Expect(message).To(HavePrefix("Failed to schedule pod, "))
			for _, part := range row.says {
				Expect(message).To(ContainSubstring(part))
			}
		}
	}

	// OPS-173, SCH-220..223, SCH-228.
	It("are told why, pool by pool", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		tainted := env.NodePool(ctx, "tainted", func(p *v1.NodePool) {
			p.Spec.Template.Spec.Taints = []corev1.Taint{{Key: "example.com/dedicated", Value: "db", Effect: corev1.TaintEffectNoSchedule}}
		})
		env.EventuallyUsable(ctx, pool, tainted)
		selecting := func(key, value string) objects.Workload {
			return objects.Workload{NodeSelector: map[string]string{key: value}}
		}
		expect(ctx, []refusal{
			{"larger than any instance type", objects.Workload{CPU: "500"},
				[]string{pool.Name, "no instance type is large enough", "the pod needs cpu 500"}},
			{"the m of milli forgotten", objects.Workload{CPU: "1000000"}, []string{pool.Name, "missing its m"}},
			{"every pool is named", objects.Workload{CPU: "600"},
				[]string{pool.Name, tainted.Name, "example.com/dedicated=db:NoSchedule"}},
			{"an unknown label close to a known one", selecting("zone", "test-zone-a"),
				[]string{`label "zone" does not have known values`, `typo of "topology.kubernetes.io/zone"`}},
			{"an unknown label", selecting("example.com/unheard-of", "x"),
				[]string{`label "example.com/unheard-of" does not have known values`}},
			{"a value that the pool does not offer", selecting(v1.CapacityTypeLabelKey, v1.CapacityTypeSpot),
				[]string{"key " + v1.CapacityTypeLabelKey, "spot", "not in", "on-demand"}},
			{"a zone that no instance type is in", selecting(corev1.LabelTopologyZone, "test-zone-nowhere"),
				[]string{pool.Name, "test-zone-nowhere"}},
		})
		Expect(env.Claims(ctx, pool)).To(BeEmpty())
	})

	// SCH-200, SCH-201.
	It("because of limits are told of the limit", func(ctx SpecContext) {
		env.EventuallyUsable(ctx, env.NodePool(ctx, "cpu", limit(corev1.ResourceCPU, "0")), env.NodePool(ctx, "nodes", limit(v1.ResourceNodes, "0")))
		expect(ctx, []refusal{{"both pools are used up", objects.Workload{},
			[]string{"limits leave cpu 0; the pod needs 500m", "limit on nodes is reached"}}})
	})

	// SCH-024: without a pool there is still an answer.
	It("because there is no pool are told so", func(ctx SpecContext) {
		expect(ctx, []refusal{{"no pool at all", objects.Workload{}, []string{"no dynamic nodepools found"}}})
	})
})
