// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Termination", func() {
	// LIF-178, LIF-130..133, LIF-145, LIF-151, LIF-175, SCH-007, OPS-179: a deleted
	// NodeClaim is drained, its pods get another node, then it is gone.
	It("of a NodeClaim evicts its pods, which get another node, and leaves nothing", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "3"}
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		node := env.NodeOf(ctx, &pods[0])
		claim := env.ClaimOf(ctx, node)

		Expect(env.Delete(ctx, claim)).To(Succeed())
		env.Eventually(ctx, func(g Gomega) { // within 3s by LIF-133, and before the eviction
			g.Expect(env.Get(ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
			g.Expect(node.DeletionTimestamp).NotTo(BeNil())
			g.Expect(slices.ContainsFunc(node.Spec.Taints, isDisrupted)).To(BeTrue(), "tainted")
			g.Expect(node.Labels).To(HaveKeyWithValue(corev1.LabelNodeExcludeBalancers, v1.LoadBalancerExclusionValue))
		})
		env.EventuallyEvent(ctx, &pods[0], "Evicted")
		env.EventuallyGone(ctx, node)
		env.EventuallyGone(ctx, claim)
		env.EventuallyRunning(ctx, w)
		env.EventuallyNodes(ctx, pool, 3)
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
		of(pool, w).goesOn(ctx, nodeVanishes(), nodeDrained(), podsDeleted())
	})

	// LIF-178 (user deletes Node).
	It("of a Node takes its NodeClaim with it", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "3"}
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		node := env.NodeOf(ctx, &pods[0])
		claim := env.ClaimOf(ctx, node)

		Expect(env.Delete(ctx, node)).To(Succeed())
		env.EventuallyGone(ctx, node)
		env.EventuallyGone(ctx, claim)
		env.EventuallyRunning(ctx, w)
		env.EventuallyNodes(ctx, pool, 2)
		env.ExpectPaired(ctx, pool)
	})

	// LIF-151 (429), LIF-153, OPS-181: a budget that allows one pod at a time is
	// kept at every moment; one that allows none holds the node until it is lifted.
	It("respects disruption budgets of pods", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "3"}
		budget := w.Budget(3)
		env.Create(ctx, w.Deployment(), budget)
		pods := env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		env.Eventually(ctx, func(g Gomega) {
			g.Expect(env.Get(ctx, client.ObjectKeyFromObject(budget), budget)).To(Succeed())
			g.Expect(budget.Status.CurrentHealthy).To(BeEquivalentTo(3))
		})
		available := env.WatchPods(ctx, w)

		for _, claim := range env.Claims(ctx, pool) {
			Expect(env.Delete(ctx, &claim)).To(Succeed())
		}
		Expect(env.EventuallyEvent(ctx, env.NodeOf(ctx, &pods[0]), "FailedDraining")).NotTo(BeEmpty())
		env.Eventually(ctx, func(g Gomega) {
			var blocked []string
			for i := range nodes {
				blocked = append(blocked, env.Messages(ctx, &nodes[i], "FailedDraining")...)
			}
			g.Expect(blocked).To(ContainElement(ContainSubstring(pods[0].Name)), "an event names the pod")
		})
		expectLowest(available.Lowest, 3)

		env.Update(ctx, budget, func() { *budget.Spec.MinAvailable = intstr.FromInt(2) })
		for i := range nodes {
			env.EventuallyGone(ctx, &nodes[i])
		}
		env.EventuallyRunning(ctx, w)
		env.EventuallyNodes(ctx, pool, 3)
		expectLowest(available.Lowest, 2)
		env.ExpectPaired(ctx, pool)
	})

	// LIF-140, LIF-146, LIF-160..162, OPS-180, OPS-183: a protected pod holds the
	// node, but not beyond the grace period of the termination. Alone, because it
	// is about seconds.
	It("waits for a protected pod until the deadline leaves just its grace period", Serial, Label("long"), func(ctx SpecContext) {
		const whole, grace = 16 * time.Second, 10 * time.Second
		pool := env.NodePool(ctx, "default", func(p *v1.NodePool) {
			p.Spec.Template.Spec.TerminationGracePeriod = v1.DurationOf(whole)
		})
		seconds := int64(grace / time.Second)
		protected := objects.Workload{Name: env.Name("protected"), Replicas: 1, CPU: "1", Grace: &seconds,
			Annotations: map[string]string{v1.DoNotDisruptAnnotationKey: v1.LabelValueTrue}}
		ordinary := objects.Workload{Name: env.Name("ordinary"), Replicas: 1, CPU: "1"}
		env.Create(ctx, protected.Deployment(), ordinary.Deployment())
		pod := env.EventuallyRunning(ctx, protected)[0]
		env.EventuallyRunning(ctx, ordinary)
		env.EventuallySettled(ctx, pool)
		node := env.NodeOf(ctx, &pod)
		claim := env.ClaimOf(ctx, node)

		Expect(env.Delete(ctx, claim)).To(Succeed())
		env.Eventually(ctx, func(g Gomega) {
			g.Expect(env.Get(ctx, client.ObjectKeyFromObject(claim), claim)).To(Succeed())
			g.Expect(claim.Annotations).To(HaveKey(v1.NodeClaimTerminationTimestampAnnotationKey))
		})
		deadline, err := time.Parse(time.RFC3339, claim.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey])
		Expect(err).NotTo(HaveOccurred())
		Expect(deadline).To(BeTemporally("~", claim.DeletionTimestamp.Add(whole), time.Second))

		env.EventuallyEvent(ctx, claim, "TerminationGracePeriodExpiring")
		env.EventuallyEvent(ctx, &pod, "Disrupted")
		disrupted := env.Events(ctx, &pod)
		i := slices.IndexFunc(disrupted, func(ev corev1.Event) bool { return ev.Reason == "Disrupted" })
		Expect(disrupted[i].FirstTimestamp.Time).To(BeTemporally("~", deadline.Add(-grace), 2*time.Second))
		env.EventuallyGone(ctx, node)
		Expect(time.Now()).To(BeTemporally("<", deadline.Add(5*time.Second)))
		env.EventuallyGone(ctx, claim)
		env.EventuallyRunning(ctx, protected)
		env.EventuallyRunning(ctx, ordinary)
	})

	// LIF-140, LIF-141: pods that tolerate the taint, daemons or not, stay on the
	// node to its end. SCH-007: another node comes for what is not a daemon.
	It("is not held up by pods that tolerate it", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		blanket := []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		daemon := objects.Workload{Name: env.Name("daemon"), CPU: "100m", Tolerations: blanket}
		tolerant := objects.Workload{Name: env.Name("tolerant"), CPU: "1", Tolerations: blanket}
		env.Create(ctx, daemon.DaemonSet(), tolerant.Pod())
		pod := env.EventuallyRunning(ctx, tolerant)[0]
		env.EventuallyRunning(ctx, daemon)
		env.EventuallySettled(ctx, pool)
		node := env.NodeOf(ctx, &pod)
		claim := env.ClaimOf(ctx, node)

		Expect(env.Delete(ctx, node)).To(Succeed())
		env.EventuallyGone(ctx, node)
		env.EventuallyGone(ctx, claim)
		Expect(env.Messages(ctx, &pod, "Evicted")).To(BeEmpty())
		Expect(env.Messages(ctx, node, "FailedDraining")).To(BeEmpty())
		env.EventuallyNodes(ctx, pool, 1)
	})
})

func isDisrupted(t corev1.Taint) bool {
	return t.Key == v1.DisruptedTaintKey && t.Effect == corev1.TaintEffectNoSchedule
}

func expectLowest(lowest func() (int, error), want int) {
	GinkgoHelper()
	count, err := lowest()
	Expect(err).NotTo(HaveOccurred())
	Expect(count).To(BeNumerically(">=", want), "fewest ready pods")
}
