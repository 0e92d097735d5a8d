// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("A hundred pods", Serial, Label("long"), func() {
	// OPS-272: how soon drift is seen.
	const (
		patient = 10 * time.Minute
		soon    = 5 * time.Second
	)
	plays := func(ctx SpecContext, workloads []objects.Workload, drift bool) {
		pool := env.NodePool(ctx, "default", drifting("0"))
		for _, w := range workloads {
			env.Create(ctx, w.Deployment())
		}
		s := of(pool, workloads...)
		env.EventuallyWithin(ctx, patient, s.expectReady(ctx))
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
		if !drift {
			return
		}
		changed := &fleet{pool: pool, claims: env.Claims(ctx, pool)}
		changed.revise(ctx, "2")
		env.EventuallyWithin(ctx, soon, func(g Gomega) {
			for _, claim := range env.Claims(ctx, pool) {
				g.Expect(claim.StatusConditions().IsTrue(v1.ConditionTypeDrifted)).To(BeTrue(), "NodeClaim %s has drifted", claim.Name)
			}
		})
		env.Update(ctx, pool, func() { drifting("100%")(pool) })
		env.EventuallyWithin(ctx, patient, func(g Gomega) {
			for _, claim := range env.Claims(ctx, pool) {
				g.Expect(claim.Labels).To(HaveKeyWithValue(revision, "2"), "NodeClaim %s", claim.Name)
			}
			s.expectReady(ctx)(g)
		})
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
	}

	// OPS-282
	DescribeTable("get their nodes, and others when those drift",
		func(ctx SpecContext, workloads func() []objects.Workload, drift bool) { plays(ctx, workloads(), drift) },
		Entry("all alike", alike, false),
		Entry("all alike, of nodes that drift", alike, true),
		Entry("of all kinds", diverse, false),
		Entry("of all kinds, of nodes that drift", diverse, true),
	)
})

// expectReady sees that all pods of the workloads run, and none beside.
func (s *stage) expectReady(ctx SpecContext) func(Gomega) {
	return func(g Gomega) {
		for _, w := range s.workloads {
			pods := env.Pods(ctx, w)
			g.Expect(pods).To(HaveLen(int(w.Replicas)), "pods of %s", w.Name)
			for i := range pods {
				g.Expect(environment.Ready(&pods[i])).To(BeTrue(), "pod %s is ready", pods[i].Name)
			}
		}
	}
}

// alike is one workload of a hundred pods.
func alike() []objects.Workload {
	return []objects.Workload{{Name: env.Name("alike"), Replicas: 100, CPU: "1"}}
}

// diverse are five workloads of twenty pods: without constraints, spread over zones, spread
// over nodes, together in one zone, and apart from each other.
func diverse() []objects.Workload {
	workload := func(name string, change func(*corev1.PodSpec, objects.Workload)) objects.Workload {
		w := objects.Workload{Name: env.Name(name), Replicas: 20, CPU: "1"}
		self := w
		w.Change = func(spec *corev1.PodSpec) { change(spec, self) }
		return w
	}
	over := func(key string) func(*corev1.PodSpec, objects.Workload) {
		return func(spec *corev1.PodSpec, w objects.Workload) {
			spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: w.Selector(),
			}}
		}
	}
	near := func(key string, w objects.Workload) []corev1.PodAffinityTerm {
		return []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: w.Selector()}}
	}
	return []objects.Workload{
		{Name: env.Name("generic"), Replicas: 20, CPU: "1"},
		workload("zones", over(corev1.LabelTopologyZone)),
		workload("nodes", over(corev1.LabelHostname)),
		workload("together", func(spec *corev1.PodSpec, w objects.Workload) {
			spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: near(corev1.LabelTopologyZone, w),
			}}
		}),
		workload("apart", func(spec *corev1.PodSpec, w objects.Workload) {
			spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: near(corev1.LabelHostname, w),
			}}
		}),
	}
}
