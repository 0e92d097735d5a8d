// SPDX-License-Identifier: Apache-2.0

package userdata_test

import (
	"encoding/base64"
	"maps"
	"reflect"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/cloudprovider/kit/bootstrap"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/userdata"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/world"
)

// machine is one in the simulated cloud that boots with user data.
func machine(t *testing.T, in userdata.Input) join.Machine {
	t.Helper()
	text, err := userdata.Render(in)
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return join.Machine{ID: "i-0", CPU: 4, Memory: 16 << 10, Disk: 20, DefaultMaxPods: pods, UserData: data}
}

// CP-108, CP-109, CP-111: machines join the simulated cloud's clusters with the
// labels, taints and kubelet settings that scheduling counted on, whatever the
// user's own data say.
func TestMachinesJoin(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	with := map[string]join.Bootstrap{v1.AMIFamilyAL2023: join.Nodeadm{}, v1.AMIFamilyBottlerocket: join.Bottlerocket{}}
	customs := map[string][]string{
		v1.AMIFamilyAL2023:       {"", "user.sh", "user.mime", "user-nodeconfig.mime", "user.yaml"},
		v1.AMIFamilyBottlerocket: {""},
	}
	for family, names := range customs {
		for _, custom := range names {
			for _, text := range []string{"", `{"maxPods": 42}`, `{"maxPods": 42, "kubeReserved": {"memory": "1Gi"}, "systemReserved": {"cpu": "1"}, "evictionHard": {"memory.available": "7%"}}`} {
				in := input(t, family)
				in.Kubelet, in.Configuration = configured(t, family, text)
				if custom != "" {
					in.Custom = file(t, custom)
				}
				agenda := world.NewAgenda()
				yard := join.NewYard(agenda, nil, 0)
				yard.Boot(machine(t, in), with[family], at)
				agenda.Run(at)
				outcome, _ := yard.Outcome("i-0")
				if outcome.Node == nil {
					t.Errorf("%s with %q: %s", family, custom, outcome.Reason)
					continue
				}
				joined(t, family+" with "+custom+" "+text, *outcome.Node, in)
			}
		}
	}
}

func joined(t *testing.T, name string, n join.Node, in userdata.Input) {
	t.Helper()
	labels := maps.Clone(in.Registration.Labels)
	labels["karpenter.sh/do-not-sync-taints"] = "true"
	if !maps.Equal(n.Labels, labels) {
		t.Errorf("%s: labels %v, want %v", name, n.Labels, labels)
	}
	taints := map[join.Taint]bool{}
	for _, taint := range n.Taints {
		taints[taint] = true
	}
	want := map[join.Taint]bool{}
	for _, taint := range in.Registration.Taints {
		want[join.Taint{Key: taint.Key, Value: taint.Value, Effect: string(taint.Effect)}] = true
	}
	if !maps.Equal(taints, want) || len(n.Taints) != len(in.Registration.Taints) {
		t.Errorf("%s: taints %v, want %v", name, n.Taints, in.Registration.Taints)
	}
	if n.Cluster != in.Cluster.Name || n.Endpoint != in.Cluster.Endpoint || n.CA != in.Cluster.CABundle || n.MaxPods != int(in.Kubelet.MaxPods) {
		t.Errorf("%s: node %+v", name, n)
	}
	same(t, name+": kube-reserved", n.KubeReserved, bootstrap.Texts(in.Kubelet.KubeReserved))
	same(t, name+": system-reserved", n.SystemReserved, bootstrap.Texts(in.Kubelet.SystemReserved))
	delete(n.EvictionHard, "nodefs.inodesFree") // counts for no pod
	if !reflect.DeepEqual(n.EvictionHard, in.Kubelet.EvictionHard) {
		t.Errorf("%s: eviction-hard %v, want %v", name, n.EvictionHard, in.Kubelet.EvictionHard)
	}
}

// same compares quantities by their values.
func same(t *testing.T, name string, got, want map[string]string) {
	t.Helper()
	for key := range want {
		a, errA := resource.ParseQuantity(got[key])
		b, errB := resource.ParseQuantity(want[key])
		if errA != nil || errB != nil || a.Cmp(b) != 0 {
			t.Errorf("%s: %s is %s, want %s", name, key, got[key], want[key])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
}

// AWS-165: over a user's settings, labels of both are there.
func TestMachinesJoinWithUsersSettings(t *testing.T) {
	in := input(t, v1.AMIFamilyBottlerocket)
	in.Custom = file(t, "user.toml")
	n, err := join.Bottlerocket{}.Boot(machine(t, in))
	if err != nil {
		t.Fatal(err)
	}
	if n.Labels["example.com/mine"] != "kept" || n.Labels["example.com/team"] != "a" || n.Cluster != in.Cluster.Name ||
		n.MaxPods != pods || n.Kubelet["pod-pids-limit"] != int64(4096) || len(n.Taints) != len(in.Registration.Taints) {
		t.Errorf("node %+v", n)
	}
}
