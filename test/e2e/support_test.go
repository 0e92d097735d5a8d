// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
)

// onePodPerNode limits a pool to nodes of four processors, of which pods that
// ask for three fill one each.
func onePodPerNode(pool *v1.NodePool) {
	objects.Require(pool, objects.InstanceCPU, corev1.NodeSelectorOpIn, "4")
}

// sizes limits a pool to nodes of these numbers of processors.
func sizes(cpus ...string) func(*v1.NodePool) {
	return require(objects.InstanceCPU, corev1.NodeSelectorOpIn, cpus...)
}

// underutilized has a pool give up badly used nodes as soon as may be.
func underutilized(pool *v1.NodePool) {
	pool.Spec.Disruption = v1.Disruption{
		ConsolidationPolicy: v1.ConsolidationPolicyWhenEmptyOrUnderutilized,
		ConsolidateAfter:    "0s",
		Budgets:             []v1.Budget{{Nodes: "100%"}},
	}
}

// limit gives a pool a limit.
func limit(name corev1.ResourceName, quantity string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) {
		if pool.Spec.Limits == nil {
			pool.Spec.Limits = v1.Limits{}
		}
		pool.Spec.Limits[name] = resource.MustParse(quantity)
	}
}

// require gives a pool a requirement.
func require(key string, operator corev1.NodeSelectorOperator, values ...string) func(*v1.NodePool) {
	return func(pool *v1.NodePool) { objects.Require(pool, key, operator, values...) }
}

// setDelay makes nodes of a kwok NodeClass appear that long after their launch
// (KWOK-002).
func setDelay(class *unstructured.Unstructured, delay string) {
	Expect(unstructured.SetNestedField(class.Object, delay, "spec", "nodeRegistrationDelay")).To(Succeed())
}

// inject makes launches of a kwok NodeClass fail (KWOK-039).
func inject(class *unstructured.Unstructured, failure, value string) {
	annotations := class.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations["karpenter.kwok.sh/inject-"+failure] = value
	class.SetAnnotations(annotations)
}

func expectPeak(usage *environment.Usage, name corev1.ResourceName, comparator, want string) {
	peak, err := usage.Peak(name)
	ExpectWithOffset(1, err).NotTo(HaveOccurred())
	bound := resource.MustParse(want)
	ExpectWithOffset(1, peak.AsApproximateFloat64()).To(BeNumerically(comparator, bound.AsApproximateFloat64()), "peak of %s", name)
}

// idle names the nodes that none of the pods is on.
func idle(nodes []corev1.Node, pods []corev1.Pod) []string {
	busy := map[string]bool{}
	for i := range pods {
		busy[pods[i].Spec.NodeName] = true
	}
	var names []string
	for i := range nodes {
		if !busy[nodes[i].Name] {
			names = append(names, nodes[i].Name)
		}
	}
	return names
}

// utilization is the share of the nodes' allocatable CPU and memory that the
// pods have reserved.
func utilization(nodes []corev1.Node, pods []corev1.Pod) (cpu, memory float64) {
	var requested, allocatable corev1.ResourceList = corev1.ResourceList{}, corev1.ResourceList{}
	for i := range pods {
		add(requested, pods[i].Spec.Containers[0].Resources.Requests)
	}
	for i := range nodes {
		add(allocatable, nodes[i].Status.Allocatable)
	}
	share := func(name corev1.ResourceName) float64 {
		used, all := requested[name], allocatable[name]
		return used.AsApproximateFloat64() / all.AsApproximateFloat64()
	}
	return share(corev1.ResourceCPU), share(corev1.ResourceMemory)
}

func add(sum, more corev1.ResourceList) {
	for name, quantity := range more {
		total := sum[name]
		total.Add(quantity)
		sum[name] = total
	}
}
