// SPDX-License-Identifier: Apache-2.0

package state_test

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/gomega"

	v1 "karpenter.sh/core/apis/v1"
)

// sweep removes everything that tests make.
func (b *bench) sweep() {
	ctx := context.Background()
	for _, o := range []client.Object{
		&corev1.Pod{}, &corev1.PersistentVolumeClaim{}, &appsv1.DaemonSet{}, &corev1.LimitRange{},
	} {
		b.Expect(b.DeleteAllOf(ctx, o, client.InNamespace("default"), client.GracePeriodSeconds(0))).To(Succeed())
	}
	for _, o := range []client.Object{
		&corev1.Node{}, &v1.NodeClaim{}, &v1.NodePool{}, &corev1.PersistentVolume{}, &storagev1.CSINode{}, &storagev1.StorageClass{}, &nodev1.RuntimeClass{},
	} {
		b.Expect(b.DeleteAllOf(ctx, o)).To(Succeed())
	}
	var claims corev1.PersistentVolumeClaimList
	b.Expect(b.List(ctx, &claims)).To(Succeed())
	for i := range claims.Items { // nobody else removes the protection
		claims.Items[i].Finalizers = nil
		b.Expect(client.IgnoreNotFound(b.Update(ctx, &claims.Items[i]))).To(Succeed())
	}
	var volumes corev1.PersistentVolumeList
	b.Expect(b.List(ctx, &volumes)).To(Succeed())
	for i := range volumes.Items {
		volumes.Items[i].Finalizers = nil
		b.Expect(client.IgnoreNotFound(b.Update(ctx, &volumes.Items[i]))).To(Succeed())
	}
}

func (b *bench) create(o client.Object) { b.Expect(b.Create(b.ctx, o)).To(Succeed()) }

func list(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

func (b *bench) node(name, providerID string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{ProviderID: providerID}}
	b.create(n)
	n.Status.Capacity, n.Status.Allocatable = list("cpu", "4", "pods", "110"), list("cpu", "4", "pods", "110")
	b.Expect(b.Status().Update(b.ctx, n)).To(Succeed())
	return n
}

func (b *bench) claim(name, providerID string, kind string) *v1.NodeClaim {
	nc := &v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			v1.NodePoolLabelKey: "pool", corev1.LabelInstanceTypeStable: "small",
			corev1.LabelTopologyZone: "zone", v1.CapacityTypeLabelKey: "spot",
		}},
		Spec: v1.NodeClaimSpec{
			NodeClassRef: v1.NodeClassReference{Group: nodeClass.Group, Kind: kind, Name: "default"},
			Requirements: []v1.NodeSelectorRequirementWithMinValues{},
		},
	}
	b.create(nc)
	if providerID != "" {
		nc.Status.ProviderID = providerID
		b.Expect(b.Status().Update(b.ctx, nc)).To(Succeed())
	}
	return nc
}

func (b *bench) pool(name string) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: nodeClass.Group, Kind: nodeClass.Kind, Name: "default"}
	np.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{}
	b.create(np)
	return np
}

func (b *bench) pod(name, nodeName string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: corev1.PodSpec{NodeName: nodeName, Containers: []corev1.Container{{
			Name: "main", Image: "image", Resources: corev1.ResourceRequirements{Requests: list("cpu", "1")},
		}}},
	}
	for _, f := range change {
		f(p)
	}
	b.create(p)
	return p
}

func (b *bench) daemonSet(name string) *appsv1.DaemonSet {
	labels := map[string]string{"daemon": name}
	set := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "main", Image: "image", Resources: corev1.ResourceRequirements{Requests: list("cpu", "100m")},
				}}},
			},
		},
	}
	b.create(set)
	return set
}
