// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

// Each decision is validated 15s later, so these are among the longest. Pools begin
// to consolidate only once the nodes are as a test wants them.
var _ = Describe("Consolidation", SpecPriority(1), func() {
	// DIS-076, DIS-088, DIS-127, DIS-160, DIS-171, LIF-151: somebody else writes the
	// same objects meanwhile.
	It("gives up nodes whose pods fit on others after a scale-in, and launches nothing", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", sizes("4"))
		w := objects.Workload{Name: env.Name("work"), Replicas: 30, CPU: "1200m"}
		env.Create(ctx, w.Deployment(), w.Budget(15))
		env.EventuallyRunning(ctx, w)
		Expect(len(env.EventuallySettled(ctx, pool))).To(BeNumerically(">=", 10))
		env.Meddle(ctx, pool)
		turnover := env.WatchTurnover(ctx, pool)
		w.Replicas = 21
		env.Scale(ctx, w, w.Replicas)
		env.EventuallyRunning(ctx, w)
		available := env.WatchPods(ctx, w)

		env.Update(ctx, pool, func() { underutilized(pool) })
		env.Eventually(ctx, func(g Gomega) {
			g.Expect(len(env.Nodes(ctx, pool))).To(BeNumerically("<=", 8), "three pods fit on a node")
		})
		env.EventuallyRunning(ctx, w)
		env.ExpectRest(ctx, pool)
		Expect(tallyOf(turnover).Came).To(BeZero(), "NodeClaims created for a scale-in")
		lowest, err := available.Lowest()
		Expect(err).NotTo(HaveOccurred())
		Expect(lowest).To(BeNumerically(">=", 15), "available pods")
		Expect(commands(ctx, pool, "delete", "underutilized", "single")).To(BeNumerically(">=", 1))
		Expect(commands(ctx, pool, "replace", "underutilized", "")).To(BeZero())

		of(pool, w).goesOn(ctx, morePods(3))
	})

	// DIS-076, DIS-077, DIS-119, DIS-124, DIS-127, DIS-153, DIS-154, DIS-171, OPS-138,
	// OPS-191: and what was moved just now is not moved again for a few cents.
	It("replaces a node that is much too large by one that costs less", func(ctx SpecContext) {
		o := leaveOversized(ctx)
		turnover := env.WatchTurnover(ctx, o.pool)
		env.Update(ctx, o.pool, func() { underutilized(o.pool) })
		told := And(ContainSubstring("replace of node "+o.node.Name), ContainSubstring("estimated savings: $0.38 per hour"))
		Expect(env.EventuallyEvent(ctx, o.node, "ConsolidationCandidate")).To(told)
		Expect(env.EventuallyEvent(ctx, o.claim, "ConsolidationCandidate")).To(told)
		env.EventuallyGone(ctx, o.node)
		env.EventuallyRunning(ctx, o.small)
		node := &env.EventuallySettled(ctx, o.pool)[0]
		Expect(node.Labels).To(HaveKeyWithValue(objects.InstanceCPU, "2"))
		env.EventuallyEvent(ctx, env.ClaimOf(ctx, node), "DisruptionLaunching")
		env.EventuallyEvent(ctx, o.claim, "DisruptionTerminating")
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{Came: 1, Disrupted: 1, Serving: 1}), "the old one served until the new one did")
		Expect(commands(ctx, o.pool, "replace", "underutilized", "single")).To(BeEquivalentTo(1))

		available := env.WatchPods(ctx, o.small)
		o.large.Replicas = 1
		env.Scale(ctx, o.large, 1)
		env.EventuallyRunning(ctx, o.large)
		of(o.pool, o.small, o.large).rests(ctx)
		Expect(env.Nodes(ctx, o.pool)).To(HaveLen(2))
		Expect(movesOf(available)).To(BeZero(), "moves of a pod that was moved just now")
	})

	// DIS-076, DIS-077, DIS-088, DIS-124, DIS-013 (a wider choice is no drift): two
	// pods have no room on one of the nodes that there are, and have on one with more
	// memory.
	It("puts the pods of several badly used nodes on fewer others", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", sizes("8"), require(objects.InstanceFamily, corev1.NodeSelectorOpIn, "c"))
		w := objects.Workload{Name: env.Name("work"), Replicas: 4, CPU: "3500m", Memory: "9Gi"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		before := env.EventuallySettled(ctx, pool)
		Expect(before).To(HaveLen(4))
		turnover := env.WatchTurnover(ctx, pool)

		env.Update(ctx, pool, func() {
			underutilized(pool)
			requirements := pool.Spec.Template.Spec.Requirements
			pool.Spec.Template.Spec.Requirements = requirements[:len(requirements)-1]
		})
		for i := range before {
			env.EventuallyGone(ctx, &before[i])
		}
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.ExpectRest(ctx, pool)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(2))
		tally := tallyOf(turnover)
		Expect(tally.Came).To(Equal(2))
		Expect(tally.Serving).To(BeNumerically(">=", 2), "nodes in service at any one time")
		Expect(commands(ctx, pool, "replace", "underutilized", "multi")).To(BeNumerically(">=", 1))

		of(pool, w).goesOn(ctx, nodeDeleted())
	})

	// DIS-076: as many machines as are cheapest take the place of one.
	It("puts the pods of a large node on two small ones that cost less", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", sizes("4", "16"))
		large := objects.Workload{Name: env.Name("large"), Replicas: 1, CPU: "9"}
		w := objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "3"}
		env.Create(ctx, large.Deployment())
		env.EventuallyRunning(ctx, large)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		before := env.EventuallySettled(ctx, pool)
		Expect(before).To(HaveLen(1))
		turnover := env.WatchTurnover(ctx, pool)
		env.Scale(ctx, large, 0)
		env.Eventually(ctx, func(g Gomega) { g.Expect(env.Pods(ctx, large)).To(BeEmpty()) })

		env.Update(ctx, pool, func() { underutilized(pool) })
		Expect(env.EventuallyEvent(ctx, &before[0], "ConsolidationCandidate")).To(ContainSubstring("replacements: 2"))
		env.EventuallyGone(ctx, &before[0])
		env.EventuallyRunning(ctx, w)
		for _, node := range env.EventuallySettled(ctx, pool) {
			Expect(node.Labels).To(HaveKeyWithValue(objects.InstanceCPU, "4"))
		}
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{Came: 2, Disrupted: 1, Serving: 1}))
		of(pool, w).goesOn(ctx, podsDeleted(), morePods(1))
	})

	// DIS-103, DIS-105, DIS-126: a command that does not hold any more does nothing.
	It("lets a command go for pods that take the room meanwhile", func(ctx SpecContext) {
		s := leaveHalfEmpty(ctx, "default")[0]
		turnover, available := env.WatchTurnover(ctx, s.pool), env.WatchPods(ctx, s.work)
		env.Update(ctx, s.pool, func() { underutilized(s.pool) })
		candidate := s.eventuallyCandidate(ctx)
		late := s.filler
		late.Replicas = 2
		env.Scale(ctx, late, late.Replicas)
		env.EventuallyRunning(ctx, late)

		Expect(env.EventuallyEvent(ctx, candidate, "ConsolidationRejected")).To(ContainSubstring("rejected for "))
		env.ExpectRest(ctx, s.pool)
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{Serving: 2}), "no node came and none was given up")
		Expect(movesOf(available)).To(BeZero())
		of(s.pool, s.work, late).goesOn(ctx, morePods(1))
	})

	// DIS-119, DIS-127, DIS-146, SCH-007: pods that arrive too late for the validation.
	It("finds a place for pods that arrive while a node is given up", func(ctx SpecContext) {
		s := leaveHalfEmpty(ctx, "default")[0]
		turnover, available := env.WatchTurnover(ctx, s.pool), env.WatchPods(ctx, s.work)
		env.Update(ctx, s.pool, func() { underutilized(s.pool) })
		env.EventuallyNow(ctx, func() bool { return tallyOf(turnover).Disrupted > 0 })
		late := s.filler
		late.Replicas = 2
		env.Scale(ctx, late, late.Replicas)

		env.EventuallyRunning(ctx, late)
		env.EventuallyRunning(ctx, s.work)
		Expect(movesOf(available)).To(BeNumerically("<=", 1), "moves of pods")
		env.ExpectRest(ctx, s.pool)
		Expect(tallyOf(turnover).Came).To(BeNumerically("<=", 2), "NodeClaims for what came late")
	})
})

