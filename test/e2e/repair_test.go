// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// tolerated is how long a node of kwok need not be ready (KWOK-029).
const tolerated = 10 * time.Minute

// A node breaks when its kubelet dies: the fake one looks after nodes of its partition
// only (KWOK-034, KWOK-038).
var _ = Describe("A broken node", Label("long"), func() {
	// EXT-140, EXT-143, EXT-145, DIS-143, OPS-105, OPS-196: neither what protects its pods nor
	// that nobody ends them holds the node.
	It("is given up with all its pods, which get another", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "3",
			Annotations: map[string]string{v1.DoNotDisruptAnnotationKey: v1.LabelValueTrue}}
		env.Create(ctx, w.Deployment(), w.Budget(3))
		pods := env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		node := env.NodeOf(ctx, &pods[0])
		claim := env.ClaimOf(ctx, node)

		breakDown(ctx, node, tolerated)
		Expect(env.EventuallyEvent(ctx, node, "DisruptionTerminating")).To(ContainSubstring("condition Ready has been False for 10m"))
		env.Eventually(ctx, func(g Gomega) {
			err := env.Get(ctx, client.ObjectKeyFromObject(claim), claim)
			if apierrors.IsNotFound(err) {
				return // it was faster than this look
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(claim.DeletionTimestamp).NotTo(BeNil())
			deadline, err := time.Parse(time.RFC3339, claim.Annotations[v1.NodeClaimTerminationTimestampAnnotationKey])
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(deadline).To(BeTemporally("<", time.Now()))
		})
		env.EventuallyGone(ctx, node)
		env.EventuallyGone(ctx, claim)
		env.EventuallyRunning(ctx, w)
		env.EventuallyNodes(ctx, pool, 3)
		env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)

		snapshot, err := env.Metrics(ctx)
		Expect(err).NotTo(HaveOccurred())
		counted, _ := snapshot.Sum("karpenter_nodeclaims_unhealthy_disrupted_total", map[string]string{"nodepool": pool.Name, "condition": "ready"})
		Expect(counted).To(BeEquivalentTo(1))
	})

	// EXT-141, EXT-142, OPS-184
	It("stays while too many others of its pool are broken", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := objects.Workload{Name: env.Name("work"), Replicas: 3, CPU: "3"}
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)

		breakDown(ctx, &nodes[0], 0) // tolerated still, and counts
		breakDown(ctx, &nodes[1], tolerated)
		const message = "more than 20% nodes are unhealthy in the nodepool: 2 of 3"
		for _, told := range []client.Object{&nodes[1], env.ClaimOf(ctx, &nodes[1]), pool} {
			Expect(env.EventuallyEvent(ctx, told, "NodeRepairBlocked")).To(Equal(message))
		}
		Expect(env.Messages(ctx, &nodes[0], "NodeRepairBlocked")).To(BeEmpty())
		for _, claim := range env.Claims(ctx, pool) {
			Expect(claim.DeletionTimestamp).To(BeNil(), "NodeClaim %s stays", claim.Name)
		}
		for i := range nodes {
			Expect(partition(ctx, &nodes[i], `"a"`)).To(Succeed()) // alive again, so that pods end
		}
		env.EventuallySettled(ctx, pool)
	})
})

// breakDown takes the kubelet of a node away, and has the node not ready for so long.
func breakDown(ctx context.Context, node *corev1.Node, ago time.Duration) {
	GinkgoHelper()
	Expect(partition(ctx, node, "null")).To(Succeed())
	since := time.Now().Add(-ago).UTC().Truncate(time.Second)
	status := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":"False","reason":"Dead","lastTransitionTime":"%s"}]}}`, since.Format(time.RFC3339))
	written := time.Now()
	env.Eventually(ctx, func(g Gomega) { // the kubelet may have written once more
		g.Expect(env.Get(ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
		i := slices.IndexFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
		if i < 0 || node.Status.Conditions[i].Status != corev1.ConditionFalse || !node.Status.Conditions[i].LastTransitionTime.Time.Equal(since) {
			written = time.Now()
			g.Expect(env.Status().Patch(ctx, node.DeepCopy(), client.RawPatch(types.StrategicMergePatchType, []byte(status)))).To(Succeed())
		}
		g.Expect(time.Since(written)).To(BeNumerically(">", time.Second), "the node stays as it is")
	})
}

// partition puts a node in the care of a fake kubelet, or takes it out.
func partition(ctx context.Context, node *corev1.Node, value string) error {
	return env.Merge(ctx, node, `{"metadata":{"labels":{"kwok-partition":`+value+`}}}`)
}
