// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// Commands are lost with the process. What they have left is finished or undone by the
// next one.
var _ = Describe("A controller that is killed while it gives up nodes", Serial, Label("long"), func() {
	BeforeEach(func() {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
	})
	crash := func(ctx SpecContext) {
		GinkgoHelper()
		controllerRestarts().play(ctx, nil)
	}

	// DIS-133 to DIS-136, LIF-271.
	DescribeTable("replaces all that has drifted once it is back, and launches nothing twice",
		func(ctx SpecContext, reached func(claims, old []v1.NodeClaim) bool) {
			const nodes = 4
			class := env.NodeClass(ctx)
			s := runFull(ctx, env.NodePool(ctx, "default", sizes("4"), drifting("100%")), nodes)
			env.Update(ctx, class, func() { setDelay(class, "3s") })
			turnover := env.WatchTurnover(ctx, s.pool)
			s.revise(ctx, "2")
			env.EventuallyNow(ctx, func() bool { return reached(env.Claims(ctx, s.pool), s.claims) })
			crash(ctx)
			s.eventuallyReplaced(ctx)
			tally := tallyOf(turnover)
			Expect(tally.Came).To(Equal(nodes), "one NodeClaim for each that goes")
			Expect(tally.Serving).To(BeNumerically(">=", nodes), "nodes in service")
			env.Update(ctx, class, func() { setDelay(class, "0s") })
			of(s.pool, s.work).goesOn(ctx, podsDeleted())
		},
		Entry("as the first node is marked", func(claims, _ []v1.NodeClaim) bool {
			return slices.ContainsFunc(claims, func(c v1.NodeClaim) bool {
				return c.StatusConditions().IsTrue(v1.ConditionTypeDisruptionReason)
			})
		}),
		Entry("with replacements launched whose Nodes are still to come", func(claims, old []v1.NodeClaim) bool {
			launched := 0
			for i := range claims {
				if claims[i].Status.ProviderID != "" {
					launched++
				}
			}
			return launched == 2*len(old)
		}),
		Entry("as the first of them goes", func(claims, _ []v1.NodeClaim) bool {
			return slices.ContainsFunc(claims, func(c v1.NodeClaim) bool { return c.DeletionTimestamp != nil })
		}),
	)

	// DIS-106, DIS-133 to DIS-136: what was launched before is what the pod gets.
	It("replaces a node that is too large, though it is killed twice", func(ctx SpecContext) {
		o := leaveOversized(ctx)
		class := env.NodeClass(ctx)
		env.Update(ctx, class, func() { setDelay(class, "3s") })
		turnover := env.WatchTurnover(ctx, o.pool)
		env.Update(ctx, o.pool, func() { underutilized(o.pool) })

		By("first after the decision")
		env.EventuallyEvent(ctx, o.node, "ConsolidationCandidate")
		Expect(tallyOf(turnover).Disrupted).To(BeZero())
		crash(ctx)
		By("then as the replacement appears")
		env.EventuallyNow(ctx, func() bool { return len(env.Claims(ctx, o.pool)) > 1 })
		crash(ctx)

		env.EventuallyGone(ctx, o.node)
		env.EventuallyGone(ctx, o.claim)
		env.EventuallyRunning(ctx, o.small)
		of(o.pool, o.small).rests(ctx)
		nodes := env.Nodes(ctx, o.pool)
		Expect(nodes).To(HaveLen(1))
		Expect(nodes[0].Labels).To(HaveKeyWithValue(objects.InstanceCPU, "2"))
		tally := tallyOf(turnover)
		Expect(tally.Came).To(Equal(1), "one NodeClaim in its place")
		Expect(tally.Serving).To(Equal(1))
	})
})
