// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/simcloud"
)

var _ = Describe("A cluster on Proxmox VE", func() {
	// PVE-062, PVE-083, PVE-209: fifty at once, over all hosts of the region that is first.
	It("brings fifty machines at once, each with an ID and an address of its own, on all hosts of a region", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(50)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
		addresses := map[string]bool{}
		for i := range nodes {
			for _, at := range nodes[i].Status.Addresses {
				if at.Type == corev1.NodeInternalIP {
					addresses[at.Address] = true
				}
			}
		}
		Expect(addresses).To(HaveLen(50))
		Expect(objects.Values(nodes, region)).To(Equal([]string{"east"}), "regions are tried by name")
		Expect(objects.Values(nodes, zone)).To(Equal(hostsOf("east")), "a template on shared storage serves all hosts")
	})

	// PVE-067, PVE-091, PVE-094, PVE-099: what machines are given is in order, and is taken
	// away once it is of no use.
	It("gives machines boot data that cloud-init takes, and takes them away in the end", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		env.ExpectPaired(ctx, pool)
		joins, err := cloud.Joins(ctx)
		Expect(err).NotTo(HaveOccurred())
		joined := 0
		for _, j := range joins {
			if j.Node == nil {
				continue
			}
			joined++
			judge(ctx, j.Node.Machine.UserData)
		}
		Expect(joined).To(Equal(len(nodes)))
		env.Eventually(ctx, func(g Gomega) {
			g.Expect(media(ctx)).To(BeEmpty())
			g.Expect(tokens(ctx)).To(BeEmpty())
			for id, m := range machines(ctx) {
				g.Expect(m.Options["ide2"]).To(Equal("none,media=cdrom"), id)
				g.Expect(m.Options["tags"]).NotTo(ContainSubstring("cloud-init"), id)
			}
		})
	})

	// PVE-063, PVE-066, PVE-204: whatever step fails leaves nothing, and launches go on.
	DescribeTable("leaves nothing where a launch fails", func(ctx SpecContext, rule simcloud.Fault) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		env.EventuallyUsable(ctx, pool)
		before, err := cloud.Requests(ctx)
		Expect(err).NotTo(HaveOccurred())
		fault(ctx, rule)
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		expectOneEach(ctx, pool)
		happened, err := cloud.Faulted(ctx, before)
		Expect(err).NotTo(HaveOccurred())
		Expect(happened).To(ContainElement(rule["call"]), "calls that went wrong")
	},
		Entry("while the template is cloned", failing("POST *clone")),
		Entry("while the disk grows", failing("PUT *resize")),
		Entry("while the machine is configured", failing("POST *config")),
		Entry("while its medium is uploaded", failing("POST *upload")),
		Entry("when it is started", failing("POST *start")),
		Entry("as the answer to a clone is lost", simcloud.Fault{"call": "POST *clone", "times": 2, "lost": true}),
		Entry("as the answer to a start is lost", simcloud.Fault{"call": "POST *start", "times": 2, "lost": true}),
	)

	// PVE-013, PVE-205.
	It("loses a region, whose nodes stay, and launches in the other", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(4)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		nodes := env.EventuallySettled(ctx, pool)
		lost := objects.Values(nodes, region)[0]
		other := map[string]string{"east": "west", "west": "east"}[lost]
		before := objects.UIDs(env.Claims(ctx, pool))
		Expect(cloud.Down(ctx, lost, true)).To(Succeed())
		env.Scale(ctx, w, 6)
		w.Replicas = 6
		env.EventuallyRunning(ctx, w)
		now := env.Nodes(ctx, pool)
		Expect(objects.Values(now, region)).To(ContainElement(other))
		env.Consistently(ctx, calm, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(objects.UIDs(claims)).To(ContainElements(before))
			for i := range claims {
				g.Expect(claims[i].StatusConditions().Get(v1.ConditionTypeDrifted).IsTrue()).To(BeFalse(), claims[i].Name)
				g.Expect(claims[i].DeletionTimestamp).To(BeNil(), claims[i].Name)
			}
		})
		Expect(cloud.Down(ctx, lost, false)).To(Succeed())
		expectOneEach(ctx, pool)
	})

	// PVE-100, PVE-206.
	It("leaves a stranger alone who has the ID of a machine that is no more", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		claim := env.Claims(ctx, pool)[0]
		id := claim.Status.ProviderID
		m := machines(ctx)[id]
		in, _, _ := strings.Cut(handleOf(id), ":")
		Expect(cloud.Act(ctx, handleOf(id), "remove")).To(Succeed())
		Expect(cloud.Place(ctx, in, map[string]any{"id": m.ID, "host": m.Host, "running": true, "options": map[string]string{"name": "stranger"}})).To(Succeed())
		defer func() { Expect(cloud.Act(ctx, handleOf(id), "remove")).To(Succeed()) }()
		env.Scale(ctx, w, 0)
		Expect(env.Delete(ctx, &claim)).To(Succeed())
		env.EventuallyGone(ctx, &claim)
		stranger := machines(ctx)[id]
		Expect(stranger.Options["name"]).To(Equal("stranger"))
		Expect(stranger.Running).To(BeTrue())
	})

	// PVE-018, PVE-207.
	It("makes a NodeClass ready that names no storage, and none that names one that is not", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		env.EventuallySays(ctx, class, "Ready", "True")
		env.SetSpec(ctx, class, map[string]any{"size": "30G", "storage": "none"}, "bootDevice")
		env.EventuallySays(ctx, class, "InstanceTemplateReady", "False TemplatesNotFound")
		env.SetSpec(ctx, class, map[string]any{"size": "30G", "storage": "local-lvm"}, "bootDevice")
		env.EventuallySays(ctx, class, "Ready", "True")
	})

	// PVE-025, PVE-027, PVE-030, PVE-208: a template is made, and those of others stay.
	It("makes templates, and leaves a stranger's of the same name alone", func(ctx SpecContext) {
		stranger := env.Name("taken")
		Expect(cloud.Place(ctx, "east", map[string]any{"id": 7000, "host": "east1", "template": true, "options": map[string]string{"name": stranger}})).To(Succeed())
		defer func() { Expect(cloud.Act(ctx, "east:7000", "remove")).To(Succeed()) }()
		taken, made := managedTemplate(stranger), managedTemplate(env.Name("made"))
		env.Create(ctx, taken, made)
		env.EventuallySays(ctx, taken, "ProxmoxVirtualMachineTemplateReady", "False TemplateNameConflict")
		env.EventuallySays(ctx, made, "Ready", "True")
		Expect(templatesNamed(ctx, stranger)).To(Equal([]string{"east:7000"}))
		Expect(templatesNamed(ctx, made.GetName())).NotTo(BeEmpty())

		class := env.NodeClass(ctx)
		env.SetSpec(ctx, class, map[string]any{"kind": "ProxmoxTemplate", "name": made.GetName()}, "instanceTemplateRef")
		env.EventuallySays(ctx, class, "Ready", "True")
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(1)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)

		Expect(env.Delete(ctx, taken)).To(Succeed())
		Expect(env.Delete(ctx, made)).To(Succeed())
		env.EventuallyGone(ctx, taken)
		env.EventuallyGone(ctx, made)
		Expect(templatesNamed(ctx, stranger)).To(Equal([]string{"east:7000"}))
		Expect(templatesNamed(ctx, made.GetName())).To(BeEmpty())
		Expect(env.Nodes(ctx, pool)).To(HaveLen(1), "machines are full clones")
	})

	// PVE-088, PVE-089, PVE-210: what is applied in place.
	It("puts running machines into security groups, pools and under tags, and takes them out again", func(ctx SpecContext) {
		class := env.NodeClass(ctx)
		pool := env.NodePool(ctx, "default", onePodPerNode)
		w := filling(2)
		env.Create(ctx, w.Deployment())
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		before := objects.UIDs(env.Claims(ctx, pool))
		for _, m := range machines(ctx) {
			Expect(m.Firewall["enable"]).NotTo(Equal("1"))
		}
		env.SetSpec(ctx, class, []any{map[string]any{"name": "nodes", "interface": "net0"}, map[string]any{"name": "others", "interface": "net0"}}, "securityGroups")
		env.SetSpec(ctx, class, []any{"b", "a"}, "tags")
		env.SetSpec(ctx, class, "others", "resourcePool")
		env.Eventually(ctx, func(g Gomega) {
			for id, m := range machines(ctx) {
				g.Expect(m.Firewall["enable"]).To(Equal("1"), id)
				g.Expect(m.Rules).To(HaveLen(2), id)
				g.Expect(m.Rules[0]["action"]).To(Equal("nodes"), id)
				g.Expect(m.Options["tags"]).To(Equal("a;b"), id)
				g.Expect(m.Pool).To(Equal("others"), id)
			}
		})
		env.Update(ctx, class, func() {
			for _, field := range []string{"securityGroups", "tags", "resourcePool"} {
				unstructured.RemoveNestedField(class.Object, "spec", field)
			}
		})
		env.Eventually(ctx, func(g Gomega) {
			for id, m := range machines(ctx) {
				g.Expect(m.Firewall["enable"]).NotTo(Equal("1"), id)
				g.Expect(m.Rules).To(BeEmpty(), id)
				g.Expect(m.Options["tags"]).To(BeEmpty(), id)
				g.Expect(m.Pool).To(BeEmpty(), id)
			}
		})
		Expect(objects.UIDs(env.Claims(ctx, pool))).To(ConsistOf(before), "none is replaced")
	})
})

