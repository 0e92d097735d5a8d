// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/simcloud"
)

var _ = Describe("A lack of capacity", func() {
	// AWS-235, AWS-293, CP-018, CP-081: what the cloud could not sell is not asked for
	// again, and pods get what there is.
	It("in a zone sends machines to the others", func(ctx SpecContext) {
		Expect(cloud.Stock(ctx, simcloud.Pool{Zone: "us-west-2a"}, 0)).To(Succeed())
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		w := filling(12)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		Expect(objects.Values(nodes, zone)).NotTo(ContainElement("us-west-2a"))
		expectOneEach(ctx, pool)

		By("then: pods that must be in that zone wait, without a launch for each")
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		bound := objects.Workload{Name: env.Name("bound"), Replicas: 2, CPU: "1500m", NodeSelector: map[string]string{zone: "us-west-2a"}}
		env.Create(ctx, bound.Deployment())
		env.Eventually(ctx, func(g Gomega) {
			events := 0
			for _, pod := range env.Pods(ctx, bound) {
				events += len(env.Events(ctx, &pod))
			}
			g.Expect(events).To(BeNumerically(">", 0), "pods are told why they wait")
		})
		launches, err := cloud.Calls(ctx, "ec2:CreateFleet", before)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(launches)).To(BeNumerically("<=", 20), "launches in vain")

		By("then: the zone has capacity again")
		Expect(cloud.Stock(ctx, simcloud.Pool{Zone: "us-west-2a"}, 1000)).To(Succeed())
		env.Scale(ctx, bound, 0)
		env.Scale(ctx, w, 13)
		w.Replicas = 13
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})

	It("of a type brings another type", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", require(capacityType, "on-demand"), require(instanceType, "m5.large", "m6i.large"))
		Expect(cloud.Stock(ctx, simcloud.Pool{Type: "m5.large"}, 0)).To(Succeed())
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(objects.Values(env.EventuallySettled(ctx, pool), instanceType)).To(Equal([]string{"m6i.large"}))
		expectOneEach(ctx, pool)
	})

	// AWS-293, AWS-441: a quota is no reason to ask without end.
	It("of quota lets pods wait, and run when there is quota again", func(ctx SpecContext) {
		Expect(cloud.Quota(ctx, "spot-vcpus", 8)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cloud.Quota(ctx, "spot-vcpus", 1_000_000)).To(Succeed()) })
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "spot", "on-demand"))
		w := filling(10)
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		Expect(objects.Values(nodes, capacityType)).To(ContainElement("on-demand"), "what spot cannot hold")
		expectOneEach(ctx, pool)
		launches, err := cloud.Calls(ctx, "ec2:CreateFleet", before)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(launches)).To(BeNumerically("<=", 20))
	})

	// AWS-131, AWS-432: a subnet without addresses is not launched into.
	It("of addresses in a subnet sends machines to the others", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.EventuallySays(ctx, class, "Ready", "True")
		full := subnetsOf(class)[0]
		Expect(cloud.Addresses(ctx, full.id, 0)).To(Succeed())
		DeferCleanup(func(ctx SpecContext) { Expect(cloud.Addresses(ctx, full.id, 10_000)).To(Succeed()) })
		pool := env.NodePool(ctx, "default", onePodPerNode, require(capacityType, "on-demand"))
		w := filling(9)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(objects.Values(env.EventuallySettled(ctx, pool), zone)).NotTo(ContainElement(full.zone))
		expectOneEach(ctx, pool)
	})
})
