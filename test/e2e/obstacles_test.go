// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// obstacle is what keeps consolidation from the two nodes of a pool, of which one
// would do.
type obstacle struct {
	name string
	// pool says how the pool gives up nodes; nil for as soon as may be.
	pool func(*v1.NodePool)
	// set puts up what else is in the way, lift takes all away; nil if nothing has to
	// be done.
	set, lift func(SpecContext, halfEmpty)
	// event tells of it, in these words, on the pool or on its nodes. Without one
	// there is no obstacle.
	event, words string
	onPool       bool
}

// What is in the way is told of, and works until it is gone.
var _ = Describe("Consolidation", SpecPriority(1), func() {
	overcome := func(ctx SpecContext, obstacles []obstacle) {
		GinkgoHelper()
		var names []string
		for _, o := range obstacles {
			names = append(names, o.name)
		}
		sites := leaveHalfEmpty(ctx, names...)
		var pools []*v1.NodePool
		for i, o := range obstacles {
			if o.set != nil {
				o.set(ctx, sites[i])
			}
			if o.pool == nil {
				o.pool = underutilized
			}
			change(o.pool)(ctx, sites[i])
			pools = append(pools, sites[i].pool)
		}
		env.Meddle(ctx, pools...)
		for i, o := range obstacles {
			o.expectTold(ctx, pools[i])
		}
		for i, o := range obstacles {
			if o.lift != nil {
				Expect(env.Nodes(ctx, pools[i])).To(HaveLen(2), "nodes of %s", o.name)
				Expect(env.Claims(ctx, pools[i])).To(HaveLen(2), "NodeClaims of %s", o.name)
				o.lift(ctx, sites[i])
			}
		}
		for i := range obstacles {
			env.EventuallyNodes(ctx, pools[i], 1)
			env.EventuallyRunning(ctx, sites[i].work)
		}
		env.ExpectRest(ctx, pools...)
	}

	// DIS-029, DIS-032, DIS-033, DIS-035, DIS-037, DIS-101, OPS-188.
	It("leaves nodes alone that an annotation or a budget of pods protects, until it does no more", func(ctx SpecContext) {
		overcome(ctx, []obstacle{
			{name: "free"},
			{name: "pods", set: onPods(v1.LabelValueTrue), lift: onPods(""), event: "DisruptionBlocked", words: v1.DoNotDisruptAnnotationKey},
			{name: "span", set: onPods("45s"), event: "DisruptionBlocked", words: v1.DoNotDisruptAnnotationKey},
			{name: "nodes", set: onNodes(v1.LabelValueTrue), lift: onNodes(""), event: "DisruptionBlocked", words: v1.DoNotDisruptAnnotationKey},
			{name: "evictions", set: withBudget, lift: withoutBudget, event: "DisruptionBlocked", words: "PodDisruptionBudget"},
		})
	})

	// DIS-050, DIS-052, DIS-055, DIS-057, DIS-075, OPS-189, OPS-190.
	It("leaves nodes alone that their pool wants to keep, until it does no more", func(ctx SpecContext) {
		const reason = v1.DisruptionReasonUnderutilized
		freeze := v1.Budget{Nodes: "0", Reasons: []v1.DisruptionReason{reason}}
		others := v1.Budget{Nodes: "0", Reasons: []v1.DisruptionReason{v1.DisruptionReasonDrifted, v1.DisruptionReasonEmpty}}
		open := change(underutilized)
		overcome(ctx, []obstacle{
			{name: "budget", pool: budget(freeze), lift: change(budget(v1.Budget{Nodes: "1"})), event: "DisruptionBlocked", words: string(reason), onPool: true},
			{name: "now", pool: budget(window(freeze, -10*time.Minute)), lift: change(budget(window(freeze, 6*time.Hour))),
				event: "DisruptionBlocked", words: string(reason), onPool: true},
			{name: "later", pool: budget(window(freeze, 6*time.Hour))},
			{name: "others", pool: budget(others)},
			{name: "empty", pool: consolidate("0s", "100%"), lift: open, event: "Unconsolidatable", words: "lets empty nodes go only"},
			{name: "never", pool: consolidate(v1.Never, "100%"), lift: open, event: "Unconsolidatable", words: "turns consolidation off"},
		})
	})
})

// expectTold waits until the obstacle is told of, or the node that is not needed is
// gone.
func (o obstacle) expectTold(ctx SpecContext, pool *v1.NodePool) {
	GinkgoHelper()
	switch {
	case o.event == "":
		env.EventuallyNodes(ctx, pool, 1)
	case o.onPool:
		eventuallyTold(ctx, pool, o.event, o.words)
	default:
		for _, node := range env.Nodes(ctx, pool) {
			eventuallyTold(ctx, &node, o.event, o.words)
		}
	}
}

// change changes the pool of a site.
func change(to func(*v1.NodePool)) func(SpecContext, halfEmpty) {
	return func(ctx SpecContext, s halfEmpty) { env.Update(ctx, s.pool, func() { to(s.pool) }) }
}

// budget has a pool give up badly used nodes within a budget.
func budget(b v1.Budget) func(*v1.NodePool) {
	return func(pool *v1.NodePool) {
		underutilized(pool)
		pool.Spec.Disruption.Budgets = []v1.Budget{b}
	}
}

// withBudget lets no pod of a site be evicted.
func withBudget(ctx SpecContext, s halfEmpty) {
	allows := s.work.Budget(2)
	env.Create(ctx, allows)
	env.Eventually(ctx, func(g Gomega) {
		g.Expect(env.Get(ctx, client.ObjectKeyFromObject(allows), allows)).To(Succeed())
		g.Expect(allows.Status.CurrentHealthy).To(BeEquivalentTo(2))
	})
}

func withoutBudget(ctx SpecContext, s halfEmpty) {
	Expect(env.Delete(ctx, s.work.Budget(2))).To(Succeed())
}

// onPods annotates the pods of a site; empty takes the annotation away.
func onPods(value string) func(SpecContext, halfEmpty) {
	return func(ctx SpecContext, s halfEmpty) {
		for _, pod := range env.Pods(ctx, s.work) {
			annotate(ctx, &pod, value)
		}
	}
}

// onNodes annotates the nodes of a site; empty takes the annotation away.
func onNodes(value string) func(SpecContext, halfEmpty) {
	return func(ctx SpecContext, s halfEmpty) {
		for _, node := range env.Nodes(ctx, s.pool) {
			annotate(ctx, &node, value)
		}
	}
}

// annotate protects a pod or node, or, if empty, does so no more.
func annotate(ctx SpecContext, o client.Object, value string) {
	GinkgoHelper()
	text := "null"
	if value != "" {
		text = fmt.Sprintf("%q", value)
	}
	Expect(env.Merge(ctx, o, fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, v1.DoNotDisruptAnnotationKey, text))).To(Succeed())
}

// window has a budget act for an hour each day, from so long after now on.
func window(b v1.Budget, after time.Duration) v1.Budget {
	start := time.Now().UTC().Add(after)
	b.Schedule, b.Duration = fmt.Sprintf("%d %d * * *", start.Minute(), start.Hour()), "1h"
	return b
}
