// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/test/oracle/living/internal/store"
)

// admit does what API server and admission do to objects that are created.
func (k *Kube) admit(o client.Object) error {
	switch o := o.(type) {
	case *corev1.Pod:
		k.Complete(o)
		o.Status.Phase = corev1.PodPending
	case *corev1.LimitRange:
		for i := range o.Spec.Limits {
			completeLimits(&o.Spec.Limits[i])
		}
	}
	return nil
}

// Complete applies the defaults of the API, of LimitRanges and of the pod's
// PriorityClass.
func (k *Kube) Complete(pod *corev1.Pod) { k.complete(pod, k.limitsOf(pod.Namespace)) }

// Completions are what a pod may become: of several LimitRanges the API server
// applies any one first, and the others don't change what it has set.
func (k *Kube) Completions(pod *corev1.Pod) []*corev1.Pod {
	limits := k.limitsOf(pod.Namespace)
	var out []*corev1.Pod
	for i := range max(1, len(limits)) {
		completed := pod.DeepCopy()
		k.complete(completed, slices.Concat(limits[i:], limits[:i]))
		out = append(out, completed)
	}
	return out
}

func (k *Kube) limitsOf(namespace string) []*corev1.LimitRange {
	return slices.DeleteFunc(store.All[*corev1.LimitRange](k.store), func(l *corev1.LimitRange) bool { return l.Namespace != namespace })
}

func (k *Kube) complete(pod *corev1.Pod, limits []*corev1.LimitRange) {
	if pod.Spec.SchedulerName == "" {
		pod.Spec.SchedulerName = corev1.DefaultSchedulerName
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			requestLimits(&containers[i])
		}
	}
	for _, l := range limits {
		applyLimits(pod, l)
	}
	if class, ok := store.Get[*schedulingv1.PriorityClass](k.store, types.NamespacedName{Name: pod.Spec.PriorityClassName}); ok {
		pod.Spec.Priority, pod.Spec.PreemptionPolicy = &class.Value, class.PreemptionPolicy
	} else if pod.Spec.Priority == nil {
		pod.Spec.Priority = new(int32)
	}
}

// requestLimits requests what is limited and not requested.
func requestLimits(c *corev1.Container) {
	c.Resources.Requests = with(c.Resources.Limits, c.Resources.Requests)
}

// applyLimits gives containers what a LimitRange gives, and notes on the pod what that
// was, in the words of the API server. The last LimitRange that gave something has the
// word.
func applyLimits(pod *corev1.Pod, limits *corev1.LimitRange) {
	var defaults, requests corev1.ResourceList
	for _, item := range limits.Spec.Limits {
		if item.Type == corev1.LimitTypeContainer {
			defaults, requests = with(item.Default, defaults), with(item.DefaultRequest, requests)
		}
	}
	var given []string
	give := func(to *corev1.ResourceList, list corev1.ResourceList, what string) {
		var names []string
		for name := range list {
			if _, stated := (*to)[name]; !stated {
				names = append(names, string(name))
			}
		}
		if *to = with(list, *to); len(names) > 0 {
			slices.Sort(names)
			given = append(given, strings.Join(names, ", ")+" "+what)
		}
	}
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		give(&c.Resources.Requests, requests, "request for container "+c.Name)
		give(&c.Resources.Limits, defaults, "limit for container "+c.Name)
	}
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		give(&c.Resources.Requests, requests, "request for init container "+c.Name)
		give(&c.Resources.Limits, defaults, "limit for init container "+c.Name)
	}
	if len(given) > 0 {
		pod.Annotations = maps.Clone(pod.Annotations)
		if pod.Annotations == nil {
			pod.Annotations = map[string]string{}
		}
		pod.Annotations["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: " + strings.Join(given, "; ")
	}
}

// completeLimits sets the defaults that follow from each other.
func completeLimits(item *corev1.LimitRangeItem) {
	if item.Type != corev1.LimitTypeContainer {
		return
	}
	item.Default = with(item.Max, item.Default)
	item.DefaultRequest = with(item.Min, with(item.Default, item.DefaultRequest))
}

// with is a list with what another has besides.
func with(defaults, list corev1.ResourceList) corev1.ResourceList {
	if len(defaults)+len(list) == 0 {
		return nil
	}
	out := corev1.ResourceList{}
	maps.Copy(out, defaults)
	maps.Copy(out, list)
	return out
}
