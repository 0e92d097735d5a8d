// SPDX-License-Identifier: Apache-2.0

package kubeletconfig_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	karpenterv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/instancetype"
	"karpenter.sh/providers/proxmox/kubeletconfig"
)

// PVE-092, CP-108, CP-111: what the kubelet is told.
func TestDocument(t *testing.T) {
	claim := &karpenterv1.NodeClaim{}
	claim.Spec.Taints = []corev1.Taint{{Key: "team", Value: "a", Effect: corev1.TaintEffectNoSchedule}}
	claim.Spec.StartupTaints = []corev1.Taint{{Key: "cni", Effect: corev1.TaintEffectNoExecute}}
	registration := bootstrap.RegistrationOf(claim, nil, bootstrap.KubeletMaySet)
	shape := instancetype.BuiltIn()[4] // c1.2VCPU-4GB
	shape.Overhead.SystemReserved[corev1.ResourceEphemeralStorage] = resource.MustParse("1500Mi")
	fields := &v1alpha1.KubeletConfiguration{
		CPUManagerPolicy: "static", CPUCFSQuota: new(false), CPUCFSQuotaPeriod: &metav1.Duration{Duration: 100 * time.Millisecond},
		ShutdownGracePeriod: &metav1.Duration{Duration: 90 * time.Second}, ClusterDNS: []string{"10.96.0.10"}, MaxPods: new(int32(20)),
	}
	got, err := kubeletconfig.Document(kubeletconfig.Launch{Registration: registration, ProviderID: "proxmox://r1/20000", Pods: 20, Overhead: shape.Overhead}, fields)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, `
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
providerID: proxmox://r1/20000
maxPods: 20
cpuManagerPolicy: static
cpuCFSQuota: false
cpuCFSQuotaPeriod: 100ms
shutdownGracePeriod: 1m30s
clusterDNS: [10.96.0.10]
kubeReserved: {cpu: 50m, memory: 384Mi}
systemReserved: {cpu: 10m, memory: 64Mi, ephemeral-storage: 2Gi}
evictionHard: {memory.available: 100Mi, nodefs.available: 10%, imagefs.available: 15%}
registerWithTaints:
- {key: team, value: a, effect: NoSchedule}
- {key: cni, effect: NoExecute}
- {key: karpenter.sh/unregistered, effect: NoExecute}
`)
	got, err = kubeletconfig.Document(kubeletconfig.Launch{ProviderID: "proxmox://r1/20000", Pods: 110, Overhead: cloudprovider.Overhead{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	check(t, got, `
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
providerID: proxmox://r1/20000
maxPods: 110
registerWithTaints: []
`)
}

func check(t *testing.T, got map[string]any, want string) {
	t.Helper()
	text, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var one, other any
	for from, into := range map[string]*any{string(text): &one, want: &other} {
		if err := yaml.Unmarshal([]byte(from), into); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(other, one); d != "" {
		t.Error(d)
	}
}
