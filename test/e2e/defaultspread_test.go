// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
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
	It("spread the nodes for the pods of a workload, whoever makes them", func(ctx SpecContext) {
		zones := []string{"test-zone-a", "test-zone-b", "test-zone-c"}
		for name, maker := range map[string]func(objects.Workload) client.Object{
			"deployed":   func(w objects.Workload) client.Object { return w.Deployment() },
			"stateful":   func(w objects.Workload) client.Object { return w.StatefulSet() },
			"replicated": func(w objects.Workload) client.Object { return w.ReplicationController() },
		} {
			// A pool for each: nothing tells the scheduler of the defaults, so one workload's
			// pods might take the nodes of another.
			pool := env.NodePool(ctx, name, onePodPerNode, require(corev1.LabelTopologyZone, corev1.NodeSelectorOpIn, zones...))
			w := objects.Workload{Name: env.Name(name), Replicas: 3, CPU: "3", NodeSelector: map[string]string{v1.NodePoolLabelKey: pool.Name}}
			env.Create(ctx, maker(w))
			env.EventuallyRunning(ctx, w)
			byZone := map[string]int{}
			for _, node := range env.EventuallySettled(ctx, pool) {
				byZone[node.Labels[corev1.LabelTopologyZone]]++
			}
			Expect(byZone).To(Equal(map[string]int{zones[0]: 1, zones[1]: 1, zones[2]: 1}), "nodes for the pods that are %s, by zone", name)
		}
	})
})
