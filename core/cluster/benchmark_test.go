// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"fmt"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
)

const podsPerNode = 20

// filled returns a model of so many nodes with podsPerNode pods each.
func filled(b *testing.B, nodes int) *world {
	b.Helper()
	w := newWorld(b)
	w.UpdateDaemonSet(daemonSet())
	for i := range nodes {
		w.claim(newClaim("claim-"+strconv.Itoa(i), "id-"+strconv.Itoa(i)))
		w.node(benchmarkNode(i))
		for j := range podsPerNode {
			w.pod(newPod(fmt.Sprintf("pod-%d-%d", i, j), nodeName(i)))
		}
	}
	w.Snapshot().Targets()
	return w
}

func nodeName(i int) string { return "node-" + strconv.Itoa(i) }

func benchmarkNode(i int) *corev1.Node {
	zone := string(rune('a' + i%3))
	return newNode(nodeName(i), "id-"+strconv.Itoa(i), initialized("pool"), labels(
		corev1.LabelHostname, nodeName(i), corev1.LabelTopologyZone, zone, corev1.LabelTopologyRegion, "region",
		corev1.LabelArchStable, "amd64", corev1.LabelOSStable, "linux", v1.CapacityTypeLabelKey, "spot",
		"topology.ebs.csi.aws.com/zone", zone, "karpenter.k8s.aws/instance-family", "m5", "karpenter.k8s.aws/instance-cpu", "4"))
}

func sizes(b *testing.B, run func(*testing.B, *world, int)) {
	for _, nodes := range []int{100, 5000} {
		b.Run(strconv.Itoa(nodes), func(b *testing.B) {
			w := filled(b, nodes)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, w, nodes)
		})
	}
}

// LIF-060: a pod is bound and deleted again.
func BenchmarkClusterPodEvent(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, nodes int) {
		pods := make([]*corev1.Pod, 1000)
		for i := range pods {
			pods[i] = newPod("new-"+strconv.Itoa(i), nodeName(i%nodes))
		}
		b.ResetTimer()
		for i := range b.N {
			p := pods[i%len(pods)]
			w.UpdatePod(p, settled)
			w.DeletePod(key(p))
		}
	})
}

// LIF-060: a pod's status changes.
func BenchmarkClusterPodStatus(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, nodes int) {
		versions := [2][]*corev1.Pod{}
		for i := range min(nodes, 1000) {
			p := newPod(fmt.Sprintf("pod-%d-0", i), nodeName(i))
			versions[0], versions[1] = append(versions[0], p), append(versions[1], p.DeepCopy())
		}
		b.ResetTimer()
		for i := range b.N {
			w.UpdatePod(versions[i/len(versions[0])%2][i%len(versions[0])], settled)
		}
	})
}

// LIF-060: a heartbeat.
func BenchmarkClusterHeartbeat(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, nodes int) {
		beats := [2][]*corev1.Node{}
		for i := range min(nodes, 1000) {
			beats[0], beats[1] = append(beats[0], benchmarkNode(i)), append(beats[1], benchmarkNode(i))
		}
		b.ResetTimer()
		for i := range b.N {
			w.UpdateNode(beats[i/len(beats[0])%2][i%len(beats[0])])
		}
	})
}

// LIF-060: a Node changes its labels.
func BenchmarkClusterNodeEvent(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, nodes int) {
		changes := [2][]*corev1.Node{}
		for i := range min(nodes, 1000) {
			changed := benchmarkNode(i)
			changed.Labels["changed"] = "yes"
			changes[0], changes[1] = append(changes[0], changed), append(changes[1], benchmarkNode(i))
		}
		b.ResetTimer()
		for i := range b.N {
			w.UpdateNode(changes[i/len(changes[0])%2][i%len(changes[0])])
		}
	})
}

// LIF-061: taking a snapshot of which nothing is asked.
func BenchmarkClusterSnapshot(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, _ int) {
		for b.Loop() {
			w.Snapshot()
		}
	})
}

// SCH-130: a snapshot's targets after one pod event since the last.
func BenchmarkClusterTargets(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, _ int) {
		p := newPod("pod-0-0", nodeName(0))
		for b.Loop() {
			w.UpdatePod(p, settled)
			if w.Snapshot().Targets().Nodes == nil {
				b.Fatal("no targets")
			}
		}
	})
}

// SCH-126: all nodes compiled anew after a change of the daemons.
func BenchmarkClusterTargetsAnew(b *testing.B) {
	sizes(b, func(b *testing.B, w *world, _ int) {
		for i := 0; b.Loop(); i++ {
			set := daemonSet()
			set.Spec.Template.Spec.Containers[0].Resources.Requests = resources("cpu", strconv.Itoa(1+i%2))
			w.UpdateDaemonSet(set)
			w.Snapshot().Targets()
		}
	})
}

// LIF-060: the model is filled from nothing: 5,000 nodes and 100,000 pods.
func BenchmarkClusterLoad(b *testing.B) {
	for b.Loop() {
		w := filled(b, 5000)
		if got := len(w.Snapshot().Nodes()); got != 5000 {
			b.Fatal(got)
		}
	}
}
