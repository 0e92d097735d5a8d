// SPDX-License-Identifier: Apache-2.0

package clusterapi_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/objects"
	"karpenter.sh/test/internal/statichash"
	"karpenter.sh/test/machines"
)

// What another Karpenter writes, by the specification and not by the product's constants.
const (
	poolHash        = "karpenter.sh/nodepool-hash"
	poolHashVersion = "karpenter.sh/nodepool-hash-version"
	labelNodeClass  = "karpenter.cluster.x-k8s.io/clusterapinodeclass"
)

// unmoved is how long an adopted cluster is watched.
const unmoved = 30 * time.Second

var _ = Describe("A cluster that another Karpenter has run", func() {
	// CAPI-026, CAPI-055, CAPI-061, CAPI-062, API-091: what it left is taken over as it is.
	// It wrote no claims, and no names of types where MachineDeployments had none.
	It("is adopted without a change, and managed from then on", func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		d := deploy(ctx, "group")
		env.NodeClass(ctx)
		Expect(env.Karpenter.Kill(ctx)).To(Succeed())
		defer func() { Expect(env.Karpenter.Ensure(ctx)).To(Succeed()) }()
		setReplicas(ctx, d, 3)
		env.Eventually(ctx, func(g Gomega) { g.Expect(joined(ctx, d)).To(Equal(3)) })
		pool := leavePool(ctx)
		var left []v1.NodeClaim
		for i, machine := range machinesOf(ctx, d) {
			left = append(left, leaveClaim(ctx, pool, &machine, i))
		}
		w := filling(3)
		env.Create(ctx, w.Deployment())
		pods := map[types.UID]bool{}
		for _, pod := range env.EventuallyRunning(ctx, w) {
			pods[pod.UID] = true
		}
		written := current(ctx, d).Generation
		before := map[types.UID]bool{}
		for _, m := range machinesOf(ctx, d) {
			before[m.UID] = true
		}

		Expect(env.Karpenter.Start(ctx)).To(Succeed())
		env.Restarted(ctx)
		env.Consistently(ctx, unmoved, func(g Gomega) {
			claims := env.Claims(ctx, pool)
			g.Expect(objects.UIDs(claims)).To(ConsistOf(objects.UIDs(left)))
			for i := range claims {
				g.Expect(claims[i].DeletionTimestamp).To(BeNil(), "NodeClaim %s stays", claims[i].Name)
				drifted := claims[i].StatusConditions().Get(v1.ConditionTypeDrifted)
				g.Expect(drifted.IsTrue()).To(BeFalse(), "NodeClaim %s: %v", claims[i].Name, drifted)
			}
			g.Expect(current(ctx, d).Generation).To(Equal(written), "nobody wrote the spec")
			g.Expect(machinesOf(ctx, d)).To(HaveLen(3))
		})
		for _, claim := range env.Claims(ctx, pool) {
			Expect(claim.Labels).To(HaveKeyWithValue(instanceType, d.Name), "the type of NodeClaim %s", claim.Name)
			Expect(claim.StatusConditions().Root().IsTrue()).To(BeTrue())
		}
		for _, pod := range env.Pods(ctx, w) {
			Expect(pods).To(HaveKey(pod.UID), "no pod is started anew")
		}

		By("then: a NodeClaim is deleted")
		gone := left[1]
		machine := machineOf(ctx, &gone)
		Expect(env.Delete(ctx, &gone)).To(Succeed())
		env.EventuallyGone(ctx, &gone)
		env.EventuallyRunning(ctx, w)
		env.EventuallySettled(ctx, pool)
		eventuallyBacked(ctx, d, 3)
		delete(before, machine.UID)
		kept := 0
		for _, m := range machinesOf(ctx, d) {
			if before[m.UID] {
				kept++
			}
			Expect(m.UID).NotTo(Equal(machine.UID))
		}
		Expect(kept).To(Equal(2), "Machines of the NodeClaims that stay")
	})
})

