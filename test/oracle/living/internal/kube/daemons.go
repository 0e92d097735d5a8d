// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/daemon"
	"k8s.io/kubernetes/pkg/controller/daemon/util"

	"karpenter.sh/test/oracle/living/internal/store"
)

// syncDaemons is the controller of DaemonSets: one pod for each node that is to
// run one, pinned to it by name; pods of older templates are replaced.
func (k *Kube) syncDaemons() {
	nodes, pods := store.All[*corev1.Node](k.store), store.All[*corev1.Pod](k.store)
	sets := store.All[*appsv1.DaemonSet](k.store)
	for _, set := range sets {
		k.syncDaemon(set, nodes, pods)
	}
	for _, pod := range pods {
		owner := metav1.GetControllerOf(pod)
		if owner != nil && owner.Kind == "DaemonSet" && !slices.ContainsFunc(sets, func(s *appsv1.DaemonSet) bool { return s.UID == owner.UID }) {
			_ = k.store.Delete(pod) // it may be on its way out
		}
	}
}

func (k *Kube) syncDaemon(set *appsv1.DaemonSet, nodes []*corev1.Node, pods []*corev1.Pod) {
	revision := revisionOf(&set.Spec.Template)
	on := map[string][]*corev1.Pod{}
	for _, pod := range pods {
		if metav1.IsControlledBy(pod, set) {
			target, err := util.GetTargetNodeName(pod)
			if err != nil {
				k.fail(fmt.Errorf("reading a daemon pod: %w", err))
				return
			}
			on[target] = append(on[target], pod)
		}
	}
	for _, node := range nodes {
		run, stay := daemon.NodeShouldRunDaemonPod(klog.Background(), node, set)
		for _, pod := range on[node.Name] {
			if pod.DeletionTimestamp == nil && (!stay || pod.Labels[appsv1.ControllerRevisionHashLabelKey] != revision) {
				_ = k.store.Delete(pod) // it is there
			}
		}
		if run && len(on[node.Name]) == 0 {
			if err := k.store.Create(DaemonPod(set, node.Name)); err != nil {
				k.fail(fmt.Errorf("creating a daemon pod: %w", err))
			}
		}
		delete(on, node.Name)
	}
	for _, orphans := range on {
		for _, pod := range orphans {
			if pod.Spec.NodeName == "" {
				_ = k.store.Delete(pod) // it is there
			}
		}
	}
}

// DaemonPod is the pod of a DaemonSet for a node, as it is before admission.
func DaemonPod(set *appsv1.DaemonSet, node string) *corev1.Pod {
	template := util.CreatePodTemplate(set.Spec.Template, nil, revisionOf(&set.Spec.Template))
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	pod.Namespace, pod.GenerateName = set.Namespace, set.Name+"-"+node+"-"
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("DaemonSet"))}
	pod.Spec.Affinity = util.ReplaceDaemonSetPodNodeNameNodeAffinity(pod.Spec.Affinity, node)
	return pod
}

func revisionOf(template *corev1.PodTemplateSpec) string {
	data, err := json.Marshal(template)
	if err != nil { // API types always can
		panic(err)
	}
	h := fnv.New32a()
	_, _ = h.Write(data) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}
