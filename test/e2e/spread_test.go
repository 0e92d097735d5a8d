// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Zone spread", func() {
	in := corev1.NodeSelectorOpIn
	usable := []string{"test-zone-a", "test-zone-b", "test-zone-c"}

	// SCH-142, SCH-152: a zone counts for a pod where it can go, not where other
	// pools have nodes.
	DescribeTable("counts only zones that the pod can reach, beside a pool", Label("long"),
		func(ctx SpecContext, when corev1.UnsatisfiableConstraintAction, other func(*v1.NodePool)) {
			zones := func(names ...string) func(*v1.NodePool) { return require(corev1.LabelTopologyZone, in, names...) }
			pool := env.NodePool(ctx, "default", zones(usable...), weight(10))
			unusable := env.NodePool(ctx, "other", other)
			env.EventuallyUsable(ctx, pool)
			w := objects.Workload{Name: env.Name("spread"), Replicas: 9, CPU: "1", NodeSelector: map[string]string{}}
			if unusable.Spec.Template.ObjectMeta.Labels["testing/team"] != "" {
				w.NodeSelector[v1.NodePoolLabelKey] = pool.Name
			}
			w.Change = func(spec *corev1.PodSpec) {
				spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
					MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: when, LabelSelector: w.Selector(),
				}}
			}
			env.Create(ctx, w.Deployment())

			even := func() {
				GinkgoHelper()
				pods, byZone := env.EventuallyRunning(ctx, w), map[string]int{}
				for _, node := range env.EventuallySettled(ctx, pool) {
					byZone[node.Labels[corev1.LabelTopologyZone]] += len(on(node, pods))
				}
				if when == corev1.DoNotSchedule {
					Expect(byZone).To(Equal(map[string]int{usable[0]: 3, usable[1]: 3, usable[2]: 3}))
				}
			}
			even()
			of(pool, w).goesOn(ctx, morePods(3), podsDeleted(), nodeDeleted(), fewerPods(3))
			Expect(env.Nodes(ctx, unusable)).To(BeEmpty())
		},
		Entry("whose zone does not exist", corev1.DoNotSchedule, require(corev1.LabelTopologyZone, in, "test-zone-x")),
		Entry("that is paused by its limits", corev1.DoNotSchedule, func(p *v1.NodePool) {
			require(corev1.LabelTopologyZone, in, "test-zone-d")(p)
			limit(corev1.ResourceCPU, "0")(p)
		}),
		Entry("whose taint it does not tolerate", corev1.DoNotSchedule, func(p *v1.NodePool) {
			require(corev1.LabelTopologyZone, in, "test-zone-d")(p)
			p.Spec.Template.Spec.Taints = []corev1.Taint{{Key: "testing/team", Value: "other", Effect: corev1.TaintEffectNoSchedule}}
		}),
		Entry("that its selector excludes", corev1.DoNotSchedule, func(p *v1.NodePool) {
			p.Spec.Template.ObjectMeta.Labels["testing/team"] = "other"
		}),
		Entry("that is paused by its limits, where spread is only wished for", corev1.ScheduleAnyway, func(p *v1.NodePool) {
			require(corev1.LabelTopologyZone, in, "test-zone-d")(p)
			limit(corev1.ResourceCPU, "0")(p)
		}),
	)
})
