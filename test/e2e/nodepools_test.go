// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

func weight(w int32) func(*v1.NodePool) {
	return func(pool *v1.NodePool) { pool.Spec.Weight = &w }
}

var _ = Describe("NodePools", func() {
	// SCH-025, API-027, SCH-202: the heaviest pool first, as far as its limits
	// reach; no weight counts as 0; among equals the last name first.
	It("are filled by weight, and beyond the limits of one the next takes over", func(ctx SpecContext) {
		heavy := env.NodePool(ctx, "heavy", onePodPerNode, weight(90), limit(v1.ResourceNodes, "2"))
		light := env.NodePool(ctx, "light", onePodPerNode, weight(10), limit(v1.ResourceNodes, "3"))
		a := env.NodePool(ctx, "a", onePodPerNode)
		b := env.NodePool(ctx, "b", onePodPerNode, limit(v1.ResourceNodes, "1"))
		env.EventuallyUsable(ctx, heavy, light, a, b)
		peaks := map[*v1.NodePool]*environment.Usage{}
		for _, pool := range []*v1.NodePool{heavy, light, a, b} {
			peaks[pool] = env.Watch(ctx, pool)
		}
		w := objects.Workload{Name: env.Name("work"), Replicas: 8, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)

		expectPeak(peaks[heavy], v1.ResourceNodes, "==", "2")
		expectPeak(peaks[light], v1.ResourceNodes, "==", "3")
		expectPeak(peaks[b], v1.ResourceNodes, "==", "1")
		expectPeak(peaks[a], v1.ResourceNodes, "==", "2")

		onStage([]*v1.NodePool{heavy, light, a, b}, w).goesOn(ctx, podsDeleted(), nodeDeleted(), morePods(2), fewerPods(2))
		expectPeak(peaks[heavy], v1.ResourceNodes, "==", "2")
		expectPeak(peaks[light], v1.ResourceNodes, "==", "3")
		expectPeak(peaks[b], v1.ResourceNodes, "==", "1")
	})

	// SCH-200..203, API-029: at no moment do a pool's nodes exceed its CPU limit,
	// although rounds and launches overlap.
	It("never exceed a CPU limit, and go on when it is raised", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", limit(corev1.ResourceCPU, "40"))
		env.EventuallyUsable(ctx, pool)
		usage := env.Watch(ctx, pool)
		workloads := make([]objects.Workload, 3)
		for i := range workloads {
			workloads[i] = objects.Workload{Name: env.Name(string(rune('a' + i))), Replicas: 20, CPU: "1500m"}
			env.Create(ctx, workloads[i].Deployment()) // each may open a round of its own
		}
		var left corev1.Pod
		env.Eventually(ctx, func(g Gomega) {
			left = corev1.Pod{}
			for _, w := range workloads {
				for _, p := range env.Pods(ctx, w) {
					if p.Spec.NodeName == "" && len(env.Messages(ctx, &p, "FailedScheduling")) > 0 {
						left = p
						return
					}
				}
			}
			g.Expect(left.Name).NotTo(BeEmpty(), "a pod beyond the limit")
		})
		Expect(env.EventuallyEvent(ctx, &left, "FailedScheduling")).To(ContainSubstring("limits leave cpu"))
		env.EventuallySettled(ctx, pool)
		expectPeak(usage, corev1.ResourceCPU, "<=", "40")
		expectPeak(usage, corev1.ResourceCPU, ">=", "24")

		env.Update(ctx, pool, func() { pool.Spec.Limits[corev1.ResourceCPU] = resource.MustParse("160") })
		for _, w := range workloads {
			env.EventuallyRunning(ctx, w)
		}
		expectPeak(usage, corev1.ResourceCPU, "<=", "160")

		of(pool, workloads...).goesOn(ctx, podsDeleted(), nodeDeleted(), fewerPods(10), morePods(5))
		expectPeak(usage, corev1.ResourceCPU, "<=", "160")
	})

	// SCH-201, API-029: the synthetic resource nodes is a limit like any other.
	It("never exceed a limit on nodes", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, limit(v1.ResourceNodes, "3"))
		env.EventuallyUsable(ctx, pool)
		usage := env.Watch(ctx, pool)
		w := objects.Workload{Name: env.Name("work"), Replicas: 6, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyNodes(ctx, pool, 3)
		env.Eventually(ctx, func(g Gomega) {
			refused := 0
			for _, p := range env.Pods(ctx, w) {
				for _, m := range env.Messages(ctx, &p, "FailedScheduling") {
					g.Expect(m).To(ContainSubstring("limit on nodes is reached"))
					refused++
				}
			}
			g.Expect(refused).To(BeNumerically(">=", 3), "pods that were told of the limit")
		})
		expectPeak(usage, v1.ResourceNodes, "==", "3")

		// As many pods as there may be nodes: each time one goes, another may come.
		w.Replicas = 3
		env.Scale(ctx, w, w.Replicas)
		of(pool, w).goesOn(ctx, podsDeleted(), nodeDeleted(), nodeVanishes())
		expectPeak(usage, v1.ResourceNodes, "==", "3")
	})

	// API-090, LIF-126: a pool takes its nodes with it; the pods find others.
	It("take their nodes with them when they are deleted", func(ctx SpecContext) {
		old := env.NodePool(ctx, "old", weight(50))
		w := objects.Workload{Name: env.Name("work"), Replicas: 4, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, old)

		next := env.NodePool(ctx, "next")
		Expect(env.Delete(ctx, old)).To(Succeed())
		env.EventuallyGone(ctx, old)
		env.EventuallyNodes(ctx, old, 0)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, next)
		env.ExpectPaired(ctx, next)

		of(next, w).goesOn(ctx, ordinary()...)
	})
})
