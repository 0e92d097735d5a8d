// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

var _ = Describe("Registration", func() {
	// LIF-093: a client that writes an old copy of the Node brings the taint back.
	It("stays done when somebody writes its taint back", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 2, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		node := &env.EventuallySettled(ctx, pool)[0]

		env.Update(ctx, node, func() { node.Spec.Taints = append(node.Spec.Taints, v1.UnregisteredTaint()) })
		env.Eventually(ctx, func(g Gomega) {
			for _, n := range env.Nodes(ctx, pool) {
				g.Expect(slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == v1.UnregisteredTaintKey })).
					To(BeFalse(), "the taint is on %s", n.Name)
			}
		})
		of(pool, w).goesOn(ctx, morePods(1), podsDeleted())
		Expect(env.Nodes(ctx, pool)).To(HaveLen(3))
	})
})
