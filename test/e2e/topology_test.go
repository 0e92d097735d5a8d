// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Topology", func() {
	// SCH-153, SCH-154: zones differ by one at most, and the scheduler agrees.
	It("spreads pods over zones", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		w := objects.Workload{Name: env.Name("spread"), Replicas: 10, CPU: "1"}
		w.Change = func(spec *corev1.PodSpec) {
			spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: w.Selector(),
			}}
		}
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		byZone := map[string]int{}
		for _, node := range env.EventuallySettled(ctx, pool) {
			byZone[node.Labels[corev1.LabelTopologyZone]] += len(on(node, pods))
		}
		Expect(byZone).To(HaveLen(4))
		for zone, n := range byZone {
			Expect(n).To(BeNumerically("~", 2.5, 0.5), zone)
		}

		of(pool, w).goesOn(ctx, ordinary()...)
	})

	// SCH-162: a node for each pod.
	It("keeps pods apart that avoid each other", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		w := objects.Workload{Name: env.Name("apart"), Replicas: 5, CPU: "1"}
		w.Change = func(spec *corev1.PodSpec) {
			spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: corev1.LabelHostname, LabelSelector: w.Selector()}},
			}}
		}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(env.EventuallySettled(ctx, pool)).To(HaveLen(5))

		s := of(pool, w)
		s.goesOn(ctx, ordinary()...)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(5))
	})

	// SCH-160, SCH-161: one zone for all.
	It("keeps pods together that seek each other", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("together"), Replicas: 4, CPU: "3"}
		w.Change = func(spec *corev1.PodSpec) {
			spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: corev1.LabelTopologyZone, LabelSelector: w.Selector()}},
			}}
		}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		zones := map[string]bool{}
		for _, node := range env.EventuallySettled(ctx, pool) {
			zones[node.Labels[corev1.LabelTopologyZone]] = true
		}
		Expect(zones).To(HaveLen(1))

		of(pool, w).goesOn(ctx, ordinary()...)
		for _, node := range env.Nodes(ctx, pool) {
			Expect(zones).To(HaveKey(node.Labels[corev1.LabelTopologyZone]), "pods stay together")
		}
	})

	// SCH-101: a port is taken once on each node.
	It("gives pods with the same host port nodes of their own", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		w := objects.Workload{Name: env.Name("port"), Replicas: 3, CPU: "1", Change: func(spec *corev1.PodSpec) {
			spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: 8080}}
		}}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(env.EventuallySettled(ctx, pool)).To(HaveLen(3))

		of(pool, w).goesOn(ctx, ordinary()...)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(3))
	})
})

// on are the pods on a node.
func on(node corev1.Node, pods []corev1.Pod) []corev1.Pod {
	var out []corev1.Pod
	for _, p := range pods {
		if p.Spec.NodeName == node.Name {
			out = append(out, p)
		}
	}
	return out
}
