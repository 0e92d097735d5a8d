// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"path"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// Labels of machines.
const (
	group        = "karpenter.k8s.aws"
	instanceCPU  = group + "/instance-cpu"
	instanceType = corev1.LabelInstanceTypeStable
	zone         = corev1.LabelTopologyZone
	capacityType = v1.CapacityTypeLabelKey
)

// require gives a pool a requirement.
func require(key string, values ...string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) { objects.Require(pool, key, corev1.NodeSelectorOpIn, values...) }
}

// onePodPerNode limits a pool to nodes of two processors, of which pods that ask for
// one and a half fill one each.
func onePodPerNode(pool *v1.NodePool) { require(instanceCPU, "2")(pool) }

// filling is a workload whose pods fill a node of such a pool each.
func filling(replicas int32) objects.Workload {
	return objects.Workload{Name: env.Name("work"), Replicas: replicas, CPU: "1500m"}
}

// drifting has a pool replace drifted nodes, so many at a time.
func drifting(nodes string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) {
		pool.Spec.Disruption.Budgets = []v1.Budget{{Nodes: nodes}}
	}
}

// machineOf is the instance of a NodeClaim or Node, by its provider ID.
func machineOf(providerID string) string { return path.Base(providerID) }

// running counts the instances of the account that have not begun to end.
func running(ctx context.Context) int {
	GinkgoHelper()
	state, err := cloud.State(ctx)
	Expect(err).NotTo(HaveOccurred())
	by, _ := state["instances"].(map[string]any)
	count := 0
	for _, name := range []string{"pending", "running"} {
		n, _ := by[name].(float64)
		count += int(n)
	}
	return count
}

// eventuallyNoneRun waits until the account has no instance: nothing leaks.
func eventuallyNoneRun(ctx context.Context) {
	GinkgoHelper()
	env.Eventually(ctx, func(g Gomega) { g.Expect(running(ctx)).To(BeZero(), "instances that nobody asked for") })
}

// expectOneEach waits until the account has as many instances as the pools have
// NodeClaims: none is launched twice, and none is left over.
func expectOneEach(ctx context.Context, pools ...*v1.NodePool) {
	GinkgoHelper()
	env.Eventually(ctx, func(g Gomega) {
		claims := 0
		for _, pool := range pools {
			claims += len(env.Claims(ctx, pool))
		}
		g.Expect(running(ctx)).To(Equal(claims), "instances for NodeClaims")
	})
}
