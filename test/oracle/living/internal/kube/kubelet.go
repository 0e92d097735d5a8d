// SPDX-License-Identifier: Apache-2.0

package kube

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/test/oracle/living/internal/store"
)

// runs reports whether the kubelet of a node is there.
func (k *Kube) runs(node string) bool {
	n, ok := store.Get[*corev1.Node](k.store, types.NamespacedName{Name: node})
	if !ok {
		return false
	}
	m := k.machines[n.Spec.ProviderID]
	return m == nil || !m.gone
}

// start lets a bound pod run.
func (k *Kube) start(key types.NamespacedName, uid types.UID) {
	pod, ok := store.Get[*corev1.Pod](k.store, key)
	if !ok || pod.UID != uid || pod.DeletionTimestamp != nil || !k.runs(pod.Spec.NodeName) {
		return
	}
	now := metav1.NewTime(k.line.Clock().Now())
	store.Change(k.store, key, func(p *corev1.Pod) {
		p.Status.Phase, p.Status.StartTime = corev1.PodRunning, &now
		k.setCondition(p, corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue})
	})
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != string(Job) {
		return
	}
	if w := k.workloads[owner.Name]; w != nil {
		k.line.After(w.Runs, func() { k.end(key, uid) })
	}
}

// end lets the pod of a Job succeed.
func (k *Kube) end(key types.NamespacedName, uid types.UID) {
	store.Change(k.store, key, func(p *corev1.Pod) {
		if p.UID == uid && p.DeletionTimestamp == nil {
			p.Status.Phase = corev1.PodSucceeded
		}
	})
}

// stop ends a pod that is to go.
func (k *Kube) stop(key types.NamespacedName, uid types.UID) {
	if pod, ok := store.Get[*corev1.Pod](k.store, key); ok && pod.UID == uid && k.runs(pod.Spec.NodeName) {
		k.store.Remove(pod)
	}
}

// collectPods removes the pods of nodes that are gone.
func (k *Kube) collectPods() {
	for _, pod := range store.All[*corev1.Pod](k.store) {
		if _, ok := store.Get[*corev1.Node](k.store, types.NamespacedName{Name: pod.Spec.NodeName}); pod.Spec.NodeName != "" && !ok {
			k.store.Remove(pod)
		}
	}
	for _, csi := range store.All[*storagev1.CSINode](k.store) {
		if _, ok := store.Get[*corev1.Node](k.store, types.NamespacedName{Name: csi.Name}); !ok {
			k.store.Remove(csi)
		}
	}
}
