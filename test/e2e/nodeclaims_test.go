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

var _ = Describe("NodeClaims", func() {
	// API-112, LIF-070, LIF-080, LIF-088, LIF-103, KWOK-018: one that nobody but the user made.
	It("of a user get a node of what they ask for, and take it with them", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		claim := objects.NodeClaim(env.Name("own"), pool)
		claim.Spec.Requirements = append(claim.Spec.Requirements, v1.NodeSelectorRequirementWithMinValues{
			Key: corev1.LabelTopologyZone, Operator: v1.OperatorIn, Values: []string{"test-zone-c"},
		})
		claim.Spec.Resources.Requests = corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("6"), corev1.ResourceMemory: resource.MustParse("20Gi"),
		}
		env.Create(ctx, claim)
		env.EventuallyCondition(ctx, claim, "Ready", metav1.ConditionTrue)

		var node corev1.Node
		Expect(env.Get(ctx, client.ObjectKey{Name: claim.Status.NodeName}, &node)).To(Succeed())
		Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelTopologyZone, "test-zone-c"))
		Expect(node.Labels).NotTo(HaveKey(v1.NodePoolLabelKey))
		Expect(node.Status.Allocatable.Cpu().Cmp(resource.MustParse("6"))).To(BeNumerically(">=", 0))
		Expect(node.Status.Allocatable.Memory().Cmp(resource.MustParse("20Gi"))).To(BeNumerically(">=", 0))
		Expect(node.Spec.ProviderID).To(Equal(claim.Status.ProviderID))
		env.Eventually(ctx, func(g Gomega) {
			g.Expect(env.Get(ctx, client.ObjectKeyFromObject(pool), pool)).To(Succeed())
			g.Expect(pool.Status.Resources).To(HaveKey(corev1.ResourceName(v1.ResourceNodes)))
		})
		Expect(pool.Status.Nodes).To(BeZero(), "it counts towards no pool")

		Expect(env.Delete(ctx, claim)).To(Succeed())
		env.EventuallyGone(ctx, &node)
		env.EventuallyGone(ctx, claim)
	})

	// LIF-190: an expired NodeClaim goes whatever its budgets say, and its pods get
	// another node.
	It("expire and are replaced", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", consolidate("Never", "0"), func(p *v1.NodePool) {
			p.Spec.Template.Spec.ExpireAfter = "20s"
		})
		w := objects.Workload{Name: env.Name("work"), Replicas: 1, CPU: "1"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		node := &env.EventuallySettled(ctx, pool)[0]
		claim := env.ClaimOf(ctx, node)
		env.Update(ctx, pool, func() { pool.Spec.Template.Spec.ExpireAfter = "30h" }) // for the next one

		env.EventuallyGone(ctx, claim)
		env.EventuallyGone(ctx, node)
		env.EventuallyRunning(ctx, w)
		metrics, err := env.Metrics(ctx)
		Expect(err).NotTo(HaveOccurred())
		created, _ := metrics.Sum("karpenter_nodeclaims_created_total", map[string]string{"nodepool": pool.Name})
		expired, _ := metrics.Sum("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": "expired", "nodepool": pool.Name})
		Expect(expired).To(Equal(created-1), "all but the last one expired")
		of(pool, w).goesOn(ctx, podsDeleted(), morePods(3), fewerPods(3))
	})

	// LIF-200, API-130: a NodeClaim and its Node carry the NodeClass label.
	It("are labelled with their NodeClass, and so are their Nodes", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		w := objects.Workload{Name: env.Name("work"), Replicas: 1, CPU: "1"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		ref := pool.Spec.Template.Spec.NodeClassRef
		key := v1.NodeClassLabelKey(ref.GroupKind())
		for _, node := range env.EventuallySettled(ctx, pool) {
			Expect(node.Labels).To(HaveKeyWithValue(key, ref.Name))
			Expect(env.ClaimOf(ctx, &node).Labels).To(HaveKeyWithValue(key, ref.Name))
		}
	})
})
