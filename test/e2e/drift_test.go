// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

// The pods of these tests fill a node each, so that each node that goes needs another
// one.
var _ = Describe("Drift", SpecPriority(1), func() {
	// DIS-012, DIS-013, DIS-018, DIS-049, DIS-054, DIS-108, DIS-110, DIS-124, DIS-160,
	// API-091: somebody else writes the same objects meanwhile. A budget of pods, too,
	// is kept.
	It("replaces all nodes of a pool, as many at a time as its budget allows", func(ctx SpecContext) {
		const nodes = 6
		s := runFull(ctx, env.NodePool(ctx, "default", sizes("4"), drifting("2")), nodes)
		env.Create(ctx, s.work.Budget(nodes-2))
		env.Meddle(ctx, s.pool)
		turnover, available := env.WatchTurnover(ctx, s.pool), env.WatchPods(ctx, s.work)
		s.revise(ctx, "2")
		s.eventuallyReplaced(ctx)
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{Came: nodes, Disrupted: 2, Serving: nodes}))
		lowest, err := available.Lowest()
		Expect(err).NotTo(HaveOccurred())
		Expect(lowest).To(BeNumerically(">=", nodes-2), "available pods")
		Expect(movesOf(available)).To(Equal(nodes), "each pod was moved once")
		for _, node := range env.Nodes(ctx, s.pool) {
			Expect(node.Labels).To(HaveKeyWithValue(revision, "2"))
		}

		By("then: other nodes are asked for, all at once")
		turnover = env.WatchTurnover(ctx, s.pool)
		s.claims = env.Claims(ctx, s.pool)
		env.Update(ctx, s.pool, func() {
			drifting("100%")(s.pool)
			require(objects.InstanceFamily, corev1.NodeSelectorOpIn, "s")(s.pool)
		})
		s.eventuallyReplaced(ctx)
		tally := tallyOf(turnover)
		Expect(tally.Came).To(Equal(nodes))
		Expect(tally.Serving).To(Equal(nodes))
		of(s.pool, s.work).goesOn(ctx, nodeDeleted())
	})

	// DIS-018: what is taken back half-way is taken back.
	It("ends where the change that caused it is taken back", func(ctx SpecContext) {
		const nodes = 4
		s := runFull(ctx, env.NodePool(ctx, "default", sizes("4"), drifting("1")), nodes)
		turnover := env.WatchTurnover(ctx, s.pool)
		s.revise(ctx, "2")
		env.Eventually(ctx, func(g Gomega) {
			g.Expect(env.Claims(ctx, s.pool)).To(ContainElement(HaveField("Labels", HaveKeyWithValue(revision, "2"))))
		})
		s.revise(ctx, "1")
		env.Eventually(ctx, func(g Gomega) {
			for _, claim := range env.Claims(ctx, s.pool) {
				g.Expect(claim.Labels).To(HaveKeyWithValue(revision, "1"))
			}
		})
		s.eventuallyUndrifted(ctx)
		tally := tallyOf(turnover)
		Expect(tally.Came).To(BeNumerically("<=", nodes), "nodes that came to go again")
		Expect(tally.Disrupted).To(Equal(1))
		of(s.pool, s.work).goesOn(ctx, morePods(1))
	})

	// DIS-029, DIS-032, DIS-037, DIS-057, DIS-109, DIS-111: a drain that is bounded in
	// time waits for no pod, any other does.
	It("waits for what protects nodes and pods", func(ctx SpecContext) {
		frozen := runFull(ctx, env.NodePool(ctx, "frozen", sizes("4"), drifting("0")), 1)
		kept := runFull(ctx, env.NodePool(ctx, "kept", sizes("4"), drifting("1")), 1)
		pods := runFull(ctx, env.NodePool(ctx, "pods", sizes("4"), drifting("1")), 1)
		bounded := runFull(ctx, env.NodePool(ctx, "bounded", sizes("4"), drifting("1"), func(p *v1.NodePool) {
			p.Spec.Template.Spec.TerminationGracePeriod = "5s"
		}), 1)
		onNodes(v1.LabelValueTrue)(ctx, halfEmpty{pool: kept.pool})
		onPods(v1.LabelValueTrue)(ctx, halfEmpty{work: pods.work})
		onPods(v1.LabelValueTrue)(ctx, halfEmpty{work: bounded.work})
		all := []*fleet{frozen, kept, pods, bounded}
		for _, s := range all {
			s.revise(ctx, "2")
		}

		bounded.eventuallyReplaced(ctx)
		eventuallyTold(ctx, frozen.pool, "DisruptionBlocked", string(v1.DisruptionReasonDrifted))
		for _, s := range []*fleet{kept, pods} {
			eventuallyTold(ctx, &env.Nodes(ctx, s.pool)[0], "DisruptionBlocked", v1.DoNotDisruptAnnotationKey)
		}
		for _, s := range []*fleet{frozen, kept, pods} {
			env.EventuallyCondition(ctx, &s.claims[0], v1.ConditionTypeDrifted, metav1.ConditionTrue)
			Expect(env.Claims(ctx, s.pool)).To(HaveLen(1), "NodeClaims of %s", s.pool.Name)
		}
		env.Update(ctx, frozen.pool, func() { drifting("1")(frozen.pool) })
		onNodes("")(ctx, halfEmpty{pool: kept.pool})
		onPods("")(ctx, halfEmpty{work: pods.work})
		for _, s := range all {
			s.eventuallyReplaced(ctx)
		}
	})

	// DIS-011, DIS-017, KWOK-039: nodes of which the provider says so.
	It("is shown with the provider's reason, and ends with it", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		s := runFull(ctx, env.NodePool(ctx, "default", sizes("4"), drifting("0")), 1)
		env.Update(ctx, class, func() { inject(class, "drift-reason", "ImageDrifted") })
		found := env.EventuallyCondition(ctx, &s.claims[0], v1.ConditionTypeDrifted, metav1.ConditionTrue)
		Expect(found.Reason).To(Equal("ImageDrifted"))
		eventuallyTold(ctx, s.pool, "DisruptionBlocked", string(v1.DisruptionReasonDrifted))
		env.Update(ctx, class, func() { class.SetAnnotations(nil) })
		s.eventuallyUndrifted(ctx)
		Expect(env.Claims(ctx, s.pool)).To(ConsistOf(HaveField("UID", s.claims[0].UID)))
	})
})

