// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
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

// Labels of machines, and names by the specification.
const (
	group        = "karpenter.proxmox.sinextra.dev"
	instanceType = corev1.LabelInstanceTypeStable
	zone         = corev1.LabelTopologyZone
	region       = corev1.LabelTopologyRegion

	small = "c1.2VCPU-4GB"
	user  = "karpenter@pve"
	calm  = 10 * time.Second
)

// regions are those of the local setup, each of four hosts.
func regions() []string { return []string{"east", "west"} }

// hostsOf are the hosts of a region.
func hostsOf(region string) (out []string) {
	for n := 1; n <= 4; n++ {
		out = append(out, region+strconv.Itoa(n))
	}
	return out
}

// restore makes the clusters as they were at the start, but for the machines of Karpenter.
func restore(ctx context.Context) {
	GinkgoHelper()
	Expect(cloud.Mend(ctx)).To(Succeed())
	Expect(cloud.Boot(ctx, boot)).To(Succeed())
	for _, r := range regions() {
		Expect(cloud.Down(ctx, r, false)).To(Succeed())
		Expect(cloud.Grant(ctx, r, user, nil)).To(Succeed())
		for _, storage := range []string{"ceph", "local", "local-lvm"} {
			Expect(cloud.Free(ctx, r, storage, -1)).To(Succeed())
		}
		for _, host := range hostsOf(r) {
			Expect(cloud.Host(ctx, r, host, false, false)).To(Succeed())
		}
	}
}

// require gives a pool a requirement.
func require(key string, values ...string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) { objects.Require(pool, key, corev1.NodeSelectorOpIn, values...) }
}

// onePodPerNode limits a pool to machines of two processors, of which pods that ask for one
// and a half fill one each.
func onePodPerNode(pool *v1.NodePool) { require(instanceType, small)(pool) }

// filling is a workload whose pods fill a node of such a pool each.
func filling(replicas int32) objects.Workload {
	return objects.Workload{Name: env.Name("work"), Replicas: replicas, CPU: "1500m"}
}

// machines are those that are no templates and were there after the start, by their
// provider IDs.
func machines(ctx context.Context) map[string]simcloud.Machine {
	GinkgoHelper()
	all, err := cloud.Machines(ctx)
	Expect(err).NotTo(HaveOccurred())
	out := map[string]simcloud.Machine{}
	for in, list := range all {
		for _, m := range list {
			if !m.Template {
				out[fmt.Sprintf("proxmox://%s/%d", in, m.ID)] = m
			}
		}
	}
	return out
}

// handleOf names a machine to the simulated cloud, by its provider ID.
func handleOf(providerID string) string {
	return strings.Replace(strings.TrimPrefix(providerID, "proxmox://"), "/", ":", 1)
}

// media are the volumes with boot data.
func media(ctx context.Context) (out []string) {
	GinkgoHelper()
	all, err := cloud.Volumes(ctx)
	Expect(err).NotTo(HaveOccurred())
	for in, list := range all {
		for _, id := range list {
			if strings.Contains(id, ":iso/") {
				out = append(out, in+" "+id)
			}
		}
	}
	return out
}

// tokens are the bootstrap tokens of machines.
func tokens(ctx context.Context) (out []string) {
	GinkgoHelper()
	var list corev1.SecretList
	Expect(env.List(ctx, &list, client.InNamespace("kube-system"), client.HasLabels{group + "/bootstrap-token"})).To(Succeed())
	for i := range list.Items {
		out = append(out, list.Items[i].Name)
	}
	return out
}

// eventuallyNothingIsLeft waits until no machine, medium, disk or token is there.
func eventuallyNothingIsLeft(ctx context.Context) {
	GinkgoHelper()
	env.Eventually(ctx, func(g Gomega) {
		g.Expect(slices.Collect(maps.Keys(machines(ctx)))).To(BeEmpty(), "machines that nobody asked for")
		g.Expect(media(ctx)).To(BeEmpty(), "media without machines")
		g.Expect(tokens(ctx)).To(BeEmpty(), "bootstrap tokens")
		volumes, err := cloud.Volumes(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		for in, list := range volumes {
			for _, id := range list {
				g.Expect(id).NotTo(ContainSubstring("vm-"), "disks in %s", in)
			}
		}
	})
}

// expectOneEach waits until there are as many machines as the pools have NodeClaims, each
// with a node: none is launched twice, and none is left over.
func expectOneEach(ctx context.Context, pools ...*v1.NodePool) {
	GinkgoHelper()
	env.Eventually(ctx, func(g Gomega) {
		var ids []string
		for _, pool := range pools {
			for _, claim := range env.Claims(ctx, pool) {
				ids = append(ids, claim.Status.ProviderID)
			}
		}
		g.Expect(slices.Collect(maps.Keys(machines(ctx)))).To(ConsistOf(ids), "machines for NodeClaims")
	})
}

// fault has calls go wrong.
func fault(ctx context.Context, rules ...simcloud.Fault) {
	GinkgoHelper()
	Expect(cloud.Fault(ctx, rules...)).To(Succeed())
}

// expectPrivilegesFit looks back on the suite: the token was forbidden nothing, and if every
// spec ran, it needed all that it has (PVE-111).
func expectPrivilegesFit(ctx context.Context) {
	GinkgoHelper()
	who, err := cloud.Permissions(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, p := range who {
		if p.Role != user {
			continue
		}
		Expect(p.Refusals).To(BeEmpty(), "calls that the documented privileges do not allow")
		if environment.EverySpecRuns() && p.AccessKey == "east" {
			// No spec passes devices through, and pools are told by their members alone.
			for _, privilege := range p.Unused {
				Expect([]string{"Mapping.Audit", "Mapping.Use", "Pool.Audit"}).To(ContainElement(privilege), "no call needed it")
			}
		}
	}
}
