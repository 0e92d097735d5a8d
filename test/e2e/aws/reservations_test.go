// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// Of the account's reservations, the one tagged steady is of three machines of one type
// in one zone.
const (
	reservation  = "cr-00000000000000003"
	reservedRoom = 3
)

// reservationOf is the label that tells which reservation a machine is in.
const reservationOf = group + "/capacity-reservation-id"

var _ = Describe("A reservation", func() {
	reserved := func(nodes []corev1.Node) int {
		n := 0
		for i := range nodes {
			if nodes[i].Labels[reservationOf] == reservation {
				n++
				Expect(nodes[i].Labels).To(HaveKeyWithValue(capacityType, v1.CapacityTypeReserved))
			}
		}
		return n
	}
	expectFewLaunches := func(ctx SpecContext, since, most int) {
		GinkgoHelper()
		launches, err := cloud.Calls(ctx, "ec2:CreateFleet", since)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(launches)).To(BeNumerically("<=", most), "fleets")
	}
	create := func(ctx SpecContext) *v1.NodePool {
		GinkgoHelper()
		env.SetSpec(ctx, env.NodeClass(ctx), []any{map[string]any{"tags": map[string]any{"purpose": "steady"}}}, "capacityReservationSelectorTerms")
		pool := env.NodePool(ctx, "default", require(instanceType, "m5.large", "m6i.large"), require(capacityType, "reserved", "on-demand"))
		env.EventuallyUsable(ctx, pool)
		return pool
	}

	// AWS-264, AWS-280, AWS-324, AWS-352, CP-065, CP-069.
	It("is used up first, then on-demand capacity follows, and what returns is used again", func(ctx SpecContext) {
		pool := create(ctx)
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		w := filling(reservedRoom + 2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		Expect(nodes).To(HaveLen(reservedRoom + 2))
		Expect(reserved(nodes)).To(Equal(reservedRoom))
		expectOneEach(ctx, pool)
		expectFewLaunches(ctx, before, 10)

		By("then: all machines go")
		env.Update(ctx, pool, func() { pool.Spec.Disruption.ConsolidateAfter = "0s" })
		env.Scale(ctx, w, 0)
		env.EventuallyNodes(ctx, pool, 0)
		eventuallyNoneRun(ctx)

		By("then: other pods come") // those of w have not run for long enough to be trusted (SCH-301)
		before, err = cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		w = filling(reservedRoom)
		w.Name = env.Name("again")
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(reserved(env.EventuallySettled(ctx, pool))).To(Equal(reservedRoom), "what was free again")
		expectOneEach(ctx, pool)
		expectFewLaunches(ctx, before, 6)
	})

	// AWS-293, CP-070: somebody else was there first.
	It("that somebody else took is found out once", func(ctx SpecContext) {
		pool := create(ctx)
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(reserved(env.EventuallySettled(ctx, pool))).To(Equal(1))

		others := launchIntoReservation(ctx, reservedRoom-1)
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		env.Scale(ctx, w, 4)
		w.Replicas = 4
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		Expect(nodes).To(HaveLen(4))
		Expect(reserved(nodes)).To(Equal(1))
		expectFewLaunches(ctx, before, 10)
		terminate(ctx, others...)
		expectOneEach(ctx, pool)
	})
})
