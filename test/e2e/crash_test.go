// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// The pods of these tests fill a node each, so that the number of nodes needed
// is known: one more is a leak or a double launch.
var _ = Describe("A controller that is killed", Serial, Label("long"), func() {
	const pods = 60

	BeforeEach(func() {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
	})

	crash := func(ctx SpecContext) {
		GinkgoHelper()
		Expect(env.Karpenter.Kill(ctx)).To(Succeed())
		Expect(env.Karpenter.Start(ctx, settings...)).To(Succeed())
		env.Restarted(ctx)
	}

	DescribeTable("in the middle of a scale-out neither leaks nor doubles a node once it is back",
		// LIF-271, LIF-080..082, LIF-090, LIF-124, KWOK-031.
		func(ctx SpecContext, delay string, reached func(claims []v1.NodeClaim, nodes []corev1.Node) bool) {
			class := env.NodeClass(ctx)
			env.Update(ctx, class, func() { setDelay(class, delay) })
			pool := env.NodePool(ctx, "default", onePodPerNode)
			w := objects.Workload{Name: env.Name("work"), Replicas: pods, CPU: "3"}
			env.Create(ctx, w.Deployment())
			env.EventuallyNow(ctx, func() bool { return reached(env.Claims(ctx, pool), env.Nodes(ctx, pool)) })
			crash(ctx)

			env.EventuallyRunning(ctx, w)
			env.EventuallySettled(ctx, pool)
			env.ExpectPaired(ctx, pool)
			Expect(env.Nodes(ctx, pool)).To(HaveLen(pods), "one node for each pod")

			of(pool, w).goesOn(ctx, podsDeleted(), fewerPods(pods-5), controllerRestarts(), nodeDeleted())
			Expect(env.Nodes(ctx, pool)).To(HaveLen(5), "one node for each pod")
		},
		Entry("as the first NodeClaims appear", "0s", func(claims []v1.NodeClaim, _ []corev1.Node) bool {
			return len(claims) > 0
		}),
		Entry("with instances launched whose Nodes are still to come", "4s", func(claims []v1.NodeClaim, _ []corev1.Node) bool {
			launched := 0
			for i := range claims {
				if claims[i].Status.ProviderID != "" {
					launched++
				}
			}
			return launched >= pods/2
		}),
		Entry("with some nodes registered and others not", "0s", func(_ []v1.NodeClaim, nodes []corev1.Node) bool {
			registered := 0
			for i := range nodes {
				if nodes[i].Labels[v1.NodeRegisteredLabelKey] == v1.LabelValueTrue {
					registered++
				}
			}
			return registered > 0
		}),
	)

	// LIF-271 (drain under way, provider Delete sent, Node gone).
	It("in the middle of a drain finishes it once it is back", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 5, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		for i := range nodes {
			Expect(env.Delete(ctx, &nodes[i])).To(Succeed())
		}
		env.EventuallyNow(ctx, func() bool {
			drained := 0
			for _, claim := range env.Claims(ctx, pool) {
				if claim.StatusConditions().Get(v1.ConditionTypeDrained) != nil {
					drained++
				}
			}
			return drained > 0
		})
		crash(ctx)

		for i := range nodes {
			env.EventuallyGone(ctx, &nodes[i])
		}
		env.EventuallyRunning(ctx, w)
		env.EventuallyNodes(ctx, pool, 5)
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
		of(pool, w).goesOn(ctx, nodeVanishes(), controllerRestarts(), nodeDrained())
	})
})
