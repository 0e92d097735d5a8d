// SPDX-License-Identifier: Apache-2.0

package environment

import (
	"cmp"
	"context"
	"slices"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// Nodes are the nodes of a pool.
func (e *Environment) Nodes(ctx context.Context, pool *v1.NodePool) []corev1.Node {
	var list corev1.NodeList
	gomega.ExpectWithOffset(1, e.List(ctx, &list, ofPool(pool))).To(gomega.Succeed())
	return list.Items
}

// Claims are the NodeClaims of a pool.
func (e *Environment) Claims(ctx context.Context, pool *v1.NodePool) []v1.NodeClaim {
	var list v1.NodeClaimList
	gomega.ExpectWithOffset(1, e.List(ctx, &list, ofPool(pool))).To(gomega.Succeed())
	return list.Items
}

// Pods are the pods of a workload.
func (e *Environment) Pods(ctx context.Context, w objects.Workload) []corev1.Pod {
	var list corev1.PodList
	err := e.List(ctx, &list, client.InNamespace(objects.Namespace), client.MatchingLabels{objects.App: w.Name})
	gomega.ExpectWithOffset(1, err).To(gomega.Succeed())
	return list.Items
}

// ClaimOf is the NodeClaim of a node.
func (e *Environment) ClaimOf(ctx context.Context, node *corev1.Node) *v1.NodeClaim {
	var list v1.NodeClaimList
	gomega.ExpectWithOffset(1, e.List(ctx, &list)).To(gomega.Succeed())
	i := slices.IndexFunc(list.Items, func(c v1.NodeClaim) bool { return c.Status.ProviderID == node.Spec.ProviderID })
	gomega.ExpectWithOffset(1, i).NotTo(gomega.Equal(-1), "node %s has no NodeClaim", node.Name)
	return &list.Items[i]
}

// NodeOf is the node that a pod is bound to.
func (e *Environment) NodeOf(ctx context.Context, pod *corev1.Pod) *corev1.Node {
	var node corev1.Node
	gomega.ExpectWithOffset(1, e.Get(ctx, client.ObjectKey{Name: pod.Spec.NodeName}, &node)).To(gomega.Succeed())
	return &node
}

// Events are what Karpenter has published about an object, oldest first.
func (e *Environment) Events(ctx context.Context, o client.Object) []corev1.Event {
	var list corev1.EventList
	selector := fields.OneTermEqualSelector("involvedObject.uid", string(o.GetUID()))
	gomega.ExpectWithOffset(1, e.List(ctx, &list, client.MatchingFieldsSelector{Selector: selector})).To(gomega.Succeed())
	events := slices.DeleteFunc(list.Items, func(ev corev1.Event) bool { return ev.Source.Component != component })
	slices.SortStableFunc(events, func(a, b corev1.Event) int {
		return cmp.Compare(a.LastTimestamp.UnixNano(), b.LastTimestamp.UnixNano())
	})
	return events
}

// component is the source of Karpenter's events (OPS-167).
const component = "karpenter"

// Messages are those of an object's events of one reason.
func (e *Environment) Messages(ctx context.Context, o client.Object, reason string) []string {
	var out []string
	for _, ev := range e.Events(ctx, o) {
		if ev.Reason == reason {
			out = append(out, ev.Message)
		}
	}
	return out
}

func ofPool(pool *v1.NodePool) client.MatchingLabels {
	return client.MatchingLabels{v1.NodePoolLabelKey: pool.Name}
}
