// SPDX-License-Identifier: Apache-2.0

package bootstrap_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

// KIT-189, CP-109.
func TestLabelsThatKubeletsMaySet(t *testing.T) {
	for key, want := range map[string]struct{ kubelet, outside bool }{
		"team":                                {true, true},
		"example.com/team":                    {true, true},
		"karpenter.sh/nodepool":               {true, true},
		"topology.k8s.aws/zone-id":            {true, true},
		"mykubernetes.io/x":                   {true, true},
		"kubernetes.io":                       {true, true}, // a name without a domain
		"kubernetes.io/arch":                  {true, false},
		"topology.kubernetes.io/zone":         {true, false},
		"node.kubernetes.io/instance-type":    {true, false},
		"node.kubernetes.io/anything":         {true, false},
		"sub.node.kubernetes.io/anything":     {true, false},
		"kubelet.kubernetes.io/anything":      {true, false},
		"kubernetes.io/role":                  {false, false},
		"node-role.kubernetes.io/worker":      {false, false},
		"node-restriction.kubernetes.io/x":    {false, false},
		"a.node-restriction.kubernetes.io/x":  {false, false},
		"k8s.io/x":                            {false, false},
		"a.k8s.io/x":                          {false, false},
		"beta.kubernetes.io/instance-type":    {true, false},
		"topology.kubernetes.io/zone-of-mine": {false, false},
	} {
		if got := bootstrap.KubeletMaySet(key); got != want.kubelet {
			t.Errorf("KubeletMaySet(%s) is %t", key, got)
		}
		if got := bootstrap.OutsideKubernetes(key); got != want.outside {
			t.Errorf("OutsideKubernetes(%s) is %t", key, got)
		}
	}
}

// KIT-190, CP-108, CP-109, CP-020.
func TestRegistration(t *testing.T) {
	unregistered := v1.UnregisteredTaint()
	for name, tt := range map[string]struct {
		labels, launch map[string]string
		taints         []corev1.Taint
		startup        []corev1.Taint
		wantLabels     string
		wantTaints     string
	}{
		"always the unregistered taint": {wantTaints: "karpenter.sh/unregistered=:NoExecute"},
		"once":                          {startup: []corev1.Taint{unregistered}, wantTaints: "karpenter.sh/unregistered=:NoExecute"},
		"taints, then startup taints, each once": {
			taints:     []corev1.Taint{{Key: "b", Value: "1", Effect: "NoSchedule"}, {Key: "a", Effect: "NoExecute"}},
			startup:    []corev1.Taint{{Key: "b", Value: "2", Effect: "NoSchedule"}, {Key: "b", Value: "2", Effect: "NoExecute"}},
			wantTaints: "b=1:NoSchedule,a=:NoExecute,b=2:NoExecute,karpenter.sh/unregistered=:NoExecute",
		},
		"labels of the NodeClaim win, by key, without those of Kubernetes": {
			labels:     map[string]string{"b": "claim", "node-role.kubernetes.io/x": ""},
			launch:     map[string]string{"b": "launch", "a": "launch", "k8s.io/y": ""},
			wantLabels: "a=launch,b=claim",
			wantTaints: "karpenter.sh/unregistered=:NoExecute",
		},
	} {
		t.Run(name, func(t *testing.T) {
			claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Labels: tt.labels}}
			claim.Spec.Taints, claim.Spec.StartupTaints = tt.taints, tt.startup
			r := bootstrap.RegistrationOf(claim, tt.launch, bootstrap.KubeletMaySet)
			if got := r.LabelsText(); got != tt.wantLabels {
				t.Errorf("labels %s, want %s", got, tt.wantLabels)
			}
			if got := r.TaintsText(); got != tt.wantTaints {
				t.Errorf("taints %s, want %s", got, tt.wantTaints)
			}
		})
	}
}

// KIT-191: a value that a shell would change is refused.
func TestFlagsText(t *testing.T) {
	got, err := bootstrap.FlagsText([]bootstrap.Flag{{"max-pods", "110"}, {"eviction-hard", "memory.available<5%"}})
	if got != `--max-pods=110 --eviction-hard="memory.available<5%"` || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range []string{`a"b`, "$HOME", "`id`", `a\b`, "it's", "a\nb"} {
		if got, err := bootstrap.FlagsText([]bootstrap.Flag{{"node-labels", bad}}); err == nil {
			t.Errorf("%q is written %s", bad, got)
		}
	}
}

// KIT-192, CP-111: what the user wrote does not stand against what was computed.
func TestDocumentOverrides(t *testing.T) {
	user := kubelet.Configuration{Object: map[string]any{
		"maxPods": "vcpus * 10", "podsPerCore": 3, "reservedSystemCPUs": "0", "kubeReserved": map[string]any{"cpu": "vcpus"},
		"kind": "Pod", "seccompDefault": true,
	}}
	got := string(must(bootstrap.Document(bootstrap.Registration{}, kubelet.Settings{MaxPods: 20}, user).YAML()))
	want := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 20\nregisterWithTaints: []\nseccompDefault: true\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if user.Object["kind"] != "Pod" {
		t.Error("the configuration was changed")
	}
}
