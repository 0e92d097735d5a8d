// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/resource"
)

// Requests is what a pod needs of a node (SCH-040 to SCH-042), with 1 pod.
func (c *Compiler) Requests(pod *corev1.Pod) resource.Vector {
	v := c.aggregate(pod, func(ctr *corev1.Container, status *corev1.ContainerStatus) resource.Vector {
		return c.containerRequests(pod, ctr, status)
	})
	if pod.Spec.Resources != nil {
		v = c.podLevel(v, pod.Spec.Resources.Requests)
	}
	v = c.addRequested(v, pod.Spec.Overhead)
	return v.Set(resource.Pods, 1)
}

// PodLimits is the sum of a pod's limits, aggregated like its requests.
func (c *Compiler) PodLimits(pod *corev1.Pod) resource.Vector {
	v := c.aggregate(pod, func(ctr *corev1.Container, _ *corev1.ContainerStatus) resource.Vector {
		return c.Requested(ctr.Resources.Limits)
	})
	if pod.Spec.Resources != nil {
		v = c.podLevel(v, pod.Spec.Resources.Limits)
	}
	return v
}

type containerAmounts func(*corev1.Container, *corev1.ContainerStatus) resource.Vector

// aggregate is the larger of what runs together and the peak while init
// containers run; restartable ones keep running once started.
func (c *Compiler) aggregate(pod *corev1.Pod, of containerAmounts) resource.Vector {
	var together, started, peak resource.Vector
	for i := range pod.Spec.Containers {
		ctr := &pod.Spec.Containers[i]
		together = together.Add(of(ctr, statusOf(pod.Status.ContainerStatuses, ctr.Name)))
	}
	for i := range pod.Spec.InitContainers {
		ctr := &pod.Spec.InitContainers[i]
		if !restartable(ctr) {
			peak = peak.Raise(started.Clone().Add(of(ctr, nil)))
			continue
		}
		started = started.Add(of(ctr, statusOf(pod.Status.InitContainerStatuses, ctr.Name)))
		peak = peak.Raise(started)
	}
	return together.Add(started).Raise(peak)
}

func restartable(ctr *corev1.Container) bool {
	return ctr.RestartPolicy != nil && *ctr.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func statusOf(statuses []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
	for i := range statuses {
		if statuses[i].Name == name {
			return &statuses[i]
		}
	}
	return nil
}

// containerRequests counts a container that is being resized with the larger
// of what it has and what it asks for; an infeasible resize asks in vain
// (SCH-042).
func (c *Compiler) containerRequests(pod *corev1.Pod, ctr *corev1.Container, status *corev1.ContainerStatus) resource.Vector {
	if status == nil || status.Resources == nil {
		return c.Requested(ctr.Resources.Requests)
	}
	v := c.Requested(status.Resources.Requests).Raise(c.Requested(status.AllocatedResources))
	if resizeInfeasible(pod) {
		return v
	}
	return v.Raise(c.Requested(ctr.Resources.Requests))
}

func resizeInfeasible(pod *corev1.Pod) bool {
	for _, cond := range pod.Status.Conditions {
		if cond.Type == corev1.PodResizePending && cond.Reason == corev1.PodReasonInfeasible {
			return true
		}
	}
	return false
}

// podLevel replaces the aggregate by pod-level values where present (SCH-041).
func (c *Compiler) podLevel(v resource.Vector, list corev1.ResourceList) resource.Vector {
	for name, q := range list {
		if name == corev1.ResourceCPU || name == corev1.ResourceMemory || isHugePage(name) {
			id := c.names.Intern(string(name))
			v = v.Set(id, amount(id, q))
		}
	}
	return v
}

func isHugePage(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}
