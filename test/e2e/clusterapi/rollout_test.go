// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/machines/v1alpha1"
)

var _ = Describe("Owners of MachineDeployments", func() {
	// CAPI-036, CAPI-040, CAPI-058: a roll-out replaces Machines under NodeClaims, and more
	// are launched and given back meanwhile.
	It("roll out another template while pods come and go", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		before := objects.UIDs(env.Claims(ctx, pool))

		rollOut(ctx, d)
		env.Eventually(ctx, func(g Gomega) { g.Expect(onTemplate(ctx, d, next(d))).To(BeNumerically(">", 0)) })
		w.Replicas = 5
		env.Scale(ctx, w, 5)
		env.EventuallyWithin(ctx, 4*time.Minute, func(g Gomega) {
			g.Expect(onTemplate(ctx, d, next(d))).To(Equal(len(machinesOf(ctx, d))), "Machines of the new template")
			g.Expect(env.Claims(ctx, pool)).To(HaveLen(5))
		})
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectBound(ctx, pool)
		for _, claim := range env.Claims(ctx, pool) {
			Expect(before).NotTo(ContainElement(claim.UID), "NodeClaims end with their Machines")
		}
		// What the roll-out made beyond what was needed is taken by the next who asks, or
		// collected after a quarter of an hour (CAPI-056).
		Expect(replicas(ctx, d)).To(BeNumerically("<=", 5+1))
		w.Replicas = 6
		env.Scale(ctx, w, 6)
		env.EventuallyRunning(ctx, w)
		eventuallyBacked(ctx, d, 6)
	})

	// CAPI-059, CAPI-056: what is given back in the middle of a roll-out goes, whichever set
	// shrinks, and what it made for NodeClaims that went is collected.
	It("roll out another template while nodes go", Label("long"), func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = "0s" })
		w := filling(4)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		rollOut(ctx, d)
		env.Scale(ctx, w, 0)
		env.EventuallyWithin(ctx, 5*time.Minute, func(g Gomega) {
			g.Expect(env.Claims(ctx, pool)).To(BeEmpty())
			g.Expect(env.Nodes(ctx, pool)).To(BeEmpty())
		})
		eventuallyBackedWithin(ctx, surplus+collected, d, 0)
	})

	// CAPI-120: a MachineDeployment that keeps Machines nobody asked for is left alone, and
	// taken back when it has settled.
	It("have one run away", Label("long"), func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		setReplicas(ctx, d, 3)
		env.Eventually(ctx, func(g Gomega) { g.Expect(joined(ctx, d)).To(Equal(3)) })
		set := setOf(ctx, d)
		merge(ctx, set, `{"metadata":{"annotations":{"cluster.x-k8s.io/paused":""}}}`)
		resume := func() { merge(ctx, set, `{"metadata":{"annotations":{"cluster.x-k8s.io/paused":null}}}`) }
		defer resume() // or nothing of it goes
		setReplicas(ctx, d, 0)
		env.EventuallyWithin(ctx, 3*time.Minute, func(g Gomega) {
			g.Expect(env.Messages(ctx, env.NodeClass(ctx), "MachinesOutnumberReplicas")).NotTo(BeEmpty())
		})
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.Consistently(ctx, calm, func(g Gomega) {
			g.Expect(replicas(ctx, d)).To(BeZero())
			g.Expect(env.Nodes(ctx, pool)).To(BeEmpty())
		})

		By("then: it does what it is told")
		resume()
		env.EventuallyWithin(ctx, 12*time.Minute, func(g Gomega) {
			g.Expect(env.Nodes(ctx, pool)).To(HaveLen(1))
		})
		env.EventuallyRunning(ctx, w)
		eventuallyBacked(ctx, d, 1)
	})

	// CAPI-016: somebody else's replicas are told of.
	It("write replicas against Karpenter", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		setReplicas(ctx, d, 3)
		env.EventuallyEvent(ctx, env.NodeClass(ctx), "ReplicasOverwritten")
		setReplicas(ctx, d, 2)
	})

	// CAPI-058: a Machine that somebody deletes takes its NodeClaim with it, and the one
	// that comes in its place is not bought twice.
	It("delete a Machine", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		victim := env.Claims(ctx, pool)[0]
		Expect(management.Delete(ctx, machineOf(ctx, &victim))).To(Succeed())
		env.EventuallyGone(ctx, &victim)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 2)
		expectBound(ctx, pool)
	})
})

// surplus is how long a Machine that a roll-out made and nobody claims is kept (CAPI-056).
const surplus = 15 * time.Minute

func next(d *clusterv1.MachineDeployment) string { return d.Name + "-next" }

// rollOut gives a MachineDeployment another template of hosts.
func rollOut(ctx context.Context, d *clusterv1.MachineDeployment) {
	GinkgoHelper()
	template := &v1alpha1.FakeMachineTemplate{}
	Expect(management.Get(ctx, client.ObjectKeyFromObject(d), template)).To(Succeed())
	template.ObjectMeta = metav1.ObjectMeta{Name: next(d), Namespace: d.Namespace, Labels: template.Labels}
	Expect(management.Create(ctx, template)).To(Succeed())
	merge(ctx, d, fmt.Sprintf(`{"spec":{"template":{"spec":{"infrastructureRef":{"name":%q}}}}}`, template.Name))
}

// onTemplate counts the Machines of a MachineDeployment whose hosts are of a template.
func onTemplate(ctx context.Context, d *clusterv1.MachineDeployment, name string) int {
	GinkgoHelper()
	var list v1alpha1.FakeMachineList
	Expect(management.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels{labelDeployment: d.Name})).To(Succeed())
	count := 0
	for i := range list.Items {
		if list.Items[i].Annotations[clusterv1.TemplateClonedFromNameAnnotation] == name {
			count++
		}
	}
	return count
}

// setOf is the only MachineSet of a MachineDeployment.
func setOf(ctx context.Context, d *clusterv1.MachineDeployment) *clusterv1.MachineSet {
	GinkgoHelper()
	var list clusterv1.MachineSetList
	Expect(management.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabels{labelDeployment: d.Name})).To(Succeed())
	Expect(list.Items).To(HaveLen(1))
	return &list.Items[0]
}
