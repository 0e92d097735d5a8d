// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

// unmoved is how long an adopted cluster is watched: some passes of disruption, with
// the time that a decision waits.
const unmoved = 40 * time.Second

// What another Karpenter has left is written while none runs.
var _ = Describe("A cluster that another Karpenter has run", Serial, Label("long"), func() {
	BeforeEach(func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		env.NodeClass(ctx)
		Expect(env.Karpenter.Kill(ctx)).To(Succeed())
	})
	AfterEach(func(ctx SpecContext) {
		Expect(env.Karpenter.Ensure(ctx, settings...)).To(Succeed())
		env.Restarted(ctx)
	})

	// API-091, API-094, API-096, API-097, LIF-215, LIF-216, DIS-012, LIF-271: none of
	// its nodes is given up, whatever hash they were born with.
	It("keeps its nodes and pods, and is managed from then on", func(ctx SpecContext) {
		busy := leavePool(ctx, "busy", current, underutilized).leave(ctx, 3)
		old := leavePool(ctx, "old", older, underutilized).leave(ctx, 2)
		bare := leavePool(ctx, "bare", unknown, underutilized).leave(ctx, 1)
		fixed := leavePool(ctx, "fixed", current, underutilized, replicas(2)).leave(ctx, 2)
		work, oldWork, bareWork := busy.load(ctx, 3), old.load(ctx, 2), bare.load(ctx, 1)
		stand := still(ctx, []*leftover{busy, old, bare, fixed}, work, oldWork, bareWork)
		stranger := leaveStranger(ctx)

		adopt(ctx)
		env.Consistently(ctx, unmoved, stand.holds(ctx))
		stand.expectUnmoved()
		for _, l := range []*leftover{busy, old, bare, fixed} {
			l.expectHashes(ctx)
		}
		Expect(env.Get(ctx, client.ObjectKeyFromObject(stranger), &corev1.Node{})).To(Succeed(), "a node that nobody launched")

		By("then: pods come that have room on its nodes")
		more := objects.Workload{Name: env.Name("more"), Replicas: 2, CPU: "500m", NodeSelector: work.NodeSelector}
		env.Create(ctx, more.Deployment())
		env.EventuallyRunning(ctx, more)
		Expect(env.Claims(ctx, busy.pool)).To(ConsistOf(haveUIDs(busy.claims)), "nothing is launched for them")

		By("then: a node is needed no longer")
		work.Replicas--
		env.Scale(ctx, work, work.Replicas)
		env.EventuallyNodes(ctx, busy.pool, 2)
		env.EventuallyRunning(ctx, work)
		env.EventuallyRunning(ctx, more)

		By("then: the template is changed")
		changed := &fleet{pool: old.pool, work: oldWork, claims: old.claims}
		changed.revise(ctx, "2")
		changed.eventuallyReplaced(ctx)
		onStage([]*v1.NodePool{busy.pool, old.pool, bare.pool}, work, oldWork, bareWork, more).goesOn(ctx, controllerRestarts(), podsDeleted())
	})

	// API-096, DIS-012: nodes that had drifted before the take-over still have to go.
	// LIF-047, API-029: its nodes count. DIS-133: what a lost command has marked is free
	// again.
	It("is judged by what it holds", func(ctx SpecContext) {
		drifted := leavePool(ctx, "drifted", older, drifting("0")).leave(ctx, 1)
		drifted.mark(ctx, "Drifted", "NodePoolDrifted")
		full := leavePool(ctx, "full", current, limit(corev1.ResourceCPU, "4")).leave(ctx, 1)
		marked := leavePool(ctx, "marked", current).leave(ctx, 1)
		marked.mark(ctx, "DisruptionReason", "Underutilized")
		env.Update(ctx, &marked.nodes[0], func() {
			marked.nodes[0].Spec.Taints = []corev1.Taint{{Key: "karpenter.sh/disrupted", Effect: corev1.TaintEffectNoSchedule}}
		})
		env.Create(ctx, marked.own("4m").Pod())
		driftedWork, fullWork := drifted.load(ctx, 1), full.load(ctx, 1)
		stand := still(ctx, []*leftover{full}, fullWork)
		waiting := full.own("3")
		env.Create(ctx, waiting.Pod())

		adopt(ctx)
		env.Eventually(ctx, func(g Gomega) { unmarked(ctx, g, marked.pool) })
		env.Consistently(ctx, unmoved, func(g Gomega) {
			stand.holds(ctx)(g)
			claims := env.Claims(ctx, drifted.pool)
			g.Expect(claims).To(ConsistOf(haveUIDs(drifted.claims)))
			condition := claims[0].StatusConditions().Get(v1.ConditionTypeDrifted)
			g.Expect(condition.IsTrue()).To(BeTrue(), "a drifted node has still drifted")
		})
		stand.expectUnmoved()
		claim := env.Claims(ctx, drifted.pool)[0]
		Expect(claim.Annotations).To(HaveKeyWithValue(poolHashVersion, "v3"))
		Expect(claim.Annotations).To(HaveKeyWithValue(poolHash, older.hash))

		By("then: the budget lets it go, and the limit is raised")
		env.Update(ctx, drifted.pool, func() { drifting("1")(drifted.pool) })
		(&fleet{pool: drifted.pool, work: driftedWork, claims: drifted.claims}).eventuallyReplaced(ctx)
		env.Update(ctx, full.pool, func() { limit(corev1.ResourceCPU, "8")(full.pool) })
		env.EventuallyRunning(ctx, waiting)
		env.EventuallyNodes(ctx, full.pool, 2)
	})

	// LIF-069, LIF-080, LIF-271, KWOK-031: what it had begun.
	It("sees its launches and its drains through", func(ctx SpecContext) {
		unfinished := leavePool(ctx, "unfinished", current, underutilized)
		unfinished.leavePlanned(ctx)
		unfinished.leaveLaunched(ctx)
		work := unfinished.load(ctx, 2)
		leaving := leavePool(ctx, "leaving", current).leave(ctx, 1)
		moved := leaving.load(ctx, 1)
		env.EventuallyRunning(ctx, moved)
		Expect(env.Delete(ctx, &leaving.claims[0])).To(Succeed())
		env.Update(ctx, &leaving.nodes[0], func() {
			leaving.nodes[0].Spec.Taints = []corev1.Taint{{Key: "karpenter.sh/disrupted", Effect: corev1.TaintEffectNoSchedule}}
		})
		turnover := env.WatchTurnover(ctx, unfinished.pool)

		adopt(ctx)
		env.EventuallyRunning(ctx, work)
		env.EventuallySettled(ctx, unfinished.pool)
		env.ExpectPaired(ctx, unfinished.pool)
		Expect(env.Claims(ctx, unfinished.pool)).To(ConsistOf(haveUIDs(unfinished.claims)))
		env.EventuallyGone(ctx, &leaving.claims[0])
		env.EventuallyGone(ctx, &leaving.nodes[0])
		env.EventuallyRunning(ctx, moved)
		env.EventuallyNodes(ctx, leaving.pool, 1)
		onStage([]*v1.NodePool{unfinished.pool, leaving.pool}, work, moved).goesOn(ctx, podsDeleted())
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{}), "nothing else was launched, nothing given up")
	})
})

