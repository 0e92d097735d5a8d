// SPDX-License-Identifier: Apache-2.0

package gauges_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
)

// general are the labels of a node of newNode, up to the phase.
func general(name, managed string) string {
	return `{arch="arm64",capacity_type="spot",instance_type="m",managed="` + managed + `",node_name="` + name +
		`",nodepool="general",os="",phase="Running",region="",`
}

const zoneA = `windows_build="",zone="zone-a"} `

func withResource(resource, value string) string {
	return `resource_type="` + resource + `",` + zoneA + value
}

// OPS-117..123, OPS-086: what is known of single nodes.
func TestNodes(t *testing.T) {
	w := newWorld(t)
	w.cluster.UpdateNode(newNode("n", func(n *corev1.Node) {
		n.Status.Capacity["Example.com/Big-GPU"] = list("x", "3")["x"]
		n.Status.Allocatable["Example.com/Big-GPU"] = list("x", "2")["x"]
		n.Status.Allocatable["hugepages-2Mi"] = list("x", "0")["x"]
	}))
	w.pod(newPod("a", "n"))
	w.pod(newPod("d", "n", ownedBy("apps/v1", "DaemonSet", "d"), func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: list("cpu", "100m", "memory", "1500m"), Limits: list("cpu", "200m")}
	}))
	w.clock.Step(90 * time.Second)
	for _, tc := range []struct {
		id, name string
		want     []string
	}{
		{"OPS-117", "karpenter_nodes_allocatable", []string{"cpu 3.9", "example.com/big_gpu 2", "hugepages_2mi 0", "memory 7.516192768e+09"}},
		{"OPS-118", "karpenter_nodes_total_pod_requests", []string{"cpu 1.6", "example.com/big_gpu 0", "memory 2", "pods 2"}},
		{"OPS-119", "karpenter_nodes_total_pod_limits", []string{"cpu 2.2", "example.com/big_gpu 0", "memory 1.073741824e+09"}},
		{"OPS-120", "karpenter_nodes_total_daemon_requests", []string{"cpu 0.1", "example.com/big_gpu 0", "memory 2", "pods 1"}},
		{"OPS-121", "karpenter_nodes_total_daemon_limits", []string{"cpu 0.2", "example.com/big_gpu 0", "memory 0"}},
		{"OPS-122", "karpenter_nodes_system_overhead", []string{"cpu 0.1", "example.com/big_gpu 1", "memory 1.073741824e+09"}},
	} {
		t.Run(tc.id+": "+tc.name, func(t *testing.T) {
			var want []string
			for _, sample := range tc.want {
				resource, value, _ := strings.Cut(sample, " ")
				want = append(want, general("n", "false")+withResource(resource, value))
			}
			w.t = t
			w.expect(tc.name, want...)
		})
	}
	w.expect("karpenter_nodes_current_lifetime_seconds", general("n", "false")+zoneA+"90") // OPS-123
}

// OPS-115, OPS-084: labels of a node are those it has now, and a node that is
// gone has no series.
func TestNodeSeriesFollowTheNode(t *testing.T) {
	const lifetime = "karpenter_nodes_current_lifetime_seconds"
	w := newWorld(t)
	w.expect(lifetime)
	w.cluster.UpdateNode(newNode("n"))
	w.cluster.UpdateNodeClaim(&v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "c", UID: "c"}, Status: v1.NodeClaimStatus{ProviderID: "example://n"},
	})
	w.cluster.UpdateNodeClaim(&v1.NodeClaim{ // it has no node
		ObjectMeta: metav1.ObjectMeta{Name: "d", UID: "d"}, Status: v1.NodeClaimStatus{ProviderID: "example://none"},
	})
	w.expect(lifetime, general("n", "true")+zoneA+"0")
	w.cluster.UpdateNode(newNode("n", func(n *corev1.Node) {
		n.Labels[corev1.LabelTopologyZone] = "zone-b"
		n.Status.Phase = ""
	}))
	moved := strings.Replace(general("n", "true"), "Running", "", 1) + `windows_build="",zone="zone-b"} 0`
	w.expect(lifetime, moved)
	w.cluster.DeleteNode("n")
	w.expect(lifetime)
	w.expect("karpenter_nodes_")
}

// OPS-115: a provider's labels come on top of the core's. Of keys with the same
// name the core's wins, then the first; a name is made of what a metric allows.
func TestProviderLabels(t *testing.T) {
	w := newWorld(t, "example.com/zone", "b.example.com/Instance-Size", "a.example.com/instance-size",
		"example.com/phase", "no-domain", "example.com/disk.kind")
	w.cluster.UpdateNode(newNode("n", func(n *corev1.Node) {
		n.Labels["example.com/zone"] = "not this"
		n.Labels["a.example.com/instance-size"], n.Labels["b.example.com/Instance-Size"] = "large", "not this"
		n.Labels["example.com/phase"] = "not this"
		n.Labels["example.com/disk.kind"] = "fast"
	}))
	w.expect("karpenter_nodes_current_lifetime_seconds", `{arch="arm64",capacity_type="spot",disk_kind="fast",instance_size="large",`+
		`instance_type="m",managed="false",node_name="n",nodepool="general",os="",phase="Running",region="",windows_build="",zone="zone-a"} 0`)
}

// OPS-124: over all nodes; what nobody has is left out.
func TestUtilization(t *testing.T) {
	w := newWorld(t)
	w.expect("karpenter_cluster_utilization_percent")
	for _, name := range []string{"a", "b"} {
		w.cluster.UpdateNode(newNode(name, func(n *corev1.Node) { n.Status.Allocatable = list("cpu", "3", "memory", "1Gi", "gpu", "0") }))
	}
	w.pod(newPod("one", "a"))
	w.expect("karpenter_cluster_utilization_percent", `{resource_type="cpu"} 25`, `{resource_type="memory"} 0`)
}

// OPS-084: resources that a label cannot tell apart share a series.
func TestResourcesOfOneName(t *testing.T) {
	w := newWorld(t)
	w.cluster.UpdateNode(newNode("n", func(n *corev1.Node) {
		n.Status.Allocatable = list("example.com/a-b", "1", "example.com/a_b", "2")
	}))
	w.expect("karpenter_nodes_allocatable", general("n", "false")+withResource("example.com/a_b", "3"))
}
