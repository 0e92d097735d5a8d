// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Daemons", func() {
	// SCH section 11, SCH-220, SCH-234: nodes have room for the daemons that will
	// run on them, and a pod that does not fit beside them is told so.
	It("have their share of each node set aside", func(ctx SpecContext) {
		// Of this priority, as agents are: the scheduler may fill a node before the
		// daemon's pod is there, which then takes the place of another.
		daemon := objects.Workload{Name: env.Name("daemon"), CPU: "1", Memory: "100Mi", Change: func(spec *corev1.PodSpec) {
			spec.PriorityClassName = "system-node-critical"
		}}
		env.Create(ctx, daemon.DaemonSet())
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.EventuallyUsable(ctx, pool)
		// 3.9 processors less one for the daemon hold one such pod, not two.
		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "1500m"}
		tooBig := objects.Workload{Name: env.Name("big"), CPU: "3"}.Pod()
		env.Create(ctx, w.Deployment(), tooBig)

		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.EventuallyNodes(ctx, pool, 3)
		daemon.Replicas = 3
		env.EventuallyRunning(ctx, daemon)
		message := env.EventuallyEvent(ctx, tooBig, "FailedScheduling")
		Expect(message).To(ContainSubstring("daemon overhead"))
		Expect(message).To(ContainSubstring("no instance type is large enough"))
	})
})