// adopt starts the controller on what is there.
func adopt(ctx SpecContext) {
	GinkgoHelper()
	Expect(env.Karpenter.Start(ctx, settings...)).To(Succeed())
	env.Restarted(ctx)
}

// replicas makes a pool static.
func replicas(count int64) func(*v1.NodePool) {
	return func(pool *v1.NodePool) {
		pool.Spec.Replicas = &count
		pool.Spec.Limits = v1.Limits{}
	}
}

// own is a single pod on the pool's nodes.
func (l *leftover) own(cpu string) objects.Workload {
	return objects.Workload{Name: l.pool.Name + "-own", CPU: cpu, NodeSelector: map[string]string{poolLabel: l.pool.Name}}
}

// mark adds a condition to the NodeClaim of the only node.
func (l *leftover) mark(ctx SpecContext, condition, reason string) {
	GinkgoHelper()
	conditions := environment.True("Launched", "Registered", "Initialized", "Ready", condition)
	last := conditions[len(conditions)-1].(map[string]any)
	last["reason"], last["message"] = reason, reason
	env.WriteStatus(ctx, &l.claims[0], statusOf(&l.nodes[0], conditions...))
}

// expectHashes sees that the pool and its NodeClaims carry the hash of the template as
// it is (API-096).
func (l *leftover) expectHashes(ctx SpecContext) {
	GinkgoHelper()
	Expect(env.Get(ctx, client.ObjectKeyFromObject(l.pool), l.pool)).To(Succeed())
	want := l.templateHash()
	Expect(l.pool.Annotations).To(And(HaveKeyWithValue(poolHash, want), HaveKeyWithValue(poolHashVersion, "v3")))
	for _, claim := range env.Claims(ctx, l.pool) {
		Expect(claim.Annotations).To(And(HaveKeyWithValue(poolHash, want), HaveKeyWithValue(poolHashVersion, "v3")), "NodeClaim %s", claim.Name)
	}
}

