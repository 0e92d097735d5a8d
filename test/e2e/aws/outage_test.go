// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/simcloud"
)

// calm is how long nothing may happen for a spec to believe that nothing will.
const calm = 10 * time.Second

var _ = Describe("A cloud that misbehaves", func() {
	// CP-027, CP-031, AWS-081: while nobody answers nothing is given up, and
	// afterwards all goes on as if nothing had been.
	It("is down for five minutes, and nothing is lost", Label("long"), func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		w := filling(4)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		before := objects.UIDs(env.Claims(ctx, pool))
		names := nodeNames(env.Nodes(ctx, pool))

		Expect(cloud.Fault(ctx, simcloud.Fault{"call": "*:*", "error": map[string]any{"code": "ServiceUnavailable", "status": 503}})).To(Succeed())
		env.Scale(ctx, w, 6)
		w.Replicas = 6
		env.Consistently(ctx, 5*time.Minute, func(g Gomega) {
			now := objects.UIDs(env.Claims(ctx, pool))
			for _, uid := range before {
				g.Expect(now).To(ContainElement(uid), "no NodeClaim is given up")
			}
			g.Expect(nodeNames(env.Nodes(ctx, pool))).To(ContainElements(names))
			g.Expect(len(now)).To(BeNumerically("<=", 8), "NodeClaims do not pile up")
		})
		Expect(running(ctx)).To(Equal(4))
		Expect(cloud.Mend(ctx)).To(Succeed())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		Expect(objects.UIDs(env.Claims(ctx, pool))).To(ContainElements(before))
		expectOneEach(ctx, pool)
	})

	// CP-022, KIT-073: an answer that is lost is no second machine.
	It("loses its answers, and nothing runs twice", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		env.EventuallyUsable(ctx, pool)
		after, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(cloud.Fault(ctx,
			simcloud.Fault{"call": "ec2:CreateFleet", "times": 2, "lost": true},
			simcloud.Fault{"call": "ec2:TerminateInstances", "times": 1, "lost": true},
		)).To(Succeed())
		w := filling(8)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(8))

		By("then: all of them go")
		env.Scale(ctx, w, 0)
		for _, claim := range env.Claims(ctx, pool) {
			Expect(client.IgnoreNotFound(env.Delete(ctx, &claim))).To(Succeed())
		}
		env.EventuallyNodes(ctx, pool, 0)
		eventuallyNoneRun(ctx)
		happened, err := cloud.Faulted(ctx, after)
		Expect(err).NotTo(HaveOccurred())
		Expect(happened).To(ContainElements("ec2:CreateFleet", "ec2:TerminateInstances"), "calls whose answers were lost")
	})

	It("forgets the launch templates, and launches go on", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(cloud.ForgetTemplates(ctx)).To(Succeed())
		env.Scale(ctx, w, 4)
		w.Replicas = 4
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})
})

var _ = Describe("A controller that is killed", func() {
	// CP-022, CP-117, LIF-271: what a launch under way brings is used or collected.
	It("in the middle of a fleet call leaves nothing behind", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		env.EventuallyUsable(ctx, pool)
		Expect(cloud.Fault(ctx, simcloud.Fault{"call": "ec2:CreateFleet", "times": 1, "delay": "5s"})).To(Succeed())
		w := filling(6)
		env.Create(ctx, w.Deployment())
		env.Eventually(ctx, func(g Gomega) { g.Expect(running(ctx)).To(BeNumerically(">", 0)) })
		Expect(launched(env.Claims(ctx, pool))).To(BeNumerically("<", 6), "the answer is still under way")
		env.Crash(ctx)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(6))
		expectOneEach(ctx, pool) // orphans are collected
	})
})

func launched(claims []v1.NodeClaim) int {
	n := 0
	for i := range claims {
		if claims[i].Status.ProviderID != "" {
			n++
		}
	}
	return n
}
