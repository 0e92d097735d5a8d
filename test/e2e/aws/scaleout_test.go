// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Scale-out", func() {
	// AWS-160, AWS-164, AWS-280, AWS-290, AWS-295, CP-019: from pods that fit nowhere to
	// machines that boot, join and run them; then back to none.
	It("brings machines of spot and on-demand capacity, and takes them away", func(ctx SpecContext) {
		spot := env.NodePool(ctx, "spot", require(capacityType, "spot"))
		steady := env.NodePool(ctx, "steady", require(capacityType, "on-demand"))
		small := objects.Workload{Name: env.Name("small"), Replicas: 60, CPU: "900m", Memory: "1500Mi", NodeSelector: map[string]string{capacityType: "spot"}}
		large := objects.Workload{Name: env.Name("large"), Replicas: 20, CPU: "3500m", Memory: "12Gi", NodeSelector: map[string]string{capacityType: "on-demand"}}
		env.Create(ctx, small.Deployment(), large.Deployment())

		env.EventuallyRunning(ctx, small)
		env.EventuallyRunning(ctx, large)
		for _, pool := range []*v1.NodePool{spot, steady} {
			env.EventuallySettled(ctx, pool)
			env.ExpectPaired(ctx, pool)
		}
		expectOneEach(ctx, spot, steady)
		for _, node := range env.Nodes(ctx, spot) {
			Expect(node.Labels).To(HaveKeyWithValue(capacityType, "spot"))
			Expect(node.Labels).To(HaveKey(group + "/instance-family"))
			Expect(node.Labels).To(HaveKey("topology.k8s.aws/zone-id"))
		}

		By("then: the controller restarts, and launches nothing")
		env.Crash(ctx)
		env.EventuallySettled(ctx, steady)
		expectOneEach(ctx, spot, steady)

		By("then: more pods, and fewer")
		env.Scale(ctx, small, 80)
		small.Replicas = 80
		env.EventuallyRunning(ctx, small)
		env.Update(ctx, spot, func() { spot.Spec.Disruption.ConsolidateAfter = "0s" })
		env.Update(ctx, steady, func() { steady.Spec.Disruption.ConsolidateAfter = "0s" })
		env.Scale(ctx, small, 10)
		env.Scale(ctx, large, 0)
		small.Replicas = 10
		env.EventuallyRunning(ctx, small)
		env.ExpectRest(ctx, spot, steady)
		expectOneEach(ctx, spot, steady)
	})

	// AWS-125: what people see in the console.
	It("tags machines with the names of their node and NodeClaim", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.Eventually(ctx, func(g Gomega) {
			calls, err := cloud.Calls(ctx, "ec2:CreateTags", 0)
			g.Expect(err).NotTo(HaveOccurred())
			tagged := map[string]bool{}
			for _, call := range calls {
				ids, _ := call.Input["Resources"].([]any)
				for _, id := range ids {
					tagged[id.(string)] = true
				}
			}
			for _, claim := range env.Claims(ctx, pool) {
				g.Expect(tagged).To(HaveKey(machineOf(claim.Status.ProviderID)))
				g.Expect(claim.Annotations).To(HaveKeyWithValue(group+"/tagged", "true"))
			}
		})
	})
})
