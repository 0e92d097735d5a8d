// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// placement says on which node a pod has to land.
type placement struct {
	reason string
	pod    objects.Workload
	labels map[string]string
}

var _ = Describe("Node selectors and affinity", func() {
	const zone, arch = corev1.LabelTopologyZone, corev1.LabelArchStable
	expect := func(ctx SpecContext, rows []placement) {
		for i := range rows {
			rows[i].pod.Name = env.Name(string(rune('a' + i)))
			rows[i].pod.CPU = "500m"
			env.Create(ctx, rows[i].pod.Pod())
		}
		for _, row := range rows {
			By(row.reason)
			pods := env.EventuallyRunning(ctx, row.pod)
			node := env.NodeOf(ctx, &pods[0])
			for key, value := range row.labels {
				Expect(node.Labels).To(HaveKeyWithValue(key, value))
			}
		}
	}

	// SCH-280, SCH-222, SCH-183 (a later term is taken when an earlier one cannot
	// be met), API-059 (operators).
	It("decide which node a pod gets", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		in, gt, lt := corev1.NodeSelectorOpIn, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt
		expect(ctx, []placement{
			{"a node selector for a zone", objects.Workload{NodeSelector: map[string]string{zone: "test-zone-b"}},
				map[string]string{zone: "test-zone-b"}},
			{"a node selector for an architecture", objects.Workload{NodeSelector: map[string]string{arch: "arm64"}},
				map[string]string{arch: "arm64"}},
			{"a node selector for an instance type", objects.Workload{NodeSelector: map[string]string{corev1.LabelInstanceTypeStable: "m-8x-amd64-linux"}},
				map[string]string{corev1.LabelInstanceTypeStable: "m-8x-amd64-linux"}},
			{"the first term that can be met", objects.Workload{NodeTerms: []corev1.NodeSelectorTerm{
				objects.Term(objects.Expression(zone, in, "test-zone-nowhere")),
				objects.Term(objects.Expression(zone, in, "test-zone-c")),
			}}, map[string]string{zone: "test-zone-c"}},
			{"bounds from both sides", objects.Workload{NodeTerms: []corev1.NodeSelectorTerm{
				objects.Term(objects.Expression(objects.InstanceCPU, gt, "2"), objects.Expression(objects.InstanceCPU, lt, "8")),
			}}, map[string]string{objects.InstanceCPU: "4"}},
			{"exclusions", objects.Workload{NodeTerms: []corev1.NodeSelectorTerm{objects.Term(
				objects.Expression(zone, corev1.NodeSelectorOpNotIn, "test-zone-a", "test-zone-b", "test-zone-c"),
				objects.Expression("example.com/absent", corev1.NodeSelectorOpDoesNotExist),
			)}}, map[string]string{zone: "test-zone-d"}},
			{"a preference that nothing can meet is given up", objects.Workload{Change: prefer(zone, "test-zone-nowhere")}, nil},
		})
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
		of(pool).rests(ctx)
	})

	// SCH-233, API-122: template labels and open requirements on labels of one's
	// own, which keep workloads apart.
	It("match labels that a pool gives its nodes", func(ctx SpecContext) {
		env.NodePool(ctx, "labelled", require("example.com/team", corev1.NodeSelectorOpExists), func(p *v1.NodePool) {
			p.Spec.Template.ObjectMeta.Labels["example.com/tier"] = "front"
		})
		expect(ctx, []placement{
			{"a template label", objects.Workload{NodeSelector: map[string]string{"example.com/tier": "front"}},
				map[string]string{"example.com/tier": "front"}},
			{"one value of an open label", objects.Workload{NodeSelector: map[string]string{"example.com/team": "red"}},
				map[string]string{"example.com/team": "red"}},
			{"another value of it", objects.Workload{NodeSelector: map[string]string{"example.com/team": "blue"}},
				map[string]string{"example.com/team": "blue"}},
		})
	})
})

func prefer(key, value string) func(*corev1.PodSpec) {
	return func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
				Weight: 1, Preference: objects.Term(objects.Expression(key, corev1.NodeSelectorOpIn, value)),
			}},
		}}
	}
}
