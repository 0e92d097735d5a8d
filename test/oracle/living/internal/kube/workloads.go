// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/test/oracle/living/internal/store"
)

// Kind of a workload.
type Kind string

// The kinds.
const (
	// ReplicaSet pods come back under new names.
	ReplicaSet Kind = "ReplicaSet"
	// StatefulSet pods come back under their own, with their claims.
	StatefulSet Kind = "StatefulSet"
	// Job pods end by themselves.
	Job Kind = "Job"
)

// Workload is what a controller keeps pods for.
type Workload struct {
	Kind            Kind
	Namespace, Name string
	Replicas        int
	Template        corev1.PodTemplateSpec
	// ClaimClass is the StorageClass of the claim that each pod of a StatefulSet
	// has; empty for none.
	ClaimClass string
	// Runs is how long the pods of a Job take.
	Runs time.Duration

	ended map[types.UID]bool // pods of a Job
}

// Apply adds or replaces a workload.
func (k *Kube) Apply(w *Workload) {
	if before := k.workloads[w.Name]; before != nil {
		w.ended = before.ended
	} else {
		w.ended = map[types.UID]bool{}
	}
	k.workloads[w.Name] = w
	k.soon("workloads", reaction, k.syncWorkloads)
}

// Workload returns the workload of a name, or nil.
func (k *Kube) Workload(name string) *Workload { return k.workloads[name] }

// Scale changes how many pods a workload has.
func (k *Kube) Scale(name string, replicas int) {
	k.workloads[name].Replicas = replicas
	k.soon("workloads", reaction, k.syncWorkloads)
}

func (k *Kube) syncWorkloads() {
	pods := map[types.UID][]*corev1.Pod{}
	for _, pod := range store.All[*corev1.Pod](k.store) {
		if owner := metav1.GetControllerOf(pod); owner != nil {
			pods[owner.UID] = append(pods[owner.UID], pod)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.workloads)) {
		w := k.workloads[name]
		switch w.Kind {
		case StatefulSet:
			k.syncStateful(w, pods[w.uid()])
		case Job:
			k.syncJob(w, pods[w.uid()])
		default:
			k.syncReplicas(w, pods[w.uid()])
		}
	}
}

func (w *Workload) uid() types.UID { return types.UID(string(w.Kind) + "-" + w.Name) }

func (k *Kube) syncReplicas(w *Workload, pods []*corev1.Pod) {
	live := slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return p.DeletionTimestamp != nil || terminal(p) })
	for range w.Replicas - len(live) {
		k.create(w.pod(""))
	}
	slices.SortStableFunc(live, func(a, b *corev1.Pod) int { // those that wait go first, then the youngest
		return cmp.Or(cmp.Compare(bound(a), bound(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time))
	})
	for i := range len(live) - w.Replicas {
		_ = k.store.Delete(live[i]) // it is there
	}
}

func bound(p *corev1.Pod) int { return min(len(p.Spec.NodeName), 1) }

func (k *Kube) syncStateful(w *Workload, pods []*corev1.Pod) {
	there := map[string]*corev1.Pod{}
	for _, pod := range pods {
		there[pod.Name] = pod
	}
	for i := range w.Replicas {
		name := fmt.Sprintf("%s-%d", w.Name, i)
		if there[name] == nil {
			k.claim(w, name)
			k.create(w.pod(name))
		}
		delete(there, name)
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if there[name].DeletionTimestamp == nil {
			_ = k.store.Delete(there[name]) // it is there
		}
	}
}

func (k *Kube) syncJob(w *Workload, pods []*corev1.Pod) {
	active := 0
	for _, pod := range pods {
		switch {
		case pod.Status.Phase == corev1.PodSucceeded:
			w.ended[pod.UID] = true
		case !terminal(pod) && pod.DeletionTimestamp == nil:
			active++
		}
	}
	for range w.Replicas - active - len(w.ended) {
		k.create(w.pod(""))
	}
}

// pod is one more pod of a workload.
func (w *Workload) pod(name string) *corev1.Pod {
	yes := true
	pod := &corev1.Pod{ObjectMeta: *w.Template.ObjectMeta.DeepCopy(), Spec: *w.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name, pod.GenerateName = w.Namespace, name, w.Name+"-"
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: string(w.Kind), Name: w.Name, UID: w.uid(), Controller: &yes,
	}}
	if w.ClaimClass != "" {
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-" + name},
		}})
	}
	return pod
}

func (k *Kube) create(pod *corev1.Pod) {
	if err := k.store.Create(pod); err != nil {
		k.fail(fmt.Errorf("creating a pod of a workload: %w", err))
	}
}