// leavePool makes a NodePool as another Karpenter leaves it, with its hash.
func leavePool(ctx context.Context) *v1.NodePool {
	GinkgoHelper()
	class := env.NodeClass(ctx)
	pool := env.Defaults.NodePool(env.Name("adopted"), class)
	pool.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
		{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"amd64"}},
	}
	pool.Spec.Template.Spec.ExpireAfter = "720h"
	env.Create(ctx, pool)
	template := statichash.Template{
		Labels: pool.Spec.Template.ObjectMeta.Labels, Group: "karpenter.cluster.x-k8s.io", Kind: "ClusterAPINodeClass", Class: class.GetName(),
		ExpireAfter: 720 * time.Hour,
	}
	env.Update(ctx, pool, func() {
		pool.Annotations = map[string]string{poolHash: strconv.FormatUint(template.Hash(), 10), poolHashVersion: "v3"}
	})
	env.WriteStatus(ctx, pool, map[string]any{"conditions": environment.True("ValidationSucceeded", "NodeClassReady", "Ready")})
	return pool
}

// leaveClaim makes the NodeClaim of a Machine as another Karpenter leaves it, and registers
// the Node: the Machine is labelled, and nothing but the NodeClaim's annotation says whose
// it is.
func leaveClaim(ctx context.Context, pool *v1.NodePool, machine *clusterv1.Machine, number int) v1.NodeClaim {
	GinkgoHelper()
	merge(ctx, machine, fmt.Sprintf(`{"metadata":{"labels":{%q:""}}}`, machines.LabelMember))
	class := pool.Spec.Template.Spec.NodeClassRef
	labels := map[string]string{
		v1.NodePoolLabelKey: pool.Name, labelNodeClass: class.Name, v1.CapacityTypeLabelKey: "on-demand",
		corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux",
	}
	for key, value := range pool.Spec.Template.ObjectMeta.Labels {
		labels[key] = value
	}
	claim := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%05d", pool.Name, number), Labels: labels, Finalizers: []string{"karpenter.sh/termination"},
			Annotations: map[string]string{
				annotationMachine: machine.Namespace + "/" + machine.Name, poolHash: pool.Annotations[poolHash], poolHashVersion: "v3",
			},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "karpenter.sh/v1", Kind: "NodePool", Name: pool.Name, UID: pool.UID, BlockOwnerDeletion: new(true)}},
		},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: class, ExpireAfter: "720h",
			Requirements: append([]v1.NodeSelectorRequirementWithMinValues{
				{Key: v1.NodePoolLabelKey, Operator: corev1.NodeSelectorOpIn, Values: []string{pool.Name}},
			}, pool.Spec.Template.Spec.Requirements...),
			Resources: v1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("1500m"), "pods": resource.MustParse("1")}},
		},
	}
	env.Create(ctx, claim)
	leaveNode(ctx, claim, machine.Status.NodeRef.Name)
	env.WriteStatus(ctx, claim, map[string]any{
		"providerID": machine.Spec.ProviderID, "nodeName": machine.Status.NodeRef.Name,
		"capacity":    map[string]any{"cpu": "2", "memory": "8Gi", "pods": "50"},
		"allocatable": map[string]any{"cpu": "2", "memory": "8Gi", "pods": "50"},
		"conditions":  environment.True("Launched", "Registered", "Initialized", "Ready"),
	})
	Expect(env.Get(ctx, client.ObjectKeyFromObject(claim), claim)).To(Succeed())
	return *claim
}

func leaveNode(ctx context.Context, claim *v1.NodeClaim, name string) {
	GinkgoHelper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	env.Update(ctx, node, func() {
		node.Spec.Taints = nil
		for key, value := range claim.Labels {
			node.Labels[key] = value
		}
		node.Labels["karpenter.sh/registered"], node.Labels["karpenter.sh/initialized"] = "true", "true"
		for key, value := range claim.Annotations { // that of the Machine included
			node.Annotations[key] = value
		}
		node.Finalizers = []string{"karpenter.sh/termination"}
		node.OwnerReferences = []metav1.OwnerReference{{APIVersion: "karpenter.sh/v1", Kind: "NodeClaim", Name: claim.Name, UID: claim.UID, BlockOwnerDeletion: new(true)}}
	})
}
