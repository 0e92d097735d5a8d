// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/machines"
	"karpenter.sh/test/machines/v1alpha1"
)

var _ = Describe("Scaling", func() {
	// CAPI-036, CAPI-040, CAPI-043, CAPI-048, CAPI-050: from MachineDeployments without
	// replicas to nodes with pods, through a crash, and back.
	It("goes from zero to nodes, and back to zero", func(ctx SpecContext) {
		small := deploy(ctx, "small")
		large := deploy(ctx, "large", sized("8", "32Gi", "0.35"))
		pool := env.NodePool(ctx, "default")
		w := filling(3)
		heavy := objects.Workload{Name: env.Name("heavy"), Replicas: 2, CPU: "7", Memory: "20Gi"}
		env.Create(ctx, w.Deployment(), heavy.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallyRunning(ctx, heavy)
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
		eventuallyBacked(ctx, large, 2)
		eventuallyBacked(ctx, small, 3)
		expectBound(ctx, pool)

		By("then: the controller restarts, and launches nothing")
		env.Crash(ctx)
		env.Consistently(ctx, calm, func(g Gomega) {
			g.Expect(replicas(ctx, small) + replicas(ctx, large)).To(Equal(5))
			g.Expect(env.Claims(ctx, pool)).To(HaveLen(5))
		})

		By("then: the pods go, and with them all nodes")
		env.Update(ctx, pool, func() { pool.Spec.Disruption.ConsolidateAfter = "0s" })
		env.Scale(ctx, w, 0)
		env.Scale(ctx, heavy, 0)
		env.EventuallyNodes(ctx, pool, 0)
		eventuallyBacked(ctx, small, 0)
		eventuallyBacked(ctx, large, 0)
	})

	// CAPI-048, CAPI-050: Cluster API deletes the Machine that was chosen, and no other.
	It("takes away the Machine that was chosen", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(4)
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		before := map[string]types.UID{}
		for _, m := range machinesOf(ctx, d) {
			before[m.Name] = m.UID
		}

		chosen := pods[1].Spec.NodeName
		Expect(env.Merge(ctx, &pods[1], `{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-100"}}}`)).To(Succeed())
		env.Update(ctx, pool, func() { pool.Spec.Disruption.ConsolidateAfter = "0s" })
		env.Scale(ctx, w, 3)
		env.EventuallyNodes(ctx, pool, 3)
		eventuallyBacked(ctx, d, 3)
		delete(before, chosen)
		after := map[string]types.UID{}
		for _, m := range machinesOf(ctx, d) {
			after[m.Name] = m.UID
		}
		Expect(after).To(Equal(before), "all but %s", chosen)
		for _, node := range env.Nodes(ctx, pool) {
			Expect(node.Name).NotTo(Equal(chosen))
		}
	})

	// CAPI-108: however creates and deletes meet, what is left is what is needed.
	It("ends with what is needed, however launches and removals meet", func(ctx SpecContext) {
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = "0s" })
		w := filling(5)
		env.Create(ctx, w.Deployment())
		for _, count := range []int32{2, 6, 1, 4} {
			env.Eventually(ctx, func(g Gomega) { g.Expect(machinesOf(ctx, d)).NotTo(BeEmpty()) })
			env.Scale(ctx, w, count)
		}
		w.Replicas = 4
		env.EventuallyRunning(ctx, w)
		env.EventuallyNodes(ctx, pool, 4)
		eventuallyBacked(ctx, d, 4)
		expectBound(ctx, pool)
	})

	// CAPI-018, CAPI-019, CAPI-024: what the autoscaler of Cluster API is told counts here,
	// and what nobody tells is read from the template of the hosts.
	It("knows machines that are not there by what is told of them", func(ctx SpecContext) {
		deploy(ctx, "tainted", annotated(machines.AnnotationCapacity+"taints", "dedicated=team:NoSchedule"), annotated(machines.AnnotationPrice, "0.01"))
		untold := deploy(ctx, "untold",
			annotated(machines.AnnotationCapacity+"cpu", ""), annotated(machines.AnnotationCapacity+"memory", ""), annotated(machines.AnnotationCapacity+"maxPods", "7"))
		pool := env.NodePool(ctx, "default")
		env.EventuallyUsable(ctx, pool)
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, untold, 1)
		claim := env.Claims(ctx, pool)[0]
		Expect(claim.Status.Capacity.Cpu().String()).To(Equal("2"))
		Expect(claim.Status.Capacity.Memory().String()).To(Equal("8Gi"))
		Expect(claim.Status.Capacity.Pods().String()).To(Equal("7"))
		Expect(claim.Labels).To(HaveKeyWithValue(instanceType, untold.Name))
	})

	// CAPI-022, CAPI-025, CAPI-029, CAPI-034: MachineDeployments of one type are its
	// offerings; the cheapest that serves is taken.
	It("takes the cheapest, and the zone that is asked for", func(ctx SpecContext) {
		in := func(zone, price string) change {
			return func(d *clusterv1.MachineDeployment, t *v1alpha1.FakeMachineTemplate) {
				labels := map[string]string{instanceType: "box", corev1.LabelTopologyZone: zone, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64"}
				t.Spec.Template.Spec.Labels = labels
				d.Annotations[machines.AnnotationCapacity+"labels"] = fmt.Sprintf("%s=box,%s=%s,%s=linux,%s=amd64", instanceType, corev1.LabelTopologyZone, zone, corev1.LabelOSStable, corev1.LabelArchStable)
				d.Annotations[machines.AnnotationPrice] = price
			}
		}
		cheap, dear := deploy(ctx, "cheap", in("zone-1", "0.10")), deploy(ctx, "dear", in("zone-2", "0.20"))
		pool := env.NodePool(ctx, "default")
		env.EventuallyUsable(ctx, pool)
		anywhere := filling(2)
		there := objects.Workload{Name: env.Name("there"), Replicas: 1, CPU: "1500m", NodeSelector: map[string]string{corev1.LabelTopologyZone: "zone-2"}}
		env.Create(ctx, anywhere.Deployment(), there.Deployment())
		env.EventuallyRunning(ctx, anywhere)
		env.EventuallyRunning(ctx, there)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, cheap, 2)
		eventuallyBacked(ctx, dear, 1)
		for _, claim := range env.Claims(ctx, pool) {
			Expect(claim.Labels).To(HaveKeyWithValue(instanceType, "box"))
		}
	})
})

// sized makes the hosts of a MachineDeployment larger, and dearer.
func sized(cpu, memory, price string) change {
	return func(d *clusterv1.MachineDeployment, t *v1alpha1.FakeMachineTemplate) {
		capacity := t.Spec.Template.Spec.Capacity
		capacity[corev1.ResourceCPU], capacity[corev1.ResourceMemory] = resource.MustParse(cpu), resource.MustParse(memory)
		d.Annotations[machines.AnnotationCapacity+"cpu"], d.Annotations[machines.AnnotationCapacity+"memory"] = cpu, memory
		d.Annotations[machines.AnnotationPrice] = price
	}
}
