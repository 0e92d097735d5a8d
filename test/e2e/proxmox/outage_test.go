// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"context"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/simcloud"
)

var _ = Describe("A host", func() {
	// PVE-046, PVE-101: while it is away nothing is launched there and nothing that was there
	// is given up; what is to be deleted goes when it is back.
	It("that goes away keeps its machines, and gets none", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(zone, "east2", "east3"))
		w := filling(4)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		Expect(objects.Values(nodes, zone)).To(Equal([]string{"east2", "east3"}), "balanced (PVE-062)")
		before := objects.UIDs(env.Claims(ctx, pool))
		Expect(cloud.Host(ctx, "east", "east2", true, false)).To(Succeed())
		more := objects.Workload{Name: env.Name("more"), Replicas: 2, CPU: "1500m"}
		env.Create(ctx, more.Deployment())
		env.EventuallyRunning(ctx, more)
		for _, claim := range env.Claims(ctx, pool) {
			Expect(claim.DeletionTimestamp).To(BeNil())
			// A launch that was on its way to the host is tried again; a pod whose place
			// another took may cause one more meanwhile, which has no zone yet (LIF-069).
			if claim.Status.ProviderID != "" && !slices.Contains(before, claim.UID) {
				Expect(claim.Labels).To(HaveKeyWithValue(zone, "east3"))
			}
		}
		gone := env.Claims(ctx, pool)[0]
		for _, claim := range env.Claims(ctx, pool) {
			if claim.Labels[zone] == "east2" {
				gone = claim
			}
		}
		Expect(env.Delete(ctx, &gone)).To(Succeed())
		env.Consistently(ctx, calm, func(g Gomega) {
			g.Expect(machines(ctx)).To(HaveKey(gone.Status.ProviderID), "nobody can delete it now")
		})
		Expect(cloud.Host(ctx, "east", "east2", false, false)).To(Succeed())
		env.EventuallyGone(ctx, &gone)
		Expect(machines(ctx)).NotTo(HaveKey(gone.Status.ProviderID))
	})

	// PVE-047.
	It("in maintenance gets no machine", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(zone, "east1", "east2"))
		Expect(cloud.Host(ctx, "east", "east1", false, true)).To(Succeed())
		time.Sleep(calm) // lists are cached for five seconds (PVE-014)
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(objects.Values(env.EventuallySettled(ctx, pool), zone)).To(Equal([]string{"east2"}))
	})
})

var _ = Describe("A storage", func() {
	// PVE-066: what does not fit goes elsewhere, and waits where there is no room, without a
	// launch each moment.
	It("that is full sends machines elsewhere", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.SetSpec(ctx, class, map[string]any{"size": "30G", "storage": "local-lvm"}, "bootDevice")
		env.EventuallySays(ctx, class, "Ready", "True")
		pool := env.NodePool(ctx, "default", onePodPerNode)
		Expect(cloud.Free(ctx, "east", "local-lvm", 1)).To(Succeed())
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		w := filling(3)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		Expect(objects.Values(env.EventuallySettled(ctx, pool), region)).To(Equal([]string{"west"}))
		expectOneEach(ctx, pool)
		Expect(len(clones(ctx, before))).To(BeNumerically(">", 3), "those that did not fit and those that did")

		By("then: nothing fits anywhere")
		Expect(cloud.Free(ctx, "west", "local-lvm", 1)).To(Succeed())
		before, err = cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		env.Scale(ctx, w, 4)
		env.Eventually(ctx, func(g Gomega) {
			// Long texts are cut, maybe before they say that no space is left.
			g.Expect(unlaunched(ctx, pool)).To(ContainElement(ContainSubstring("unable to create image: storage")))
		})
		time.Sleep(2 * calm)
		Expect(len(clones(ctx, before))).To(And(BeNumerically(">=", 1), BeNumerically("<=", 16)), "launches in vain")
		pods := env.Pods(ctx, w)
		Expect(pods).To(HaveLen(4))
		waiting := slices.DeleteFunc(pods, func(p corev1.Pod) bool { return environment.Ready(&p) })
		Expect(waiting).To(HaveLen(1), "the others run on")
		expectOneEach(ctx, pool)
	})
})

