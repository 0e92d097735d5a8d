// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// machine is what the golden files are about: a NodeClaim with taints and labels of
// all sorts, and a configuration with every field that counts.
func machine() (bootstrap.Registration, kubelet.Settings, kubelet.Configuration) {
	claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{
		"team": "a", "karpenter.sh/nodepool": "default", "node-restriction.kubernetes.io/x": "y",
		"kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": "us-east-1a",
	}}}
	claim.Spec.Taints = []corev1.Taint{{Key: "dedicated", Value: "gpu", Effect: corev1.TaintEffectNoSchedule}}
	claim.Spec.StartupTaints = []corev1.Taint{
		{Key: "dedicated", Value: "gpu", Effect: corev1.TaintEffectNoExecute},
		{Key: "cilium.io/not-ready", Effect: corev1.TaintEffectNoExecute},
	}
	user, errs := kubelet.Reader{Path: field.NewPath("spec", "kubelet")}.Read([]byte(`{
		"maxPods": 58, "podsPerCore": 20, "systemReserved": {"memory": "100Mi"},
		"evictionHard": {"memory.available": "5%"}, "evictionSoft": {"memory.available": "10%"},
		"evictionSoftGracePeriod": {"memory.available": "1m30s"}, "evictionMaxPodGracePeriod": 60,
		"imageGCHighThresholdPercent": 80, "imageGCLowThresholdPercent": 70, "cpuCFSQuota": false,
		"featureGates": {"GracefulNodeShutdown": true}, "podPidsLimit": 9007199254740993}`))
	if len(errs) > 0 {
		panic(errs.ToAggregate())
	}
	settings := must(kubelet.Plan(
		kubelet.Machine{MilliCPU: 4000, Memory: 16 << 30, EphemeralStorage: 20 << 30, Pods: 58},
		kubelet.Rules{
			CPU:          kubelet.Formula{Unit: 1, Fixed: 80},
			Memory:       kubelet.Formula{Unit: 1 << 20, Fixed: 255, PerPod: 11},
			EvictionHard: map[string]kubelet.Threshold{kubelet.NodeFSAvailable: must(kubelet.ParseThreshold("10%"))},
		}, user))
	registration := bootstrap.RegistrationOf(claim, map[string]string{"karpenter.sh/capacity-type": "spot", "team": "b"}, bootstrap.KubeletMaySet)
	return registration, settings, user
}

// KIT-181, KIT-182: the user's archive with our part behind it.
func TestMIMEGolden(t *testing.T) {
	parts := must(bootstrap.UserParts(must(os.ReadFile("testdata/user.mime")), shell))
	ours := bootstrap.NewPart("application/node.eks.aws", []byte("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\n"))
	golden(t, "mime", bootstrap.RenderMIME(append(parts, ours)))
}

func shell(data []byte) bootstrap.Part { return bootstrap.NewPart(bootstrap.TypeShell, data) }

// KIT-185, KIT-186: required settings over the user's TOML.
func TestTOMLGolden(t *testing.T) {
	registration, settings, _ := machine()
	tree := must(bootstrap.ParseTOML(must(os.ReadFile("testdata/user.toml"))))
	dropped := tree.Keep([]string{"cluster-name", "node-labels", "node-taints", "pod-pids-limit"}, "settings", "kubernetes")
	if len(dropped) != 1 || dropped[0] != "unheard-of" {
		t.Errorf("dropped %q", dropped)
	}
	for _, err := range []error{
		tree.Merge(map[string]any{"cluster-name": "ours", "max-pods": settings.MaxPods, "node-labels": bootstrap.Table(registration.Labels),
			"kube-reserved": bootstrap.Table(bootstrap.Texts(settings.KubeReserved))}, "settings", "kubernetes"),
		tree.Set(registration.TaintsByKey(), "settings", "kubernetes", "node-taints"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "toml", must(tree.TOML()))
}

// KIT-187: the user's cloud-config with our files and commands behind its own.
func TestCloudConfigGolden(t *testing.T) {
	got := cloudConfig(t)
	golden(t, "cloud-config", got)
}

func cloudConfig(t *testing.T) []byte {
	t.Helper()
	tree := must(bootstrap.ParseCloudConfig(must(os.ReadFile("testdata/user.cloud-config"))))
	registration, settings, user := machine()
	for _, err := range []error{
		tree.WriteFiles(
			bootstrap.File{Path: "/etc/kubernetes/kubelet.yaml", Content: must(bootstrap.Document(registration, settings, user).YAML()), Permissions: "0600", Owner: "root:root"},
			bootstrap.File{Path: "/etc/kubernetes/seed", Content: []byte{0xff, 0x00}},
		),
		tree.Run([]string{"systemctl", "enable", "--now", "kubelet"}),
		tree.Merge(map[string]any{"growpart": map[string]any{"mode": "auto"}, "hostname": "ours"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return must(tree.CloudConfig())
}

// KIT-187: cloud-init itself finds nothing wrong with it.
func TestCloudConfigSchema(t *testing.T) {
	tool, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not installed: its schema did not judge the cloud-config")
	}
	path := filepath.Join(t.TempDir(), "user-data")
	if err := os.WriteFile(path, cloudConfig(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), tool, "schema", "--config-file", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// KIT-192, CP-111: the KubeletConfiguration of a machine.
func TestDocumentGolden(t *testing.T) {
	golden(t, "kubelet", must(bootstrap.Document(machine()).YAML()))
}

// KIT-191, CP-111: the same as arguments, in a script.
func TestFlagsGolden(t *testing.T) {
	arguments := must(bootstrap.FlagsText(bootstrap.Flags(machine())))
	s := bootstrap.NewScript("#!/bin/bash -xe")
	s.Assign("NAME", "it's $HOME")
	s.Run("/etc/eks/bootstrap.sh", "my cluster", "--kubelet-extra-args", arguments)
	golden(t, "script", must(s.Bytes()))
}
