// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/machines"
	"karpenter.sh/test/machines/v1alpha1"
)

// What the acceptance table of the chapter promises that can be seen from outside. That
// one read or write serves many callers is proven in the provider's own tests.
var _ = Describe("MachineDeployments", func() {
	// CAPI-101, CAPI-041: what somebody has scaled up and nobody uses is taken first.
	It("give the Machines that they have before there are more", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		setReplicas(ctx, d, 5)
		env.Eventually(ctx, func(g Gomega) { g.Expect(joined(ctx, d)).To(Equal(5)) })
		written := current(ctx, d).Generation
		pool := env.NodePool(ctx, "default")
		w := filling(5)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectBound(ctx, pool)
		eventuallyBacked(ctx, d, 5)
		Expect(current(ctx, d).Generation).To(Equal(written), "nobody wrote the spec")
	})

	// CAPI-104, CAPI-036, CAPI-039: Machines that do not appear are waited for, and not
	// bought again with each retry.
	It("are not raised again while Cluster API makes no Machines", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		setReplicas(ctx, d, 2)
		env.Eventually(ctx, func(g Gomega) { g.Expect(joined(ctx, d)).To(Equal(2)) })
		template := takeTemplate(ctx, d)
		pool := env.NodePool(ctx, "default")
		w := filling(5)
		env.Create(ctx, w.Deployment())
		env.Eventually(ctx, func(g Gomega) { g.Expect(replicas(ctx, d)).To(Equal(5)) })
		// A pod whose place another took may get a NodeClaim of its own once launches have
		// failed (LIF-069); each NodeClaim is one replica, however often its launch is tried.
		env.Consistently(ctx, 4*calm, func(g Gomega) {
			g.Expect(replicas(ctx, d)).To(BeNumerically("<=", len(env.Claims(ctx, pool))))
		})
		Expect(machinesOf(ctx, d)).To(HaveLen(2))
		launched := 0
		for _, claim := range env.Claims(ctx, pool) {
			if claim.StatusConditions().Get(v1.ConditionTypeLaunched).IsTrue() {
				launched++
			}
		}
		Expect(launched).To(Equal(2))

		By("then: it makes them")
		Expect(management.Create(ctx, template)).To(Succeed())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, len(env.Claims(ctx, pool)))
	})

	// CAPI-105, CAPI-107, CAPI-052: each Machine is subtracted once, and 0 is the end.
	It("lose one replica for each Machine, also when others took some before", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(5)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		claims := env.Claims(ctx, pool)
		By("then: somebody deletes three Machines and scales down by as many, and all nodes go")
		setReplicas(ctx, d, 2)
		env.Scale(ctx, w, 0)
		for i := range claims {
			Expect(client.IgnoreNotFound(env.Delete(ctx, &claims[i]))).To(Succeed())
		}
		env.EventuallyNodes(ctx, pool, 0)
		eventuallyBacked(ctx, d, 0)
	})

	// CAPI-109, CAPI-029, CAPI-037: the largest size is a limit, and what is beyond is had
	// elsewhere or not at all.
	It("are not raised beyond their largest size", func(ctx SpecContext) {
		d := deploy(ctx, "group", annotated(annotationMaxSize, "2"))
		pool := env.NodePool(ctx, "default")
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.Eventually(ctx, func(g Gomega) { g.Expect(env.Nodes(ctx, pool)).To(HaveLen(2)) })
		env.Consistently(ctx, calm, func(g Gomega) { g.Expect(replicas(ctx, d)).To(Equal(2)) })

		By("then: its owner allows more")
		merge(ctx, d, `{"metadata":{"annotations":{"`+annotationMaxSize+`":"4"}}}`)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 3)
	})

	// CAPI-110, CAPI-017: Machines that are born with the label are no proof of anything.
	It("may hand their label down to their Machines", func(ctx SpecContext) {
		d := deploy(ctx, "group", func(d *clusterv1.MachineDeployment, _ *v1alpha1.FakeMachineTemplate) {
			d.Spec.Template.Labels = map[string]string{machines.LabelMember: ""}
		})
		pool := env.NodePool(ctx, "default")
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 3)
		expectBound(ctx, pool)
	})

	// CAPI-111, CAPI-055: a NodeClaim that is gone without a trace leaves a Machine that
	// nobody needs.
	It("get back the replica of a NodeClaim that somebody tore away", Label("long"), func(ctx SpecContext) {
		d := deploy(ctx, "group", faulty(v1alpha1.Hangs))
		pool := env.NodePool(ctx, "default")
		w := filling(1)
		env.Create(ctx, w.Deployment())
		var claim v1.NodeClaim
		env.Eventually(ctx, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(claims).To(HaveLen(1))
			g.Expect(claims[0].Annotations).To(HaveKey(annotationMachine))
			claim = claims[0]
		})
		env.Scale(ctx, w, 0)
		Expect(env.Merge(ctx, &claim, `{"metadata":{"finalizers":null}}`)).To(Succeed())
		Expect(client.IgnoreNotFound(env.Delete(ctx, &claim))).To(Succeed())
		env.EventuallyGone(ctx, &claim)
		eventuallyBackedWithin(ctx, collected, d, 0)
	})

	// CAPI-112, CAPI-020: one that cannot be read is told of, and concerns nobody else.
	It("do not mind one among them that cannot be read", func(ctx SpecContext) {
		deploy(ctx, "broken", annotated(machines.AnnotationCapacity+"cpu", "many"), annotated(machines.AnnotationPrice, "0.01"))
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		class := env.NodeClass(ctx)
		message := env.EventuallyEvent(ctx, class, "MachineDeploymentMalformed")
		Expect(message).To(ContainSubstring(machines.AnnotationCapacity + "cpu"))
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 2)
	})

	// CAPI-044: a host that fails is given back, and another MachineDeployment serves.
	It("whose hosts fail are left for others", func(ctx SpecContext) {
		bad := deploy(ctx, "bad", faulty(v1alpha1.Fails), annotated(machines.AnnotationPrice, "0.01"))
		good := deploy(ctx, "good")
		pool := env.NodePool(ctx, "default")
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, good, 2)
		eventuallyBacked(ctx, bad, 0)
	})

	// CAPI-029, CAPI-014: a MachineDeployment that its owner holds back is left alone.
	It("that are paused, or do not take part, are left alone", func(ctx SpecContext) {
		paused := deploy(ctx, "paused", annotated(machines.AnnotationPrice, "0.01"), func(d *clusterv1.MachineDeployment, _ *v1alpha1.FakeMachineTemplate) { d.Spec.Paused = new(true) })
		out := deploy(ctx, "out", annotated(machines.AnnotationPrice, "0.01"), func(d *clusterv1.MachineDeployment, _ *v1alpha1.FakeMachineTemplate) {
			d.Labels[machines.LabelMember] = "false"
		})
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 1)
		Expect(replicas(ctx, paused)).To(BeZero())
		Expect(replicas(ctx, out)).To(BeZero())
	})

	// CAPI-060: a NodeClass says what it selects, and does not serve while that is nothing.
	It("make a NodeClass ready, and their absence unready", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		class := env.NodeClass(ctx)
		env.EventuallySays(ctx, class, "MachineDeploymentsReady", "False MachineDeploymentsNotFound")
		w := filling(1)
		env.Create(ctx, w.Deployment())
		deploy(ctx, "group")
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.EventuallySays(ctx, class, "Ready", "True")
	})

	// CAPI-041: a node that somebody scaled by hand and that runs pods is nobody's to take.
	It("keep the nodes that their owner scaled by hand", func(ctx SpecContext) {
		d := deploy(ctx, "group", hosts(func(s *v1alpha1.FakeMachineSpec) { s.Taints = nil }))
		setReplicas(ctx, d, 1)
		env.Eventually(ctx, func(g Gomega) { g.Expect(joined(ctx, d)).To(Equal(1)) })
		theirs := machinesOf(ctx, d)[0]
		own := objects.Workload{Name: env.Name("own"), Replicas: 1, CPU: "1500m"}
		env.Create(ctx, own.Deployment())
		env.EventuallyRunning(ctx, own)
		pool := env.NodePool(ctx, "default")
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 3)
		Expect(env.Claims(ctx, pool)).To(HaveLen(2))
		Expect(management.Get(ctx, client.ObjectKeyFromObject(&theirs), &theirs)).To(Succeed())
		Expect(theirs.Annotations).NotTo(HaveKey(annotationClaim))
		env.Scale(ctx, own, 0)
	})
})

// joined counts the Machines whose Nodes Cluster API has found.
func joined(ctx context.Context, d *clusterv1.MachineDeployment) int {
	GinkgoHelper()
	count := 0
	for _, m := range machinesOf(ctx, d) {
		if m.Status.NodeRef.IsDefined() {
			count++
		}
	}
	return count
}

// takeTemplate deletes the template of a MachineDeployment's hosts, without which Cluster
// API makes no Machines. It returns what brings it back.
func takeTemplate(ctx context.Context, d *clusterv1.MachineDeployment) *v1alpha1.FakeMachineTemplate {
	GinkgoHelper()
	template := &v1alpha1.FakeMachineTemplate{}
	Expect(management.Get(ctx, client.ObjectKeyFromObject(d), template)).To(Succeed())
	Expect(management.Delete(ctx, template)).To(Succeed())
	template.ObjectMeta = metav1.ObjectMeta{Name: template.Name, Namespace: template.Namespace, Labels: template.Labels}
	return template
}