// revision is a label of templates that changes.
const revision = "example.com/revision"

// drifting has a pool give up so many drifted nodes at a time.
func drifting(nodes string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) {
		pool.Spec.Disruption.Budgets = []v1.Budget{{Nodes: nodes}}
		if pool.Spec.Template.ObjectMeta.Labels[revision] == "" {
			pool.Spec.Template.ObjectMeta.Labels[revision] = "1"
		}
	}
}

// fleet is a pool with one pod on each node, and what NodeClaims it began with.
type fleet struct {
	pool   *v1.NodePool
	work   objects.Workload
	claims []v1.NodeClaim
}

// runFull fills so many nodes of a pool of four processors.
func runFull(ctx SpecContext, pool *v1.NodePool, nodes int) *fleet {
	GinkgoHelper()
	s := &fleet{pool: pool, work: objects.Workload{
		Name: pool.Name, Replicas: int32(nodes), CPU: "3", NodeSelector: map[string]string{v1.NodePoolLabelKey: pool.Name},
	}}
	env.Create(ctx, s.work.Deployment())
	env.EventuallyRunning(ctx, s.work)
	Expect(env.EventuallySettled(ctx, pool)).To(HaveLen(nodes))
	s.claims = env.Claims(ctx, pool)
	return s
}

// revise changes the pool's template.
func (s *fleet) revise(ctx SpecContext, to string) {
	GinkgoHelper()
	env.Update(ctx, s.pool, func() { s.pool.Spec.Template.ObjectMeta.Labels[revision] = to })
}

// eventuallyReplaced waits until none of the first NodeClaims is left, all is as the
// pool asks for, and the pods run.
func (s *fleet) eventuallyReplaced(ctx SpecContext) {
	GinkgoHelper()
	for i := range s.claims {
		env.EventuallyGone(ctx, &s.claims[i])
	}
	s.eventuallyUndrifted(ctx)
}

func (s *fleet) eventuallyUndrifted(ctx SpecContext) {
	GinkgoHelper()
	env.EventuallyRunning(ctx, s.work)
	env.Eventually(ctx, func(g Gomega) {
		for _, claim := range env.Claims(ctx, s.pool) {
			g.Expect(claim.StatusConditions().Get(v1.ConditionTypeDrifted)).To(BeNil(), "drift of %s", claim.Name)
		}
		unmarked(ctx, g, s.pool)
	})
	Expect(env.EventuallySettled(ctx, s.pool)).To(HaveLen(int(s.work.Replicas)))
	env.ExpectPaired(ctx, s.pool)
}

