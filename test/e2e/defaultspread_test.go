// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Default spread constraints", Serial, func() {
	const overZones = `{"podTopologySpread": {"defaultConstraints": [
		{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}]}}`

	BeforeEach(func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		configure := func(ctx SpecContext, text string) {
			GinkgoHelper()
			Expect(env.Karpenter.Start(ctx, append([]string{"SCHEDULER_CONFIG=" + text}, settings...)...)).To(Succeed())
		}
		DeferCleanup(func(ctx SpecContext) { configure(ctx, "") })
		configure(ctx, overZones)
		env.Restarted(ctx)
	})

	// SCH-170, SCH-171: pods without constraints of their own get the defaults, by what
	// selects them; that is read with the permissions of the chart.
	It("give pods of a workload a node in each zone", func(ctx SpecContext) {
		zones := []string{"test-zone-a", "test-zone-b", "test-zone-c"}
		pool := env.NodePool(ctx, "default", onePodPerNode, require(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn, zones...))
		w := objects.Workload{Name: env.Name("work"), Replicas: 6, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)

		nodes := map[string]int{}
		for _, node := range env.EventuallySettled(ctx, pool) {
			nodes[node.Labels[corev1.LabelTopologyZone]]++
		}
		Expect(nodes).To(Equal(map[string]int{zones[0]: 2, zones[1]: 2, zones[2]: 2}), "nodes by zone")
	})
})
