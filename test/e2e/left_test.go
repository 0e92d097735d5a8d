// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/statichash"
)

// What a cluster holds that another Karpenter has run, by the specification and not by
// the product's constants: what was written does not change with them.
const (
	poolHash        = "karpenter.sh/nodepool-hash"
	poolHashVersion = "karpenter.sh/nodepool-hash-version"
	poolLabel       = "karpenter.sh/nodepool"
	termination     = "karpenter.sh/termination"
	leftType        = "c-4x-amd64-linux" // the cheapest of four processors
	leftZone        = "test-zone-b"
)

// birth is what objects carry of the static hash from the time when they were made.
type birth struct {
	// version is empty where nothing was written.
	version string
	// hash stands for that of the template if empty.
	hash string
}

var (
	current = birth{version: "v3"}
	older   = birth{version: "v2", hash: "16180339887498948482"}
	unknown = birth{}
)

// leftover is a NodePool with its machines, as another Karpenter left them.
type leftover struct {
	pool *v1.NodePool
	// annotations are those of the static hash.
	annotations map[string]string
	claims      []v1.NodeClaim
	nodes       []corev1.Node
}

// leavePool makes a NodePool of machines of four processors, which its Karpenter has
// annotated and found ready. The controller must be down.
func leavePool(ctx context.Context, name string, b birth, changes ...func(*v1.NodePool)) *leftover {
	GinkgoHelper()
	pool := env.NodePool(ctx, name, append([]func(*v1.NodePool){onePodPerNode, func(p *v1.NodePool) {
		p.Spec.Template.Spec.ExpireAfter = "720h"
	}}, changes...)...)
	l := &leftover{pool: pool, annotations: map[string]string{}}
	if b.version != "" {
		l.annotations[poolHash], l.annotations[poolHashVersion] = cmp.Or(b.hash, l.templateHash()), b.version
	}
	env.Update(ctx, pool, func() { pool.Annotations = l.annotations })
	env.WriteStatus(ctx, pool, map[string]any{
		"conditions": environment.True("ValidationSucceeded", "NodeClassReady", "NodeRegistrationHealthy", "Ready"),
	})
	return l
}

// templateHash is the hash of the pool's template as it is.
func (l *leftover) templateHash() string {
	template := l.pool.Spec.Template
	ref := template.Spec.NodeClassRef
	return strconv.FormatUint(statichash.Template{
		Labels: template.ObjectMeta.Labels, Group: ref.Group, Kind: ref.Kind, Class: ref.Name, ExpireAfter: 720 * time.Hour,
	}.Hash(), 10)
}

// leave makes machines that run, each ready for pods.
func (l *leftover) leave(ctx context.Context, machines int) *leftover {
	GinkgoHelper()
	for range machines {
		claim := l.leaveLaunched(ctx)
		node := l.leaveNode(ctx, claim)
		env.WriteStatus(ctx, claim, statusOf(node, environment.True("Launched", "Registered", "Initialized", "Ready")...))
		l.claims[len(l.claims)-1] = *claim
		l.nodes = append(l.nodes, *node)
	}
	return l
}

// leavePlanned makes a NodeClaim that nobody has launched yet.
func (l *leftover) leavePlanned(ctx context.Context) *v1.NodeClaim {
	GinkgoHelper()
	template := l.pool.Spec.Template
	labels := map[string]string{poolLabel: l.pool.Name, "karpenter.kwok.sh/kwoknodeclass": template.Spec.NodeClassRef.Name}
	requirements := append([]v1.NodeSelectorRequirementWithMinValues{
		{Key: "node.kubernetes.io/instance-type", Operator: corev1.NodeSelectorOpIn, Values: []string{leftType, "c-4x-arm64-linux", "s-4x-amd64-linux"}},
		{Key: poolLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{l.pool.Name}},
		{Key: "karpenter.kwok.sh/kwoknodeclass", Operator: corev1.NodeSelectorOpIn, Values: []string{template.Spec.NodeClassRef.Name}},
	}, template.Spec.Requirements...)
	maps.Copy(labels, template.ObjectMeta.Labels)
	annotations := maps.Clone(l.annotations)
	annotations["karpenter.sh/nodeclaim-min-values-relaxed"] = "false"
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%05d", l.pool.Name, len(l.claims)), Labels: labels, Annotations: annotations,
			Finalizers: []string{termination}, OwnerReferences: owner("NodePool", l.pool),
		},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: template.Spec.NodeClassRef, ExpireAfter: "720h", Requirements: requirements,
			Resources: v1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("3"), "pods": resource.MustParse("1")}},
		},
	}
	env.Create(ctx, claim)
	l.claims = append(l.claims, *claim)
	return claim
}

