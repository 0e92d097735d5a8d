// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/oracle/living/internal/scheduling"
	"karpenter.sh/test/oracle/living/internal/store"
)

// View is what the scheduler sees.
func (k *Kube) View() scheduling.Cluster {
	return scheduling.Cluster{
		Nodes: store.All[*corev1.Node](k.store), Pods: store.All[*corev1.Pod](k.store), Namespaces: store.All[*corev1.Namespace](k.store),
		Claims: store.All[*corev1.PersistentVolumeClaim](k.store), Volumes: store.All[*corev1.PersistentVolume](k.store),
		Classes: store.All[*storagev1.StorageClass](k.store), CSINodes: store.All[*storagev1.CSINode](k.store),
		Budgets: store.All[*policyv1.PodDisruptionBudget](k.store),
	}
}

// Pending are the pods that wait for the scheduler, in its order.
func Pending(pods []*corev1.Pod) []*corev1.Pod {
	var out []*corev1.Pod
	for _, pod := range pods {
		if pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil && !terminal(pod) && len(pod.Spec.SchedulingGates) == 0 {
			out = append(out, pod)
		}
	}
	slices.SortStableFunc(out, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(*b.Spec.Priority, *a.Spec.Priority), a.CreationTimestamp.Compare(b.CreationTimestamp.Time))
	})
	return out
}

// schedule makes a pass over all pods that wait.
func (k *Kube) schedule() {
	view := k.View()
	pending := Pending(view.Pods)
	if len(pending) == 0 {
		return
	}
	pass, err := k.scheduler.Look(view)
	if err != nil {
		k.fail(err)
		return
	}
	for _, pod := range pending {
		out, err := pass.Place(k.ctx, pod, k.Admits)
		if err != nil {
			k.fail(err)
			return
		}
		k.carryOut(pod, out)
	}
}

func (k *Kube) carryOut(pod *corev1.Pod, out scheduling.Outcome) {
	key := client.ObjectKeyFromObject(pod)
	if out.Node != "" {
		delete(k.reasons, key)
		k.bindVolumes(pod, out.Node)
		store.Change(k.store, key, func(p *corev1.Pod) {
			p.Spec.NodeName, p.Status.NominatedNodeName = out.Node, ""
			k.setScheduled(p, corev1.ConditionTrue, "")
		})
		return
	}
	k.reasons[key] = out.Why
	store.Change(k.store, key, func(p *corev1.Pod) {
		p.Status.NominatedNodeName = out.Nominated
		k.setScheduled(p, corev1.ConditionFalse, corev1.PodReasonUnschedulable)
	})
	for _, victim := range out.Victims {
		store.Change(k.store, client.ObjectKeyFromObject(victim), func(p *corev1.Pod) {
			k.setCondition(p, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler})
		})
		_ = k.store.Delete(victim) // it may have gone
	}
}

func (k *Kube) setScheduled(pod *corev1.Pod, status corev1.ConditionStatus, reason string) {
	k.setCondition(pod, corev1.PodCondition{Type: corev1.PodScheduled, Status: status, Reason: reason})
}

// setCondition leaves a condition that says the same as it is.
func (k *Kube) setCondition(pod *corev1.Pod, c corev1.PodCondition) {
	c.LastTransitionTime = metav1.NewTime(k.line.Clock().Now())
	i := slices.IndexFunc(pod.Status.Conditions, func(o corev1.PodCondition) bool { return o.Type == c.Type })
	switch {
	case i < 0:
		pod.Status.Conditions = append(pod.Status.Conditions, c)
	case pod.Status.Conditions[i].Status != c.Status || pod.Status.Conditions[i].Reason != c.Reason:
		pod.Status.Conditions[i] = c
	}
}

// Reasons are why the scheduler last left a pod, by node.
func (k *Kube) Reasons(key types.NamespacedName) map[string]string { return k.reasons[key] }
