// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("The status of a NodePool", func() {
	refresh := func(ctx SpecContext, g Gomega, pool *v1.NodePool) {
		g.Expect(env.Get(ctx, client.ObjectKeyFromObject(pool), pool)).To(Succeed())
	}

	// LIF-220, LIF-225, API-085, API-089, API-115.
	It("tells whether it can be used", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		missing := env.NodePool(ctx, "missing", func(p *v1.NodePool) { p.Spec.Template.Spec.NodeClassRef.Name = env.Name("late") })
		valid := env.NodePool(ctx, "valid")
		invalid := env.NodePool(ctx, "invalid", func(p *v1.NodePool) {
			p.Spec.Template.ObjectMeta.Labels["not a label"] = "x"
		})
		env.EventuallyCondition(ctx, valid, "Ready", metav1.ConditionTrue)
		Expect(env.EventuallyCondition(ctx, missing, v1.ConditionTypeNodeClassReady, metav1.ConditionFalse).Reason).To(Equal("NodeClassNotFound"))
		Expect(env.EventuallyCondition(ctx, missing, "Ready", metav1.ConditionFalse).Message).To(ContainSubstring("NodeClassReady=False"))
		validation := env.EventuallyCondition(ctx, invalid, v1.ConditionTypeValidationSucceeded, metav1.ConditionFalse)
		Expect(validation.Reason).To(Equal("NodePoolValidationFailed"))
		Expect(validation.Message).To(ContainSubstring("not a label"))

		env.Create(ctx, env.Defaults.NodeClass(env.Name("late")))
		env.EventuallyCondition(ctx, missing, "Ready", metav1.ConditionTrue)
		setReady(ctx, class, metav1.ConditionUnknown)
		Expect(env.EventuallyCondition(ctx, valid, v1.ConditionTypeNodeClassReady, metav1.ConditionFalse).Reason).To(Equal("NodeClassReadinessUnknown"))
	})

	// LIF-210, API-081, API-082, LIF-232: the sums of its nodes, zero when there are
	// none, and whether nodes register.
	It("counts its nodes and their resources", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		counts := func(g Gomega, nodes int64, cpu string) {
			refresh(ctx, g, pool)
			g.Expect(pool.Status.Nodes).To(Equal(nodes))
			for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods, corev1.ResourceEphemeralStorage, v1.ResourceNodes} {
				g.Expect(pool.Status.Resources).To(HaveKey(name))
			}
			used := pool.Status.Resources[corev1.ResourceCPU]
			g.Expect(used.Cmp(resource.MustParse(cpu))).To(BeZero(), "CPU %s, want %s", used.String(), cpu)
		}
		env.Eventually(ctx, func(g Gomega) { counts(g, 0, "0") })

		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.Eventually(ctx, func(g Gomega) { counts(g, 3, "12") })
		env.EventuallyCondition(ctx, pool, v1.ConditionTypeNodeRegistrationHealthy, metav1.ConditionTrue)
	})

	// LIF-215, API-091, API-092, SCH-231: the hash of what makes nodes differ, on the
	// pool and on its NodeClaims.
	It("carries the hash of the template, and NodeClaims that of their birth", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		hashed := func(g Gomega) {
			refresh(ctx, g, pool)
			g.Expect(pool.Annotations).To(HaveKeyWithValue(v1.NodePoolHashAnnotationKey, pool.Hash()))
			g.Expect(pool.Annotations).To(HaveKeyWithValue(v1.NodePoolHashVersionAnnotationKey, "v3"))
		}
		env.Eventually(ctx, hashed)
		w := objects.Workload{Name: env.Name("work"), Replicas: 1, CPU: "1"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		born := pool.Annotations[v1.NodePoolHashAnnotationKey]

		env.Update(ctx, pool, func() { pool.Spec.Template.ObjectMeta.Labels["example.com/team"] = "a" })
		env.Eventually(ctx, hashed)
		Expect(pool.Annotations[v1.NodePoolHashAnnotationKey]).NotTo(Equal(born))
		for _, claim := range env.Claims(ctx, pool) {
			Expect(claim.Annotations).To(HaveKeyWithValue(v1.NodePoolHashAnnotationKey, born))
			Expect(claim.Annotations).To(HaveKeyWithValue(v1.NodePoolHashVersionAnnotationKey, "v3"))
		}
	})
})