// standing is what must stay as it is, watched from before the take-over on.
type standing struct {
	left      []*leftover
	turnovers []*environment.Turnover
	pods      []*environment.Availability
}

// still waits until all pods of the workloads run, and begins to watch.
func still(ctx SpecContext, left []*leftover, workloads ...objects.Workload) *standing {
	GinkgoHelper()
	s := &standing{left: left}
	for _, w := range workloads {
		env.EventuallyRunning(ctx, w)
		s.pods = append(s.pods, env.WatchPods(ctx, w))
	}
	for _, l := range left {
		s.turnovers = append(s.turnovers, env.WatchTurnover(ctx, l.pool))
	}
	return s
}

// holds looks at what is left now: the same nodes, without a taint, and no sign that
// one is to go.
func (s *standing) holds(ctx SpecContext) func(Gomega) {
	return func(g Gomega) {
		for _, l := range s.left {
			claims, nodes := env.Claims(ctx, l.pool), env.Nodes(ctx, l.pool)
			g.Expect(claims).To(ConsistOf(haveUIDs(l.claims)), "NodeClaims of %s", l.pool.Name)
			g.Expect(nodes).To(HaveLen(len(l.nodes)), "nodes of %s", l.pool.Name)
			for i := range claims {
				for _, kind := range []string{v1.ConditionTypeDrifted, v1.ConditionTypeDisruptionReason} {
					g.Expect(claims[i].StatusConditions().Get(kind)).To(BeNil(), "%s of NodeClaim %s", kind, claims[i].Name)
				}
				g.Expect(claims[i].StatusConditions().Root().IsTrue()).To(BeTrue(), "NodeClaim %s is ready", claims[i].Name)
			}
			for i := range nodes {
				g.Expect(nodes[i].DeletionTimestamp).To(BeNil(), "node %s stays", nodes[i].Name)
				g.Expect(nodes[i].Spec.Taints).To(BeEmpty(), "taints of %s", nodes[i].Name)
			}
		}
	}
}

// expectUnmoved sees that at no time a NodeClaim came or went, or a pod was moved.
func (s *standing) expectUnmoved() {
	GinkgoHelper()
	for i, turnover := range s.turnovers {
		Expect(tallyOf(turnover)).To(Equal(environment.Tally{Serving: len(s.left[i].claims)}), "NodePool %s", s.left[i].pool.Name)
	}
	for _, pods := range s.pods {
		Expect(movesOf(pods)).To(BeZero(), "pods that were started anew")
	}
}

// haveUIDs matches each of the NodeClaims, as it may be by now.
func haveUIDs(claims []v1.NodeClaim) []any {
	var out []any
	for i := range claims {
		out = append(out, HaveField("UID", claims[i].UID))
	}
	return out
}

// leaveStranger makes a node that no Karpenter has launched.
func leaveStranger(ctx SpecContext) *corev1.Node {
	GinkgoHelper()
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: env.Name("stranger"), Labels: objects.Marked(nil)},
		Spec: corev1.NodeSpec{
			ProviderID: "other://stranger",
			Taints:     []corev1.Taint{{Key: "CriticalAddonsOnly", Effect: corev1.TaintEffectNoSchedule}},
		},
	}
	env.Create(ctx, node)
	return node
}