var _ = Describe("A token", func() {
	// PVE-066, PVE-111: what it may not is said, and mended without a restart.
	It("that may not clone fails launches, and says which privilege is missing", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.EventuallyUsable(ctx, pool)
		for _, r := range regions() {
			Expect(cloud.Grant(ctx, r, user, without("VM.Clone"))).To(Succeed())
		}
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.Eventually(ctx, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(claims).NotTo(BeEmpty())
			launched := claims[0].StatusConditions().Get("Launched")
			g.Expect(launched.Reason).To(Equal("ProxmoxUnauthorized"))
			g.Expect(launched.Message).To(ContainSubstring("VM.Clone"))
		})
		for _, r := range regions() {
			Expect(cloud.Grant(ctx, r, user, nil)).To(Succeed())
		}
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})
})

var _ = Describe("Machines", func() {
	// CP-117, PVE-104: what somebody deletes is noticed, and replaced.
	It("that somebody deletes are replaced", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		lost := env.Claims(ctx, pool)[0]
		Expect(cloud.Act(ctx, handleOf(lost.Status.ProviderID), "remove")).To(Succeed())
		env.EventuallyGone(ctx, &lost)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})

	// PVE-101, CP-026: where a machine is now counts, not where it was launched.
	It("that were moved to another host are found there", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode, require(zone, "east1"))
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		claim := env.Claims(ctx, pool)[0]
		Expect(cloud.Migrate(ctx, "east", machines(ctx)[claim.Status.ProviderID].ID, "east3")).To(Succeed())
		env.Scale(ctx, w, 0)
		Expect(env.Delete(ctx, &claim)).To(Succeed())
		env.EventuallyGone(ctx, &claim)
		Expect(machines(ctx)).To(BeEmpty())
	})

	// CP-022, PVE-061, LIF-271: a restart in the middle of launches brings none twice.
	It("are used or deleted that a killed controller had begun", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.EventuallyUsable(ctx, pool)
		w := filling(6)
		env.Create(ctx, w.Deployment())
		env.Eventually(ctx, func(g Gomega) { g.Expect(len(machines(ctx))).To(BeNumerically(">", 2)) })
		env.Crash(ctx)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
	})
})

// clones are the calls after a number that had a template cloned.
func clones(ctx context.Context, after int) []simcloud.Call {
	GinkgoHelper()
	calls, err := cloud.Calls(ctx, "POST /nodes/{node}/qemu/{vmid}/clone", after)
	Expect(err).NotTo(HaveOccurred())
	return calls
}

// unlaunched is what was told of the NodeClaims of a pool that there was no room for, and
// that are gone by then.
func unlaunched(ctx context.Context, pool *v1.NodePool) (messages []string) {
	GinkgoHelper()
	var list corev1.EventList
	Expect(env.List(ctx, &list, client.MatchingFields{"reason": "InsufficientCapacityError"})).To(Succeed())
	for _, e := range list.Items {
		if e.InvolvedObject.Kind == "NodeClaim" && strings.HasPrefix(e.InvolvedObject.Name, pool.Name+"-") {
			messages = append(messages, e.Message)
		}
	}
	return messages
}

// privileges are those that the token needs (PVE-111).
const privileges = "Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit Mapping.Audit Mapping.Use Pool.Allocate Pool.Audit " +
	"SDN.Audit SDN.Use Sys.AccessNetwork Sys.Audit VM.Allocate VM.Audit VM.Clone VM.Config.CDROM VM.Config.CPU VM.Config.Cloudinit VM.Config.Disk " +
	"VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options VM.PowerMgmt"

func without(privilege string) (out []string) {
	for name := range strings.FieldsSeq(privileges) {
		if name != privilege {
			out = append(out, name)
		}
	}
	return out
}
