// SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/proxmox/cloudinit"
	"karpenter.sh/test/cloudsim/proxmox"
)

// booted is what /etc/karpenter.yaml tells a machine that was booted with the default
// templates.
type booted struct {
	Metadata struct {
		Hostname     string
		InstanceType string
		ProviderID   string
		Zone         string
	}
	Kubernetes struct {
		BootstrapToken       string
		KubeletConfiguration struct {
			MaxPods                      int64
			ProviderID                   string
			KubeReserved, SystemReserved map[corev1.ResourceName]resource.Quantity
			EvictionHard                 map[string]string
			RegisterWithTaints           []corev1.Taint
		}
	}
}

// read reads the medium that is in a machine.
func (w *world) read(m proxmox.Seen) booted {
	w.t.Helper()
	region := map[string]string{"pve1": "r1", "pve2": "r1", "pve3": "r2"}[m.Host]
	image, err := w.Cloud.File(region, m.Host, strings.TrimSuffix(m.Options["ide2"], ",media=cdrom"))
	w.must(err)
	path := filepath.Join(w.t.TempDir(), "image")
	w.must(os.WriteFile(path, image, 0o600))
	opened, err := os.Open(path)
	w.must(err)
	defer func() { _ = opened.Close() }()
	fs, err := iso9660.Read(file.New(opened, true), 0, 0, 2048)
	w.must(err)
	userData, err := fs.OpenFile(cloudinit.UserData, os.O_RDONLY)
	w.must(err)
	text, err := io.ReadAll(userData)
	w.must(err)
	var config struct {
		WriteFiles []struct{ Path, Content string } `json:"write_files"`
	}
	w.must(yaml.Unmarshal(text, &config))
	var out booted
	for _, f := range config.WriteFiles {
		if f.Path == "/etc/karpenter.yaml" {
			content, err := base64.StdEncoding.DecodeString(f.Content)
			w.must(err, yaml.Unmarshal(content, &out))
		}
	}
	return out
}

// boot is the Node that the kubelet of a machine registers, as it is told to. The firmware
// and the kernel keep a part of the memory.
func (c *cloud) boot(t testing.TB, nodeClaim *karpv1.NodeClaim) *corev1.Node {
	t.Helper()
	for _, m := range c.machines() {
		if m.Options["name"] != nodeClaim.Name || !m.Running {
			continue
		}
		is := c.read(m)
		kubelet := is.Kubernetes.KubeletConfiguration
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: is.Metadata.Hostname, Labels: map[string]string{
			label.InstanceType: is.Metadata.InstanceType, label.Zone: is.Metadata.Zone,
		}}}
		node.Spec.ProviderID, node.Spec.Taints = kubelet.ProviderID, kubelet.RegisterWithTaints
		cores, err := strconv.ParseInt(m.Options["cores"], 10, 64)
		c.must(err)
		mebibytes, err := strconv.ParseInt(m.Options["memory"], 10, 64)
		c.must(err)
		cpu, memory := resource.NewQuantity(cores, resource.DecimalSI), resource.NewQuantity(int64(float64(mebibytes<<20)*0.925), resource.BinarySI)
		for _, reserved := range []map[corev1.ResourceName]resource.Quantity{kubelet.KubeReserved, kubelet.SystemReserved} {
			cpu.Sub(reserved[corev1.ResourceCPU])
			memory.Sub(reserved[corev1.ResourceMemory])
		}
		memory.Sub(resource.MustParse(kubelet.EvictionHard["memory.available"]))
		node.Status.Allocatable = corev1.ResourceList{
			corev1.ResourceCPU: *cpu, corev1.ResourceMemory: *memory, corev1.ResourcePods: *resource.NewQuantity(kubelet.MaxPods, resource.DecimalSI),
		}
		return node
	}
	t.Fatalf("no machine of %s runs", nodeClaim.Name)
	return nil
}
