// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Daemons", func() {
	// SCH section 11, SCH-220, SCH-234: nodes have room for the daemons that will
	// run on them, and a pod that does not fit beside them is told so.
	It("have their share of each node set aside", func(ctx SpecContext) {
		// Of this priority, as agents are: the scheduler may fill a node before the
		// daemon's pod is there, which then takes the place of another.
		daemon := objects.Workload{Name: env.Name("daemon"), CPU: "1", Memory: "100Mi", Change: critical}
		env.Create(ctx, daemon.DaemonSet())
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.EventuallyUsable(ctx, pool)
		// 3.9 processors less one for the daemon hold one such pod, not two.
		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "1500m"}
		tooBig := objects.Workload{Name: env.Name("big"), CPU: "3"}.Pod()
		env.Create(ctx, w.Deployment(), tooBig)

		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		env.EventuallyNodes(ctx, pool, 3)
		daemon.Replicas = 3
		env.EventuallyRunning(ctx, daemon)
		message := env.EventuallyEvent(ctx, tooBig, "FailedScheduling")
		Expect(message).To(ContainSubstring("daemon overhead"))
		Expect(message).To(ContainSubstring("no instance type is large enough"))

		// A daemon may have driven it from a node where it was for a moment.
		Expect(client.IgnoreNotFound(env.Delete(ctx, tooBig))).To(Succeed())
		env.EventuallyGone(ctx, tooBig)
		of(pool, w).goesOn(ctx, ordinary()...)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(3))
	})

	// SCH-120, SCH-121: what a LimitRange gives to daemons counts from the first node
	// on, and for every node after it. A daemon that is forgotten takes the place of
	// the pod that its node was made for, which then gets another node, without end.
	It("keep the size that a LimitRange gives them", Serial, Label("long"), func(ctx SpecContext) {
		class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: env.Name("agents")}, Value: 10_000_000}
		limits := limitRange(env.Name("defaults"), "2", "1Gi")
		env.Create(ctx, class, limits)
		daemon := objects.Workload{Name: env.Name("agent"), Replicas: 1, Change: func(spec *corev1.PodSpec) {
			spec.PriorityClassName = class.Name
			spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}
		}}
		w := objects.Workload{Name: env.Name("work"), Replicas: 1, Memory: "4"}
		pool := env.NodePool(ctx, "default", consolidate("0s", "100%"))
		env.EventuallyUsable(ctx, pool)
		env.Create(ctx, daemon.DaemonSet(), w.Deployment())

		env.EventuallyRunning(ctx, w)
		env.EventuallyRunning(ctx, daemon)
		env.ExpectRest(ctx, pool)
		Expect(env.Nodes(ctx, pool)).To(HaveLen(1))

		// Pods to come are larger; those that run keep their size.
		env.Update(ctx, limits, func() { limits.Spec = limitRange("", "3", "2Gi").Spec })
		of(pool, w).goesOn(ctx, nodeDeleted(), controllerRestarts(), podsDeleted(), nodeVanishes())
		Expect(env.Nodes(ctx, pool)).To(HaveLen(1))
		env.EventuallyRunning(ctx, daemon)
	})
})

// limitRange gives containers that say nothing so much of CPU and memory.
func limitRange(name, cpu, memory string) *corev1.LimitRange {
	amounts := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	return &corev1.LimitRange{
		ObjectMeta: metav1.ObjectMeta{Namespace: objects.Namespace, Name: name, Labels: objects.Marked(nil)},
		Spec:       corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, Default: amounts, DefaultRequest: amounts}}},
	}
}