// leaveLaunched makes a NodeClaim whose machine was launched and has not joined yet
// (KWOK-021, KWOK-022). Node names of other Karpenters are random.
func (l *leftover) leaveLaunched(ctx context.Context) *v1.NodeClaim {
	GinkgoHelper()
	claim := l.leavePlanned(ctx)
	env.Update(ctx, claim, func() {
		for key, value := range map[string]string{
			"node.kubernetes.io/instance-type": leftType, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
			"topology.kubernetes.io/zone": leftZone, "karpenter.sh/capacity-type": "on-demand", "kubernetes.io/hostname": claim.Name,
			"karpenter.kwok.sh/instance-size": "4", "karpenter.kwok.sh/instance-family": "c",
			"karpenter.kwok.sh/instance-cpu": "4", "karpenter.kwok.sh/instance-memory": "8Gi",
			"eks-node-viewer/instance-price": "0.108590", "kwok-partition": "a", "kwok.x-k8s.io/node": "fake",
		} {
			claim.Labels[key] = value
		}
		claim.Annotations["kwok.x-k8s.io/node"] = "fake"
	})
	name := fmt.Sprintf("kwok-%s-1618033988", claim.Name)
	env.WriteStatus(ctx, claim, map[string]any{
		"providerID": "kwok://" + name, "nodeName": name, "capacity": leftCapacity, "allocatable": leftAllocatable,
		"conditions": environment.True("Launched"),
	})
	l.claims[len(l.claims)-1] = *claim
	return claim
}

// What a machine of leftType has (KWOK-009, KWOK-015).
var (
	leftCapacity    = map[string]any{"cpu": "4", "memory": "8Gi", "ephemeral-storage": "20Gi", "pods": "64"}
	leftAllocatable = map[string]any{"cpu": "3900m", "memory": "8182Mi", "ephemeral-storage": "20Gi", "pods": "64"}
)

// leaveNode makes the Node of a NodeClaim, registered, initialized and ready.
func (l *leftover) leaveNode(ctx context.Context, claim *v1.NodeClaim) *corev1.Node {
	GinkgoHelper()
	labels := maps.Clone(claim.Labels)
	labels["karpenter.sh/registered"], labels["karpenter.sh/initialized"] = "true", "true"
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: claim.Status.NodeName, Labels: labels, Annotations: maps.Clone(claim.Annotations),
			Finalizers: []string{termination}, OwnerReferences: owner("NodeClaim", claim),
		},
		Spec:   corev1.NodeSpec{ProviderID: claim.Status.ProviderID},
		Status: corev1.NodeStatus{Capacity: claim.Status.Capacity, Allocatable: claim.Status.Allocatable, Phase: corev1.NodePending},
	}
	env.Create(ctx, node) // with its status, or the fake kubelet would give it another size
	env.Eventually(ctx, func(g Gomega) {
		g.Expect(env.Get(ctx, client.ObjectKeyFromObject(node), node)).To(Succeed())
		g.Expect(node.Status.Conditions).To(ContainElement(And(HaveField("Type", corev1.NodeReady), HaveField("Status", corev1.ConditionTrue))))
		g.Expect(node.Spec.Taints).To(BeEmpty())
	})
	return node
}

// statusOf is the status of a NodeClaim whose machine runs as a node.
func statusOf(node *corev1.Node, conditions ...any) map[string]any {
	return map[string]any{
		"providerID": node.Spec.ProviderID, "nodeName": node.Name, "capacity": leftCapacity, "allocatable": leftAllocatable,
		"conditions": conditions, "lastPodEventTime": metav1.Now().UTC().Format(time.RFC3339),
	}
}

// owner is a reference to who made an object.
func owner(kind string, o client.Object) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{APIVersion: "karpenter.sh/v1", Kind: kind, Name: o.GetName(), UID: o.GetUID(), BlockOwnerDeletion: &yes}}
}

// load runs so many pods on the pool's nodes, of which each takes one.
func (l *leftover) load(ctx context.Context, pods int32) objects.Workload {
	GinkgoHelper()
	w := objects.Workload{Name: l.pool.Name, Replicas: pods, CPU: "3", NodeSelector: map[string]string{poolLabel: l.pool.Name}}
	env.Create(ctx, w.Deployment())
	return w
}
