// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Drift", func() {
	const nodes = 4

	var (
		pool *v1.NodePool
		w    objects.Workload
	)

	// run brings the pods on machines of the NodeClass.
	run := func(ctx SpecContext) []types.UID {
		GinkgoHelper()
		pool = env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"), drifting("2"))
		w = filling(nodes)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		return objects.UIDs(env.Claims(ctx, pool))
	}
	// expectReplaced waits until none of the NodeClaims is left and all pods run.
	expectReplaced := func(ctx SpecContext, before []types.UID) []corev1.Node {
		GinkgoHelper()
		env.Eventually(ctx, func(g Gomega) {
			now := objects.UIDs(env.Claims(ctx, pool))
			g.Expect(now).To(HaveLen(nodes))
			for _, uid := range before {
				g.Expect(now).NotTo(ContainElement(uid))
			}
		})
		env.EventuallyRunning(ctx, w)
		out := env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
		return out
	}

	// AWS-140, AWS-147, AWS-376: a new image is rolled out, as many nodes at a time as
	// the budget allows; then nothing is left to do.
	It("rolls out an image", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.SetSpec(ctx, class, []any{map[string]any{"alias": "al2023@v20251201"}}, "amiSelectorTerms")
		before := run(ctx)
		turnover := env.WatchTurnover(ctx, pool)
		old := env.Claims(ctx, pool)[0].Status.ImageID
		env.SetSpec(ctx, class, []any{map[string]any{"alias": "al2023@v20260101"}}, "amiSelectorTerms")
		expectReplaced(ctx, before)
		for _, claim := range env.Claims(ctx, pool) {
			Expect(claim.Status.ImageID).NotTo(Equal(old))
		}
		tally, err := turnover.Tally()
		Expect(err).NotTo(HaveOccurred())
		Expect(tally.Came).To(Equal(nodes), "each node is replaced once")
		Expect(tally.Disrupted).To(BeNumerically("<=", 2), "at a time")
		env.Update(ctx, pool, func() { pool.Spec.Disruption.ConsolidateAfter = "0s" })
		env.ExpectRest(ctx, pool)
	})

	It("follows the security groups", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		before := run(ctx)
		env.SetSpec(ctx, class, []any{map[string]any{"name": "default"}, map[string]any{"name": "nodes"}}, "securityGroupSelectorTerms")
		expectReplaced(ctx, before)
	})

	// AWS-091, AWS-092: what is not static does not drift.
	It("follows static fields, and no others", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		before := run(ctx)
		env.SetSpec(ctx, class, "AL2023", "amiFamily") // what the alias says anyway
		env.Consistently(ctx, calm, func(g Gomega) { g.Expect(objects.UIDs(env.Claims(ctx, pool))).To(ConsistOf(before)) })
		env.SetSpec(ctx, class, true, "detailedMonitoring")
		expectReplaced(ctx, before)
	})
})
