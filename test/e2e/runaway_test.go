// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// Somebody drives the pods off each node that comes for them.
var _ = Describe("Nodes that nobody can stay on", Serial, Label("long"), func() {
	const (
		most    = 35 // at one time, as outside suites have it
		bought  = 10 // in all: one workload gets three nodes in that time (SCH-302), and they may come twice
		watched = 5 * time.Minute
	)
	// OPS-272, SCH-302: whoever works against Karpenter does not make it buy without end.
	DescribeTable("are not launched without end", func(ctx SpecContext, change func(*v1.NodePool)) {
		pool := env.NodePool(ctx, "default", change)
		turnover := env.WatchTurnover(ctx, pool)
		env.DriveAway(ctx, pool)
		w := objects.Workload{Name: env.Name("work"), Replicas: 5, CPU: "1"}
		env.Create(ctx, w.Deployment())
		env.Consistently(ctx, watched, func(g Gomega) {
			g.Expect(len(env.Nodes(ctx, pool))).To(BeNumerically("<", most), "nodes at one time")
		})
		AddReportEntry("launched", tallyOf(turnover).Came)
		Expect(tallyOf(turnover).Came).To(BeNumerically(">", 0))
		Expect(tallyOf(turnover).Came).To(BeNumerically("<", bought), "nodes in all")
	},
		Entry("while they are consolidated", underutilized),
		Entry("while empty ones are given up", consolidate("30s", "100%")),
	)
})
