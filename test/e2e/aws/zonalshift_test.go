// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// zoneID is the label with the ID of a zone, by which ARC knows it.
const zoneID = "topology.k8s.aws/zone-id"

var _ = Describe("A zonal shift", func() {
	// AWS-367 to AWS-369, CP-052: nothing is launched or ended in a zone that traffic was
	// shifted away from; afterwards the zone is used again, and what waited is done.
	It("moves pods to other zones and leaves the zone's machines alone", Label("long"), func(ctx SpecContext) {
		narrow := env.NodePool(ctx, "narrow", onePodPerNode, require(capacityType, "on-demand"), require(zone, "us-west-2a"))
		w := filling(1)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, narrow)
		node := env.NodeOf(ctx, &pods[0])
		claim := env.ClaimOf(ctx, node)
		shifted := node.Labels[zoneID]
		Expect(shifted).NotTo(BeEmpty())

		// It ends whatever becomes of the spec, whose machines could not be ended else.
		defer func() { Expect(cloud.Shift(ctx, shifted, 0)).To(Succeed()) }()
		Expect(cloud.Shift(ctx, shifted, time.Hour)).To(Succeed())
		Expect(env.EventuallyEvent(ctx, narrow, "ZonalShiftActive")).To(ContainSubstring("us-west-2a (" + shifted + ")"))

		By("then: new pods get nodes in the other zones, and those that must be in the zone wait")
		wide := env.NodePool(ctx, "wide", onePodPerNode, require(capacityType, "on-demand"))
		bound := objects.Workload{Name: env.Name("bound"), Replicas: 1, CPU: "1500m", NodeSelector: map[string]string{zone: "us-west-2a"}}
		more := objects.Workload{Name: env.Name("more"), Replicas: 6, CPU: "1500m"}
		env.Create(ctx, bound.Deployment(), more.Deployment())
		env.EventuallyRunning(ctx, more)
		Expect(objects.Values(env.EventuallySettled(ctx, wide), zone)).NotTo(ContainElement("us-west-2a"))
		Expect(env.Claims(ctx, narrow)).To(HaveLen(1))
		for _, pod := range env.Pods(ctx, bound) {
			Expect(pod.Spec.NodeName).To(BeEmpty(), "there is a node for %s", pod.Name)
		}

		By("then: a node of the zone is deleted; its pod moves, its machine stays")
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(env.Delete(ctx, claim)).To(Succeed())
		env.Eventually(ctx, func(g Gomega) {
			for _, pod := range env.EventuallyRunning(ctx, w) {
				g.Expect(pod.Spec.NodeName).NotTo(Equal(node.Name))
			}
		})
		machine := machineOf(claim.Status.ProviderID)
		env.Consistently(ctx, calm, func(g Gomega) {
			g.Expect(namesOf(env.Claims(ctx, narrow))).To(ContainElement(claim.Name), "the NodeClaim waits for its machine")
			ended, err := cloud.Calls(ctx, "ec2:TerminateInstances", before)
			g.Expect(err).NotTo(HaveOccurred())
			for _, call := range ended {
				g.Expect(call.Input["InstanceIds"]).NotTo(ContainElement(machine), "it is ended in a zone that is shifted away from")
			}
		})

		By("then: the shift ends, and what waited is done")
		Expect(cloud.Shift(ctx, shifted, 0)).To(Succeed())
		env.EventuallyEvent(ctx, narrow, "ZonalShiftCleared")
		env.EventuallyGone(ctx, claim)
		for _, pod := range env.EventuallyRunning(ctx, bound) {
			Expect(env.NodeOf(ctx, &pod).Labels).To(HaveKeyWithValue(zone, "us-west-2a"))
		}
		env.EventuallySettled(ctx, narrow)
		env.EventuallySettled(ctx, wide)
		expectOneEach(ctx, narrow, wide)
	})
})

func namesOf(claims []v1.NodeClaim) []string {
	names := make([]string, len(claims))
	for i := range claims {
		names[i] = claims[i].Name
	}
	return slices.Sorted(slices.Values(names))
}
