// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Scale-out", func() {
	// SCH-001, SCH-014, SCH-231, LIF-087, LIF-088, LIF-103, KWOK-021: from pods that
	// fit nowhere to registered nodes that run them. OPS-280: how full those are.
	It("brings the nodes that several hundred pods need, well filled", Serial, func(ctx SpecContext) {
		small := objects.Workload{Name: env.Name("small"), Replicas: 300, CPU: "900m", Memory: "3100Mi"}
		large := objects.Workload{Name: env.Name("large"), Replicas: 100, CPU: "3500m", Memory: "28Gi"}
		pool := env.NodePool(ctx, "default")
		env.Create(ctx, small.Deployment(), large.Deployment())

		pods := append(env.EventuallyRunning(ctx, small), env.EventuallyRunning(ctx, large)...)
		nodes := env.EventuallySettled(ctx, pool)

		env.ExpectPaired(ctx, pool)
		// The scheduler binds while nodes still join, so pods of a later round
		// may end up on nodes of an earlier one.
		Expect(len(idle(nodes, pods))).To(BeNumerically("<=", len(nodes)/10), "nodes without pods")
		cpu, memory := utilization(nodes, pods)
		Expect(cpu).To(BeNumerically(">", 0.53), "reserved share of CPU")
		Expect(memory).To(BeNumerically(">", 0.65), "reserved share of memory")

		of(pool, small, large).goesOn(ctx, podsDeleted(), controllerRestarts(), morePods(20), fewerPods(60))
	})

	// SCH-200, SCH-236, DESIGN 4: NodeClaims on their way are capacity.
	It("launches no second node for pods whose node is still on its way", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.Update(ctx, class, func() { setDelay(class, "6s") })
		pool := env.NodePool(ctx, "default", onePodPerNode)
		usage := env.Watch(ctx, pool)
		first := objects.Workload{Name: env.Name("first"), Replicas: 5, CPU: "3"}
		env.Create(ctx, first.Deployment())
		env.Eventually(ctx, func(g Gomega) { g.Expect(env.Claims(ctx, pool)).To(HaveLen(5)) })

		// More pods make for another round while the first nodes are not there.
		second := objects.Workload{Name: env.Name("second"), Replicas: 2, CPU: "3"}
		env.Create(ctx, second.Deployment())

		env.EventuallyRunning(ctx, first)
		env.EventuallyRunning(ctx, second)
		env.EventuallySettled(ctx, pool)
		expectPeak(usage, v1.ResourceNodes, "==", "7")

		env.Update(ctx, class, func() { setDelay(class, "1s") })
		of(pool, first, second).goesOn(ctx, ordinary()...)
	})

	// SCH-003: pods held back by a scheduling gate, and pods that have a node
	// already, ask for nothing.
	It("leaves gated pods alone until their gate is lifted", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		pod := objects.Workload{Name: env.Name("gated"), CPU: "1", Change: func(spec *corev1.PodSpec) {
			spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "testing/gate"}}
		}}.Pod()
		free := objects.Workload{Name: env.Name("free"), CPU: "15"}
		env.Create(ctx, pod, free.Pod())
		env.EventuallyRunning(ctx, free)
		Expect(env.Claims(ctx, pool)).To(HaveLen(1), "only the free pod has a node")

		env.Update(ctx, pod, func() { pod.Spec.SchedulingGates = nil })
		env.EventuallyRunning(ctx, objects.Workload{Name: pod.Name})
		env.EventuallyNodes(ctx, pool, 2)
		of(pool).rests(ctx)
	})
})
