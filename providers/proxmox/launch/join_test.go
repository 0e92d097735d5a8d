// SPDX-License-Identifier: Apache-2.0

package launch_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/providers/proxmox/kubeletconfig"
	"karpenter.sh/providers/proxmox/launch"
	"karpenter.sh/test/cloudsim/proxmox"
)

// authority is a certificate of nobody.
const authority = "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n"

// PVE-090, PVE-091, PVE-092, PVE-093, PVE-094: a machine reads what it is given by default
// as cloud-init would, and becomes the node that was meant.
func TestMachineJoins(t *testing.T) {
	const boots = 20 * time.Second
	w := start(t, false, func(o *proxmox.Options) { o.Boot = boots })
	w.Book.Hold("host pve2", netip.MustParseAddr("10.10.0.12"))
	o := order()
	o.Files = func(_ context.Context, made launch.Made) (cloudinit.Files, error) {
		kubelet, err := kubeletconfig.Document(kubeletconfig.Launch{
			Registration: bootstrap.Registration{Taints: []corev1.Taint{{Key: "dedicated", Value: "a", Effect: corev1.TaintEffectNoSchedule}}},
			ProviderID:   "proxmox://r1/20000", Pods: 64,
			Overhead: cloudprovider.Overhead{
				KubeReserved:      corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("384Mi")},
				EvictionThreshold: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("100Mi")},
			},
		}, nil)
		if err != nil {
			return nil, err
		}
		data := cloudinit.Data{
			Metadata:   cloudinit.Metadata{Hostname: "n1", InstanceID: "20000", InstanceType: "c1.4VCPU-8GB", ProviderID: "proxmox://r1/20000", Region: "r1", Zone: "pve1"},
			Kubernetes: cloudinit.Kubernetes{Version: "v1.33.4", RootCA: authority, BootstrapToken: "abcdef.0123456789abcdef", KubeletConfiguration: kubelet},
		}
		for _, i := range made.Interfaces {
			data.Network.Interfaces = append(data.Network.Interfaces, cloudinit.Interface{
				Name: "eth0", MacAddr: i.MAC, Address4: []string{i.Address4.String()}, Gateway4: i.Gateway4.String(), MTU: i.MTU,
			})
		}
		return cloudinit.Render(nil, data)
	}
	if _, err := w.Launch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	w.Clock.Step(boots)
	w.Cloud.Settle()
	for _, outcome := range w.Cloud.Yard().Outcomes() {
		n := outcome.Node
		if n == nil {
			t.Fatalf("it does not join: %s", outcome.Reason)
		}
		m := n.Machine
		if m.NodeName != "n1" || m.ProviderID != "proxmox://r1/20000" || m.Address != "10.10.0.13" || m.Type != "c1.4VCPU-8GB" || m.Zone != "pve1" || m.CPU != 4 || m.Memory != 8192 || m.Disk != 30 {
			t.Errorf("the machine is %+v", m)
		}
		if n.MaxPods != 64 || n.KubeReserved["memory"] != "384Mi" || n.EvictionHard["memory.available"] != "100Mi" || len(n.Taints) != 1 {
			t.Errorf("the node has %d pods, %v, %v, %v", n.MaxPods, n.KubeReserved, n.EvictionHard, n.Taints)
		}
	}
	if len(w.Cloud.Yard().Outcomes()) != 1 {
		t.Error("no machine has booted")
	}
}
