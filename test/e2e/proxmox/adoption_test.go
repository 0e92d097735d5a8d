// SPDX-License-Identifier: Apache-2.0

package proxmox_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

// Names that a cluster holds, by the specification and not by the product's constants.
const (
	classHash        = group + "/proxmoxnodeclass-hash"
	classHashVersion = group + "/proxmoxnodeclass-hash-version"
	poolHash         = "karpenter.sh/nodepool-hash"
	poolHashVersion  = "karpenter.sh/nodepool-hash-version"
	// templateImage is what template 9000 of the setup is, by its ID and its meta option
	// (PVE-033).
	templateImage = "9000-151445218505738649"
	unmoved       = 30 * time.Second
)

var _ = Describe("A cluster that another Karpenter has run", func() {
	// PVE-005, PVE-103, PVE-211, CP-105: what it left is taken over as it is.
	It("is adopted without a change, and managed from then on", func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		Expect(env.Karpenter.Kill(ctx)).To(Succeed())
		defer func() { Expect(env.Karpenter.Ensure(ctx)).To(Succeed()) }()
		left := leave(ctx, 3)
		w := filling(3)
		env.Create(ctx, w.Deployment())
		before := podUIDs(env.EventuallyRunning(ctx, w))
		templates := templatesNamed(ctx, "node")

		Expect(env.Karpenter.Start(ctx)).To(Succeed())
		env.Restarted(ctx)
		env.EventuallySays(ctx, left.class, "Ready", "True")
		env.Consistently(ctx, unmoved, func(g Gomega) {
			claims := env.Claims(ctx, left.pool)
			g.Expect(objects.UIDs(claims)).To(ConsistOf(objects.UIDs(left.claims)))
			for i := range claims {
				g.Expect(claims[i].DeletionTimestamp).To(BeNil(), claims[i].Name)
				drifted := claims[i].StatusConditions().Get(v1.ConditionTypeDrifted)
				g.Expect(drifted.IsTrue()).To(BeFalse(), "NodeClaim %s: %v", claims[i].Name, drifted)
			}
			g.Expect(machines(ctx)).To(HaveLen(3))
		})
		Expect(podUIDs(env.Pods(ctx, w))).To(ConsistOf(before), "no pod is started anew")
		Expect(templatesNamed(ctx, "node")).To(ConsistOf(templates), "no template is rebuilt")

		By("then: a NodeClaim is deleted")
		gone := left.claims[0]
		Expect(env.Delete(ctx, &gone)).To(Succeed())
		env.EventuallyGone(ctx, &gone)
		Expect(machines(ctx)).NotTo(HaveKey(gone.Status.ProviderID))
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, left.pool)
		expectOneEach(ctx, left.pool)
	})
})

func podUIDs(pods []corev1.Pod) (out []types.UID) {
	for i := range pods {
		out = append(out, pods[i].UID)
	}
	return out
}

// leftover is what another Karpenter left.
type leftover struct {
	class  *unstructured.Unstructured
	pool   *v1.NodePool
	claims []v1.NodeClaim
}

// leave makes what another Karpenter would leave that ran so many machines, none of it with
// the help of the product. The controller must be down.
func leave(ctx context.Context, count int) *leftover {
	GinkgoHelper()
	l := &leftover{class: env.Defaults.NodeClass(env.Name("adopted"))}
	l.class.SetAnnotations(map[string]string{classHash: "1234567890", classHashVersion: "v1"})
	l.class.SetFinalizers([]string{group + "/termination"})
	env.Create(ctx, l.class)
	l.class.Object["status"] = map[string]any{
		"resources": map[string]any{"zones": int64(1)}, "selectedZones": []any{"east/east1/9000"},
		"conditions": environment.True("InstanceTemplateReady", "InstanceMetadataOptionsReady", "Ready"),
	}
	Expect(env.Status().Update(ctx, l.class)).To(Succeed())
	l.pool = env.Defaults.NodePool(env.Name("adopted"), l.class)
	onePodPerNode(l.pool)
	env.Create(ctx, l.pool)
	for n := range count {
		l.leaveMachine(ctx, n)
	}
	return l
}

