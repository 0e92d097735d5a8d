// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"math/rand"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Standing returns a cluster that has grown: nodes with ten pods each that are
// bound to them, in three zones. A third of the pods is spread over zones, a
// tenth keeps apart on hosts, all in applications of 100 replicas. Most nodes
// have little room left and one in ten has a lot. The same argument gives the
// same cluster.
func Standing(nodes int) ([]*corev1.Node, []*corev1.Pod) {
	rnd := rand.New(rand.NewSource(42))
	outNodes, pods := make([]*corev1.Node, nodes), make([]*corev1.Pod, 0, 10*nodes)
	apps := nodes / 10
	for i := range outNodes {
		var used int64
		for j := range 10 {
			// A stride through the applications: no two replicas on a node.
			p := replica(len(pods), (i*10+j)%apps)
			p.Spec.NodeName = fmt.Sprintf("node-%05d", i)
			used += p.Spec.Containers[0].Resources.Requests.Cpu().MilliValue()
			pods = append(pods, p)
		}
		spare := int64(rnd.Intn(200))
		if i%10 == 0 {
			spare = 4000
		}
		outNodes[i] = node(i, used+spare)
	}
	return outNodes, pods
}

// replica is a pod of an application, whose number decides its shape.
func replica(i, app int) *corev1.Pod {
	p := pod(i, corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(200+25*(app%50)), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(256+32*(app%70))<<20, resource.BinarySI),
	})
	p.Labels = map[string]string{"app": fmt.Sprintf("app-%d", app)}
	switch {
	case app%3 == 0:
		spread(corev1.LabelTopologyZone)(p)
		p.Spec.TopologySpreadConstraints[0].MaxSkew = 5
	case app%10 == 1:
		antiAffinity(corev1.LabelHostname)(p)
	}
	return p
}

func node(i int, cpuMilli int64) *corev1.Node {
	name := fmt.Sprintf("node-%05d", i)
	room := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(cpuMilli, resource.DecimalSI),
		corev1.ResourceMemory: resource.MustParse("32Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: "1", Labels: map[string]string{
			corev1.LabelHostname: name, corev1.LabelTopologyZone: zones[i%len(zones)],
			corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux",
		}},
		Spec:   corev1.NodeSpec{ProviderID: "fake://" + name},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
}
