// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/machines"
	"karpenter.sh/test/machines/v1alpha1"
)

var _ = Describe("A management cluster", func() {
	// CAPI-007, CAPI-008, CAPI-121: the older API serves as well.
	It("may serve v1beta1 only", func(ctx SpecContext) {
		g := openGate(config, "v1beta1")
		reach(ctx, g)
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = "0s" })
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 3)
		expectBound(ctx, pool)
		env.Scale(ctx, w, 1)
		env.EventuallyNodes(ctx, pool, 1)
		eventuallyBacked(ctx, d, 1)
		Expect(g.Asked("/v1beta1/")).NotTo(BeEmpty())
		Expect(g.Asked("/cluster.x-k8s.io/v1beta2/")).To(BeEmpty())
	})

	// CAPI-009, CAPI-010: while nobody answers nothing is given up, and nothing is bought
	// twice afterwards.
	It("goes away for a while, and nothing is lost", func(ctx SpecContext) {
		g := openGate(config)
		reach(ctx, g)
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		before := objects.UIDs(env.Claims(ctx, pool))

		g.Shut(true)
		env.Scale(ctx, w, 4)
		w.Replicas = 4
		env.Consistently(ctx, 3*calm, func(g Gomega) {
			g.Expect(objects.UIDs(env.Claims(ctx, pool))).To(ContainElements(before))
			g.Expect(len(env.Claims(ctx, pool))).To(BeNumerically("<=", 4), "NodeClaims do not pile up")
			g.Expect(env.Nodes(ctx, pool)).To(HaveLen(2))
		})
		Expect(replicas(ctx, d)).To(Equal(2))
		g.Shut(false)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 4)
		Expect(objects.UIDs(env.Claims(ctx, pool))).To(ContainElements(before))
	})

	// CAPI-103, CAPI-106, CAPI-051: what may not be written is not half done.
	It("refuses to have replicas written", func(ctx SpecContext) {
		g := openGate(config)
		reach(ctx, g)
		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default")
		w := filling(2)
		scaling := func(r *http.Request) bool {
			return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/machinedeployments/")
		}
		g.Refuse(scaling)
		env.Create(ctx, w.Deployment())
		env.Eventually(ctx, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(claims).NotTo(BeEmpty())
			g.Expect(claims[0].StatusConditions().Get(v1.ConditionTypeLaunched).Message).To(ContainSubstring(d.Name))
		})
		Expect(replicas(ctx, d)).To(BeZero())
		g.Refuse(nil)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 2)

		By("then: it refuses to have them lowered")
		g.Refuse(scaling)
		claims := env.Claims(ctx, pool)
		env.Scale(ctx, w, 1)
		Expect(env.Delete(ctx, &claims[0])).To(Succeed())
		env.Consistently(ctx, calm, func(g Gomega) { g.Expect(replicas(ctx, d)).To(Equal(2)) })
		env.Eventually(ctx, func(g Gomega) {
			for _, m := range machinesOf(ctx, d) {
				g.Expect(m.Annotations).NotTo(HaveKey("cluster.x-k8s.io/delete-machine"), "the mark of Machine %s", m.Name)
			}
		})
		g.Refuse(nil)
		env.EventuallyGone(ctx, &claims[0])
		w.Replicas = 1
		env.EventuallyRunning(ctx, w)
	})

	// CAPI-008, CAPI-066, CAPI-072: two clusters, each with a kubeconfig: Machines in one,
	// their Nodes in the other.
	It("is another cluster than that of the nodes", Label("long"), func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		apart := upApart(ctx)
		opened, err := connection.Open(apart)
		Expect(err).NotTo(HaveOccurred())
		here := management
		management = managementOf(opened.Config)
		own := ground
		ground.Cluster = "workload"
		kubeconfig, err := machines.Kubeconfig(os.Getenv("KUBECONFIG"))
		Expect(err).NotTo(HaveOccurred())
		objects, err := ground.Objects(kubeconfig)
		Expect(err).NotTo(HaveOccurred())
		for _, o := range objects {
			Expect(client.IgnoreAlreadyExists(management.Create(ctx, o))).To(Succeed())
		}
		DeferCleanup(func(ctx SpecContext) {
			management, ground = here, own
			restart(ctx, "CLUSTER_API_KUBECONFIG=", "CLUSTER_API_CLUSTER_NAME=")
		})
		restart(ctx, "CLUSTER_API_KUBECONFIG="+apart, "CLUSTER_API_CLUSTER_NAME="+ground.Cluster)

		d := deploy(ctx, "group")
		pool := env.NodePool(ctx, "default", func(p *v1.NodePool) { p.Spec.Disruption.ConsolidateAfter = "0s" })
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 3)
		expectBound(ctx, pool)
		var there v1alpha1.FakeMachineList
		Expect(here.List(ctx, &there, ofGroup()...)).To(Succeed())
		Expect(there.Items).To(BeEmpty(), "Machines in the cluster of the nodes")
		env.Scale(ctx, w, 0)
		env.EventuallyNodes(ctx, pool, 0)
		eventuallyBacked(ctx, d, 0)
	})
})

// reach restarts the controller so that it reaches the management cluster by a gate, for
// as long as the spec lasts.
func reach(ctx context.Context, g *gate) {
	GinkgoHelper()
	DeferCleanup(func(ctx SpecContext) { restart(ctx, "CLUSTER_API_URL=") })
	restart(ctx, "CLUSTER_API_URL="+g.URL)
}

// upApart starts a cluster with Cluster API and without Karpenter, for as long as the spec
// lasts, and returns its kubeconfig.
func upApart(ctx context.Context) string {
	GinkgoHelper()
	name := ground.Cluster + "-management"
	root, err := filepath.Abs("../../..")
	Expect(err).NotTo(HaveOccurred())
	tool := func(ctx context.Context, args ...string) {
		cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./tools/cluster"}, args...)...)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), "%s", out)
	}
	DeferCleanup(func(ctx SpecContext) { tool(ctx, "down", "-name", name) })
	tool(ctx, "up", "-name", name, "-provider", "clusterapi", "-bare", "-cloud-arg", "-fleet=false")
	return filepath.Join(root, "bin", "clusters", name, "kubeconfig")
}