// leaveMachine makes a machine that has joined, with its NodeClaim (PVE-065, PVE-067; the
// description of the other Karpenter names neither cluster nor NodeClaim).
func (l *leftover) leaveMachine(ctx context.Context, number int) {
	GinkgoHelper()
	id, name := 20100+number, fmt.Sprintf("%s-%05d", l.pool.Name, number)
	providerID := fmt.Sprintf("proxmox://east/%d", id)
	Expect(cloud.Place(ctx, "east", map[string]any{
		"id": id, "host": "east1", "running": true,
		"kubelet": map[string]any{"providerID": providerID, "maxPods": 64, "registerWithTaints": []any{map[string]any{"key": "karpenter.sh/unregistered", "effect": "NoExecute"}}},
		"options": map[string]string{
			"name": name, "description": "Karpenter managed instance, class=" + l.class.GetName() + ", capacity-type=on-demand",
			"cores": "2", "sockets": "1", "memory": "4096", "boot": "order=scsi0", "scsihw": "virtio-scsi-single", "cpu": "x86-64-v2-AES",
			"scsi0": fmt.Sprintf("ceph:vm-%d-disk-0,iothread=1,size=33G", id), "net0": fmt.Sprintf("virtio=BC:24:11:00:20:%02X,bridge=vmbr0,queues=2", number),
			"ipconfig0": fmt.Sprintf("ip=10.64.9.%d/16,gw=10.64.0.1", 1+number), "smbios1": "uuid=8b4c2f0a-0d5f-4c51-9a5e-00000000aa0" + fmt.Sprint(number) + ",sku=YzEuMlZDUFUtNEdC,base64=1",
		},
	})).To(Succeed())
	labels := map[string]string{
		"karpenter.sh/nodepool": l.pool.Name, group + "/proxmoxnodeclass": l.class.GetName(), "karpenter.sh/capacity-type": "on-demand",
		"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", instanceType: small, region: "east", zone: "east1",
		group + "/instance-family": "c1", group + "/instance-cpu-type": "x86-64-v2-AES", group + "/instance-image-id": templateImage,
	}
	for key, value := range l.pool.Spec.Template.ObjectMeta.Labels {
		labels[key] = value
	}
	yes := true
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: labels, Finalizers: []string{"karpenter.sh/termination"},
			Annotations: map[string]string{classHash: "1234567890", classHashVersion: "v1", poolHash: "42", poolHashVersion: "v0"},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "karpenter.sh/v1", Kind: "NodePool", Name: l.pool.Name, UID: l.pool.UID, BlockOwnerDeletion: &yes,
			}},
		},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: l.pool.Spec.Template.Spec.NodeClassRef, ExpireAfter: l.pool.Spec.Template.Spec.ExpireAfter,
			Requirements: append([]v1.NodeSelectorRequirementWithMinValues{
				{Key: "karpenter.sh/nodepool", Operator: corev1.NodeSelectorOpIn, Values: []string{l.pool.Name}},
			}, l.pool.Spec.Template.Spec.Requirements...),
			Resources: v1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("1500m"), "pods": resource.MustParse("1")}},
		},
	}
	env.Create(ctx, claim)
	node := l.leaveNode(ctx, claim, providerID)
	env.WriteStatus(ctx, claim, map[string]any{
		"providerID": providerID, "imageID": templateImage, "nodeName": node.Name,
		"capacity":    map[string]any{"cpu": "2", "memory": "3788Mi", "ephemeral-storage": "30Gi", "pods": "64"},
		"allocatable": map[string]any{"cpu": "1940m", "memory": "3240Mi", "ephemeral-storage": "30Gi", "pods": "64"},
		"conditions":  environment.True("Launched", "Registered", "Initialized", "Ready"),
	})
	Expect(env.Get(ctx, client.ObjectKeyFromObject(claim), claim)).To(Succeed())
	l.claims = append(l.claims, *claim)
}

// leaveNode waits until a machine has joined, and registers its Node.
func (l *leftover) leaveNode(ctx context.Context, claim *v1.NodeClaim, providerID string) *corev1.Node {
	GinkgoHelper()
	node := &corev1.Node{}
	env.Eventually(ctx, func(g Gomega) {
		g.Expect(env.Get(ctx, client.ObjectKey{Name: strings.ToLower(claim.Name)}, node)).To(Succeed())
		g.Expect(node.Spec.ProviderID).To(Equal(providerID))
	})
	yes := true
	env.Update(ctx, node, func() {
		node.Spec.Taints = nil
		for key, value := range claim.Labels {
			node.Labels[key] = value
		}
		node.Labels["karpenter.sh/registered"], node.Labels["karpenter.sh/initialized"] = "true", "true"
		node.Finalizers = []string{"karpenter.sh/termination"}
		node.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: "karpenter.sh/v1", Kind: "NodeClaim", Name: claim.Name, UID: claim.UID, BlockOwnerDeletion: &yes,
		}}
	})
	return node
}