// Replacements that do not come into service cost a machine once in a while, and no
// node.
var _ = Describe("A replacement", SpecPriority(1), Label("long"), func() {
	// DIS-123, DIS-125, DIS-129, DIS-173, LIF-079, KWOK-039.
	It("that cannot be launched leaves the node as it was, and is tried again after a while", func(ctx SpecContext) {
		o := leaveOversized(ctx)
		class := env.NodeClass(ctx)
		env.Update(ctx, class, func() { inject(class, "create-error", "InsufficientCapacity") })
		turnover, available := env.WatchTurnover(ctx, o.pool), env.WatchPods(ctx, o.small)
		env.Update(ctx, o.pool, func() { underutilized(o.pool) })
		env.Eventually(ctx, func(g Gomega) { g.Expect(tallyOf(turnover).Came).To(Equal(1)) })
		env.EventuallyNodes(ctx, o.pool, 1)
		env.Eventually(ctx, func(g Gomega) { unmarked(ctx, g, o.pool) })
		eventuallyTold(ctx, o.node, "DisruptionBlocked", "left alone for a while")
		tally := tallyOf(turnover)
		Expect(tally.Came).To(Equal(1), "NodeClaims for one command")
		Expect(tally.Disrupted).To(BeNumerically(">=", 1), "the node was marked")
		Expect(tally.Serving).To(Equal(1))
		Expect(movesOf(available)).To(BeZero())

		env.Update(ctx, class, func() { class.SetAnnotations(nil) })
		env.EventuallyGone(ctx, o.node)
		env.EventuallyRunning(ctx, o.small)
		node := &env.EventuallySettled(ctx, o.pool)[0]
		Expect(node.Labels).To(HaveKeyWithValue(objects.InstanceCPU, "2"))
		tally = tallyOf(turnover)
		Expect(tally.Came).To(Equal(2), "NodeClaims for two commands")
		Expect(tally.Serving).To(Equal(1))
		of(o.pool, o.small).goesOn(ctx, podsDeleted())
	})

	// DIS-113, DIS-124, DIS-125, DIS-129, KWOK-039.
	It("that never comes up is waited for, and once it is deleted the node is as it was", func(ctx SpecContext) {
		s := runFull(ctx, env.NodePool(ctx, "default", sizes("4"), drifting("1")), 2)
		class := env.NodeClass(ctx)
		env.Update(ctx, class, func() { inject(class, "never-register", "true") })
		env.Meddle(ctx, s.pool)
		turnover, available := env.WatchTurnover(ctx, s.pool), env.WatchPods(ctx, s.work)
		s.revise(ctx, "2")
		var stuck *v1.NodeClaim
		env.Eventually(ctx, func(g Gomega) {
			for _, claim := range env.Claims(ctx, s.pool) {
				if claim.Labels[revision] == "2" {
					stuck = &claim
				}
			}
			g.Expect(stuck).NotTo(BeNil(), "a replacement")
		})
		env.EventuallyEvent(ctx, stuck, "DisruptionWaitingReadiness")
		marked := 0
		for _, node := range env.Nodes(ctx, s.pool) {
			if slices.ContainsFunc(node.Spec.Taints, isDisrupted) {
				marked++
				env.EventuallyCondition(ctx, env.ClaimOf(ctx, &node), v1.ConditionTypeDisruptionReason, metav1.ConditionTrue)
			}
		}
		Expect(marked).To(Equal(1), "nodes that are to go")
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{Came: 1, Disrupted: 1, Serving: 2}))

		Expect(env.Delete(ctx, stuck)).To(Succeed())
		env.EventuallyNodes(ctx, s.pool, 2)
		env.Eventually(ctx, func(g Gomega) {
			unmarked(ctx, g, s.pool)
			metrics, err := env.Metrics(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			count, _ := metrics.Sum("karpenter_voluntary_disruption_drift_backoffs_total", map[string]string{"nodepool": s.pool.Name})
			g.Expect(count).To(BeEquivalentTo(1))
		})
		Expect(tallyOf(turnover).Came).To(Equal(1), "NodeClaims for one command")
		Expect(movesOf(available)).To(BeZero())

		env.Update(ctx, class, func() { class.SetAnnotations(nil) })
		s.eventuallyReplaced(ctx)
		tally := tallyOf(turnover)
		Expect(tally.Came).To(Equal(3), "one more for each node")
		Expect(tally.Serving).To(Equal(2))
		of(s.pool, s.work).goesOn(ctx, podsDeleted())
	})
})
