// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rules are the objects that admission of a namespace's pods reads.
type Rules struct {
	// Limits are the LimitRanges of the namespace, in any order.
	Limits []*corev1.LimitRange
	// Runtime finds a RuntimeClass, nil if there is none of the name.
	Runtime func(name string) *nodev1.RuntimeClass
}

// OfTemplate is the spec of a pod that is created from a DaemonSet's template. An
// error says why none would be.
func (r Rules) OfTemplate(template *corev1.PodSpec) (corev1.PodSpec, error) {
	spec := *template
	spec.Tolerations = withDaemonTolerations(template)
	spec.Containers = slices.Clone(template.Containers)
	spec.InitContainers = slices.Clone(template.InitContainers)
	fill := filler{defaults: r.defaults()}
	each(&spec, func(_ bool, c *corev1.Container) {
		c.Resources.Requests = withDefaults(c.Resources.Requests, c.Resources.Limits)
		if spec.HostNetwork {
			c.Ports = withHostPorts(c.Ports)
		}
		fill.missing(c)
	})
	if err := r.runtime(&spec); err != nil {
		return spec, err
	}
	spec.Resources = podLevel(&spec)
	return spec, r.check(&spec)
}

// OfPod is the spec of a pod that is created now as the live one was then. What
// LimitRanges set on the live pod, and only that, follows those of today (SCH-121).
// An error says why none would be created.
func (r Rules) OfPod(live *corev1.Pod) (corev1.PodSpec, error) {
	spec := live.Spec
	fill := filler{defaults: r.defaults(), set: setByLimitRanger(live), changed: r.changedSince(live.CreationTimestamp)}
	if !fill.changed && len(fill.set) == 0 {
		return spec, nil
	}
	spec.Containers = slices.Clone(live.Spec.Containers)
	spec.InitContainers = slices.Clone(live.Spec.InitContainers)
	each(&spec, fill.again)
	if !fill.changed {
		return spec, nil // it passed these very limits
	}
	return spec, r.check(&spec)
}

// changedSince reports whether a LimitRange is newer than a pod.
func (r Rules) changedSince(created metav1.Time) bool {
	return slices.ContainsFunc(r.Limits, func(l *corev1.LimitRange) bool {
		return l.CreationTimestamp.After(created.Time) || slices.ContainsFunc(l.ManagedFields, func(m metav1.ManagedFieldsEntry) bool {
			return m.Time != nil && m.Time.After(created.Time)
		})
	})
}

// each visits the containers of a spec; init says that one is an init container.
func each(spec *corev1.PodSpec, visit func(init bool, c *corev1.Container)) {
	for i := range spec.Containers {
		visit(false, &spec.Containers[i])
	}
	for i := range spec.InitContainers {
		visit(true, &spec.InitContainers[i])
	}
}

// withDefaults is a list with what another has beside it; neither is changed.
func withDefaults(list, defaults corev1.ResourceList) corev1.ResourceList {
	if len(defaults) == 0 {
		return list
	}
	out := corev1.ResourceList{}
	maps.Copy(out, defaults)
	maps.Copy(out, list)
	return out
}

// withHostPorts takes each port of the host's network on the host.
func withHostPorts(ports []corev1.ContainerPort) []corev1.ContainerPort {
	out := slices.Clone(ports)
	for i := range out {
		if out[i].HostPort == 0 {
			out[i].HostPort = out[i].ContainerPort
		}
	}
	return out
}

// withDaemonTolerations adds those that every pod of a DaemonSet has.
func withDaemonTolerations(spec *corev1.PodSpec) []corev1.Toleration {
	out := slices.Clone(spec.Tolerations)
	add := func(effect corev1.TaintEffect, keys ...string) {
		for _, key := range keys {
			out = append(out, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect})
		}
	}
	add(corev1.TaintEffectNoExecute, corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable)
	add(corev1.TaintEffectNoSchedule, corev1.TaintNodeDiskPressure, corev1.TaintNodeMemoryPressure,
		corev1.TaintNodePIDPressure, corev1.TaintNodeUnschedulable)
	if spec.HostNetwork {
		add(corev1.TaintEffectNoSchedule, corev1.TaintNodeNetworkUnavailable)
	}
	return out
}
