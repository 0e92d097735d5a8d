// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Taints", func() {
	dedicated := corev1.Taint{Key: "example.com/dedicated", Value: "db", Effect: corev1.TaintEffectNoSchedule}
	hasKey := func(key string) func(corev1.Taint) bool {
		return func(t corev1.Taint) bool { return t.Key == key }
	}

	// API-015, LIF-087, SCH-223: tainted nodes for those who tolerate them.
	It("keep pods off a pool unless they tolerate them", func(ctx SpecContext) {
		tainted := env.NodePool(ctx, "tainted", weight(100), func(p *v1.NodePool) {
			p.Spec.Template.Spec.Taints = []corev1.Taint{dedicated}
		})
		env.EventuallyUsable(ctx, tainted)
		tolerant := objects.Workload{Name: env.Name("tolerant"), Replicas: 3, CPU: "2",
			Tolerations: []corev1.Toleration{objects.Tolerate(dedicated.Key)}}
		other := objects.Workload{Name: env.Name("other"), Replicas: 3, CPU: "2"}
		env.Create(ctx, tolerant.Deployment(), other.Deployment())

		for _, p := range env.EventuallyRunning(ctx, tolerant) {
			Expect(env.NodeOf(ctx, &p).Spec.Taints).To(ContainElement(dedicated))
		}
		waiting := env.Pods(ctx, other)
		Expect(waiting).To(HaveLen(3))
		Expect(env.EventuallyEvent(ctx, &waiting[0], "FailedScheduling")).
			To(ContainSubstring("example.com/dedicated=db:NoSchedule"))

		plain := env.NodePool(ctx, "plain")
		for _, p := range env.EventuallyRunning(ctx, other) {
			Expect(env.NodeOf(ctx, &p).Labels).To(HaveKeyWithValue(v1.NodePoolLabelKey, plain.Name))
		}
		env.ExpectPaired(ctx, tainted)

		onStage([]*v1.NodePool{tainted, plain}, tolerant, other).goesOn(ctx, morePods(2), podsDeleted(), nodeDrained(), nodeDeleted())
		for _, p := range env.Pods(ctx, other) {
			Expect(env.NodeOf(ctx, &p).Labels).To(HaveKeyWithValue(v1.NodePoolLabelKey, plain.Name))
		}
	})

	// API-016, LIF-090, LIF-101 (2): startup taints do not keep Karpenter from
	// launching for a pod, do keep its node from being initialized, and stay away
	// once somebody has removed them.
	It("of startup hold a node back until somebody removes them", func(ctx SpecContext) {
		agent := corev1.Taint{Key: "example.com/agent", Value: "starting", Effect: corev1.TaintEffectNoSchedule}
		pool := env.NodePool(ctx, "default", onePodPerNode, func(p *v1.NodePool) {
			p.Spec.Template.Spec.StartupTaints = []corev1.Taint{agent}
		})
		usage := env.Watch(ctx, pool)
		w := objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyNodes(ctx, pool, 2)
		for _, claim := range env.Claims(ctx, pool) {
			env.EventuallyCondition(ctx, &claim, v1.ConditionTypeRegistered, metav1.ConditionTrue)
			env.Eventually(ctx, func(g Gomega) {
				held := env.EventuallyCondition(ctx, &claim, v1.ConditionTypeInitialized, metav1.ConditionUnknown)
				g.Expect(held.Reason).To(Equal("StartupTaintsExist"))
				g.Expect(held.Message).To(ContainSubstring("example.com/agent=starting:NoSchedule"))
			})
		}
		for _, p := range env.Pods(ctx, w) {
			Expect(p.Spec.NodeName).To(BeEmpty(), "pod %s waits", p.Name)
		}

		for _, node := range env.Nodes(ctx, pool) {
			env.Update(ctx, &node, func() {
				node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, hasKey(agent.Key))
			})
		}
		env.EventuallyRunning(ctx, w)
		for _, node := range env.EventuallySettled(ctx, pool) {
			Expect(slices.ContainsFunc(node.Spec.Taints, hasKey(agent.Key))).To(BeFalse(), "the taint is back on %s", node.Name)
		}
		expectPeak(usage, v1.ResourceNodes, "==", "2")
		of(pool, w).goesOn(ctx, podsDeleted())
	})
})
