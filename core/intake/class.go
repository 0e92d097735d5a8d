// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// maxClasses bounds the classes remembered between rounds. Beyond it all are
// forgotten and compiled again as they are met.
const maxClasses = 20_000

// Class returns the class of a pod as far as the pod alone decides it, without
// topology rules ([Round] adds those). The error says which of the pod's own
// fields cannot be understood.
func (c *Compiler) Class(pod *corev1.Pod, volumes Volumes) (*model.Class, error) {
	requests := c.Requests(pod)
	if err := c.checkRequests(pod, requests); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := c.encoder.encode(pod, requests, volumes)
	if class, ok := c.classes[string(key)]; ok {
		return class, nil
	}
	wishes, err := c.nodeWishes(&pod.Spec)
	if err != nil {
		return nil, fmt.Errorf("reading node affinity of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if len(c.classes) >= maxClasses {
		clear(c.classes)
	}
	class := &model.Class{
		Requests:       requests,
		Tolerations:    Tolerations(pod.Spec.Tolerations),
		Ports:          HostPorts(&pod.Spec),
		Attempts:       c.attempts(wishes),
		Volumes:        c.alternatives(volumes),
		VolumeConflict: volumes.Conflict,
		ClaimsIgnored:  c.options.IgnoreDRARequests && ClaimsDevices(&pod.Spec),
		NotBuilt:       c.notBuilt(&pod.Spec),
	}
	c.classes[string(key)] = class
	return class, nil
}

func (c *Compiler) checkRequests(pod *corev1.Pod, requests resource.Vector) error {
	for id, n := range requests {
		if n < 0 {
			return fmt.Errorf("reading requests of pod %s/%s: %s is negative", pod.Namespace, pod.Name, c.names.Name(resource.ID(id)))
		}
	}
	return nil
}

// Pod is the engine's form of a pod without topology rules.
func (c *Compiler) Pod(pod *corev1.Pod, volumes Volumes) (model.Pod, error) {
	class, err := c.Class(pod, volumes)
	return enginePod(pod, volumes.Attachments, class), err
}

func enginePod(pod *corev1.Pod, attachments []attach.Attachment, class *model.Class) model.Pod {
	return model.Pod{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID),
		Created: pod.CreationTimestamp.UnixNano(), Class: class, Attachments: attachments,
	}
}

// notBuilt names a constraint of the pod that the engine does not decide, or is
// empty.
func (c *Compiler) notBuilt(spec *corev1.PodSpec) string {
	if ClaimsDevices(spec) && !c.options.IgnoreDRARequests {
		return "resourceClaims"
	}
	return ""
}

// ClaimsDevices reports whether the pod or one of its containers has a claim of
// Dynamic Resource Allocation.
func ClaimsDevices(spec *corev1.PodSpec) bool {
	claims := func(c corev1.Container) bool { return len(c.Resources.Claims) > 0 }
	return len(spec.ResourceClaims) > 0 || slices.ContainsFunc(spec.Containers, claims) || slices.ContainsFunc(spec.InitContainers, claims)
}
