// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// First, because these take longest: each disruption is waited for and validated.
var _ = Describe("Emptiness", SpecPriority(1), func() {
	// DIS-071, DIS-072, DIS-074, OPS-137: from a workload of zero to zero nodes.
	// DIS-003, DIS-054, DIS-057: what keeps empty nodes is Never and a budget.
	// DIS-032, DIS-044: daemons do not make a node busy, an annotation protects it.
	It("removes nodes without pods, unless the pool, a budget or the node forbids it", func(ctx SpecContext) {
		daemon := objects.Workload{Name: env.Name("daemon"), CPU: "100m"}
		env.Create(ctx, daemon.DaemonSet())
		after := env.NodePool(ctx, "after", onePodPerNode, consolidate("0s", "100%"))
		never := env.NodePool(ctx, "never", onePodPerNode, consolidate("Never", "100%"))
		frozen := env.NodePool(ctx, "frozen", onePodPerNode, consolidate("0s", "0"))
		workloads := map[*v1.NodePool]objects.Workload{}
		for _, pool := range []*v1.NodePool{after, never, frozen} {
			w := objects.Workload{Name: pool.Name, Replicas: 3, CPU: "3", NodeSelector: map[string]string{v1.NodePoolLabelKey: pool.Name}}
			workloads[pool] = w
			env.Create(ctx, w.Deployment())
		}
		for _, w := range workloads {
			env.EventuallyRunning(ctx, w)
		}
		kept := &env.EventuallySettled(ctx, after)[0]
		env.Update(ctx, kept, func() { kept.Annotations[v1.DoNotDisruptAnnotationKey] = v1.LabelValueTrue })
		for pool, w := range workloads {
			env.EventuallySettled(ctx, pool)
			env.Scale(ctx, w, 0)
		}

		env.EventuallyNodes(ctx, after, 1)
		Expect(env.Nodes(ctx, after)[0].Name).To(Equal(kept.Name), "the annotated node stays")
		Expect(env.Nodes(ctx, never)).To(HaveLen(3))
		Expect(env.Nodes(ctx, frozen)).To(HaveLen(3))
		eventuallyTold(ctx, frozen, "DisruptionBlocked", "reason "+string(v1.DisruptionReasonEmpty))
		metrics, err := env.Metrics(ctx)
		Expect(err).NotTo(HaveOccurred())
		removed, _ := metrics.Sum("karpenter_nodeclaims_disrupted_total", map[string]string{"reason": "empty", "nodepool": after.Name})
		Expect(removed).To(BeEquivalentTo(2))

		env.Update(ctx, kept, func() { delete(kept.Annotations, v1.DoNotDisruptAnnotationKey) })
		env.Update(ctx, frozen, func() { frozen.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "2"}} })
		env.EventuallyNodes(ctx, after, 0)
		env.EventuallyNodes(ctx, frozen, 0)
		Expect(env.Nodes(ctx, never)).To(HaveLen(3))
	})

	// DIS-004, DIS-007, LIF-205: a node counts as quiet only that long after the
	// last pod came or went.
	It("waits for consolidateAfter since the last pod event", func(ctx SpecContext) {
		const quiet = 15 * time.Second
		pool := env.NodePool(ctx, "default", onePodPerNode, consolidate("15s", "100%"))
		w := objects.Workload{Name: env.Name("work"), Replicas: 1, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		node := &env.EventuallySettled(ctx, pool)[0]
		claim := env.ClaimOf(ctx, node)
		env.EventuallyCondition(ctx, claim, v1.ConditionTypeConsolidatable, metav1.ConditionTrue)

		scaled := time.Now()
		env.Scale(ctx, w, 0)
		env.EventuallyGone(ctx, node)
		Expect(time.Since(scaled)).To(BeNumerically(">=", quiet))
		env.EventuallyNodes(ctx, pool, 0)
	})
})

func consolidate(after v1.NillableDuration, budget string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) {
		pool.Spec.Disruption.ConsolidationPolicy = v1.ConsolidationPolicyWhenEmpty
		pool.Spec.Disruption.ConsolidateAfter = after
		pool.Spec.Disruption.Budgets = []v1.Budget{{Nodes: budget}}
	}
}
