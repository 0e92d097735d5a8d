// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"context"
	"fmt"
	"slices"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// Premises are what a cluster holds before a test that has it to itself.
type Premises struct {
	Nodes []corev1.Node
	// Pods of all namespaces.
	Pods  []corev1.Pod
	Pools []v1.NodePool
	// Classes are names of NodeClasses.
	Classes []string
}

// Wrong lists what would have a part in the test, and so decide how it ends (OPS-267):
// nodes that take any pod, pods of others that wait for nodes, pools that launch some.
func (p Premises) Wrong() []string {
	var wrong []string
	for i := range p.Nodes {
		if n := &p.Nodes[i]; !n.Spec.Unschedulable && !slices.ContainsFunc(n.Spec.Taints, keepsOff) {
			wrong = append(wrong, fmt.Sprintf("node %s takes any pod: taint it, such as with CriticalAddonsOnly:NoSchedule", n.Name))
		}
	}
	for i := range p.Pods {
		switch pod := &p.Pods[i]; {
		case pod.Namespace == objects.Namespace:
			wrong = append(wrong, fmt.Sprintf("pod %s is in namespace %s", pod.Name, objects.Namespace))
		case waits(pod):
			wrong = append(wrong, fmt.Sprintf("pod %s/%s waits for a node", pod.Namespace, pod.Name))
		}
	}
	for i := range p.Pools {
		wrong = append(wrong, fmt.Sprintf("there is NodePool %s", p.Pools[i].Name))
	}
	if slices.Contains(p.Classes, defaultClass) {
		wrong = append(wrong, fmt.Sprintf("there is NodeClass %s", defaultClass))
	}
	return wrong
}

// defaultClass is the name of the NodeClass that people begin with.
const defaultClass = "default"

func keepsOff(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }

// waits tells that Karpenter would look for a node for a pod.
func waits(p *corev1.Pod) bool {
	return p.Spec.NodeName == "" && p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable
	})
}

// unfit lists what is wrong with the cluster as it is.
func (e *Environment) unfit(ctx context.Context) []string {
	var (
		nodes   corev1.NodeList
		pods    corev1.PodList
		pools   v1.NodePoolList
		classes = e.classes()
	)
	for _, list := range []client.ObjectList{&nodes, &pods, &pools, classes} {
		gomega.ExpectWithOffset(2, e.List(ctx, list)).To(gomega.Succeed())
	}
	p := Premises{Nodes: nodes.Items, Pods: pods.Items, Pools: pools.Items}
	for i := range classes.Items {
		p.Classes = append(p.Classes, classes.Items[i].GetName())
	}
	return p.Wrong()
}