// failing is a rule by which a call's task, or the call, fails once in a way that is no lack
// of anything.
func failing(call string) simcloud.Fault {
	return simcloud.Fault{"call": call, "times": 1, "error": map[string]any{"code": "broken", "message": "it is broken", "status": 500}}
}

// judge has cloud-init read user data, where it is installed.
func judge(ctx context.Context, userData []byte) {
	GinkgoHelper()
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		GinkgoWriter.Println("cloud-init is not installed, and judges no user data")
		return
	}
	path := filepath.Join(GinkgoT().TempDir(), "user-data")
	Expect(os.WriteFile(path, userData, 0o600)).To(Succeed())
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	said, err := exec.CommandContext(ctx, program, "schema", "--config-file", path).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(said))
}

// managedTemplate is a ProxmoxTemplate whose image the simulated clusters can download.
func managedTemplate(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/v1alpha1", "kind": "ProxmoxTemplate", "metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"sourceImage": map[string]any{"url": "https://images.example.com/node.qcow2", "imageName": "node.qcow2"},
			"storageIDs":  []any{"local", "local-lvm"}, "region": "east",
			"network": []any{map[string]any{"name": "net0", "bridge": "vmbr0", "address4": "10.64.0.0/16"}},
		},
	}}
}

// templatesNamed are the templates with a name, as the simulated cloud calls them.
func templatesNamed(ctx context.Context, name string) (out []string) {
	GinkgoHelper()
	all, err := cloud.Machines(ctx)
	Expect(err).NotTo(HaveOccurred())
	for in, list := range all {
		for _, m := range list {
			if m.Template && m.Options["name"] == name {
				out = append(out, fmt.Sprintf("%s:%d", in, m.ID))
			}
		}
	}
	return out
}
