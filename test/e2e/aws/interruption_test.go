// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A notice", func() {
	// AWS-386 to AWS-388, CP-120: two minutes are enough to move.
	It("of a spot reclaim moves the pods before the machine goes", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "spot"))
		w := filling(3)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		node := env.NodeOf(ctx, &pods[0])
		claim := env.ClaimOf(ctx, node)
		told := time.Now()
		Expect(cloud.Notify(ctx, machineOf(node.Spec.ProviderID), "spot")).To(Succeed())
		Expect(env.EventuallyEvent(ctx, claim, "SpotInterrupted")).To(ContainSubstring("Spot interruption"))
		env.EventuallyGone(ctx, node)
		env.EventuallyRunning(ctx, w)
		Expect(time.Since(told)).To(BeNumerically("<", 2*time.Minute), "the notice is given two minutes ahead")
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})

	It("of rebalancing is told and does nothing", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "spot"))
		w := filling(1)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		claim := env.ClaimOf(ctx, env.NodeOf(ctx, &pods[0]))
		Expect(cloud.Notify(ctx, machineOf(claim.Status.ProviderID), "rebalance")).To(Succeed())
		env.EventuallyEvent(ctx, claim, "SpotRebalanceRecommendation")
		env.Consistently(ctx, 5*time.Second, func(g Gomega) {
			g.Expect(env.Claims(ctx, pool)).To(HaveLen(1))
			g.Expect(env.Claims(ctx, pool)[0].DeletionTimestamp).To(BeNil())
		})
	})

	It("of maintenance replaces the machine", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		w := filling(2)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		claim := env.ClaimOf(ctx, env.NodeOf(ctx, &pods[0]))
		Expect(cloud.Notify(ctx, machineOf(claim.Status.ProviderID), "health")).To(Succeed())
		env.EventuallyGone(ctx, claim)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})
})

var _ = Describe("A machine", func() {
	// CP-027, LIF: what somebody else terminated is replaced.
	It("that is terminated behind our back is replaced", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		w := filling(3)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		claim := env.ClaimOf(ctx, env.NodeOf(ctx, &pods[0]))
		Expect(cloud.Reclaim(ctx, machineOf(claim.Status.ProviderID))).To(Succeed())
		env.EventuallyGone(ctx, claim)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})
})