// oversized is a pool whose only node has sixteen processors, of which a pod needs
// one.
type oversized struct {
	pool         *v1.NodePool
	node         *corev1.Node
	claim        *v1.NodeClaim
	small, large objects.Workload
}

// leaveOversized takes away the large pod that the node was launched for.
func leaveOversized(ctx SpecContext) oversized {
	GinkgoHelper()
	o := oversized{
		pool:  env.NodePool(ctx, "default", sizes("2", "16")),
		small: objects.Workload{Name: env.Name("small"), Replicas: 1, CPU: "1"},
		large: objects.Workload{Name: env.Name("large"), Replicas: 1, CPU: "10"},
	}
	for _, w := range []objects.Workload{o.large, o.small} {
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
	}
	nodes := env.EventuallySettled(ctx, o.pool)
	Expect(nodes).To(HaveLen(1))
	o.node, o.claim = &nodes[0], env.ClaimOf(ctx, &nodes[0])
	o.large.Replicas = 0
	env.Scale(ctx, o.large, 0)
	env.Eventually(ctx, func(g Gomega) { g.Expect(env.Pods(ctx, o.large)).To(BeEmpty()) })
	return o
}

// halfEmpty is a pool with two nodes, each with one small pod, both of which fit on
// one.
type halfEmpty struct {
	pool         *v1.NodePool
	work, filler objects.Workload
}

// leaveHalfEmpty makes such pools, and takes away the pods that filled the nodes.
func leaveHalfEmpty(ctx SpecContext, names ...string) []halfEmpty {
	GinkgoHelper()
	sites := make([]halfEmpty, len(names))
	for i, name := range names {
		s := &sites[i]
		s.pool = env.NodePool(ctx, name, sizes("4"))
		in := map[string]string{v1.NodePoolLabelKey: s.pool.Name}
		s.work = objects.Workload{Name: env.Name(name), Replicas: 2, CPU: "800m", NodeSelector: in}
		s.filler = objects.Workload{Name: env.Name(name + "-filler"), Replicas: 2, CPU: "2500m", NodeSelector: in}
		env.Create(ctx, s.filler.Deployment())
	}
	for _, s := range sites {
		env.EventuallyRunning(ctx, s.filler)
		env.Create(ctx, s.work.Deployment())
	}
	for _, s := range sites {
		on := map[string]bool{}
		for _, pod := range env.EventuallyRunning(ctx, s.work) {
			on[pod.Spec.NodeName] = true
		}
		Expect(on).To(HaveLen(2), "nodes with a small pod")
		Expect(env.EventuallySettled(ctx, s.pool)).To(HaveLen(2))
		env.Scale(ctx, s.filler, 0)
	}
	for _, s := range sites {
		env.Eventually(ctx, func(g Gomega) { g.Expect(env.Pods(ctx, s.filler)).To(BeEmpty()) })
	}
	return sites
}

// eventuallyCandidate is the node that consolidation is about to give up.
func (s halfEmpty) eventuallyCandidate(ctx SpecContext) *corev1.Node {
	GinkgoHelper()
	var found *corev1.Node
	nodes := env.Nodes(ctx, s.pool)
	env.Eventually(ctx, func(g Gomega) {
		for i := range nodes {
			if len(env.Messages(ctx, &nodes[i], "ConsolidationCandidate")) > 0 {
				found = &nodes[i]
			}
		}
		g.Expect(found).NotTo(BeNil(), "one of the nodes is a candidate")
	})
	return found
}

// eventuallyTold waits for an event about an object with these words.
func eventuallyTold(ctx SpecContext, o client.Object, reason, words string) {
	GinkgoHelper()
	env.Eventually(ctx, func(g Gomega) {
		g.Expect(env.Messages(ctx, o, reason)).To(ContainElement(ContainSubstring(words)), "%s events about %s", reason, o.GetName())
	})
}

func tallyOf(t *environment.Turnover) environment.Tally {
	GinkgoHelper()
	tally, err := t.Tally()
	Expect(err).NotTo(HaveOccurred())
	return tally
}

// movesOf is how many pods have come since.
func movesOf(a *environment.Availability) int {
	GinkgoHelper()
	came, err := a.Came()
	Expect(err).NotTo(HaveOccurred())
	return came
}

// commands is how many commands about nodes of a pool were started (OPS-138); an empty
// kind counts all.
func commands(ctx SpecContext, pool *v1.NodePool, decision, reason, kind string) float64 {
	GinkgoHelper()
	metrics, err := env.Metrics(ctx)
	Expect(err).NotTo(HaveOccurred())
	labels := map[string]string{"nodepool": pool.Name, "decision": decision, "reason": reason}
	if kind != "" {
		labels["consolidation_type"] = kind
	}
	sum, _ := metrics.Sum("karpenter_voluntary_disruption_decisions_by_nodepool_total", labels)
	return sum
}

// unmarked fails unless nothing says any more that the node is to go.
func unmarked(ctx SpecContext, g Gomega, pool *v1.NodePool) {
	for _, node := range env.Nodes(ctx, pool) {
		g.Expect(node.Spec.Taints).NotTo(ContainElement(v1.DisruptedTaint()), "taints of %s", node.Name)
	}
	for _, claim := range env.Claims(ctx, pool) {
		g.Expect(claim.StatusConditions().Get(v1.ConditionTypeDisruptionReason)).To(BeNil(), "condition of %s", claim.Name)
	}
}
