// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/requirement"
)

// maxClasses bounds the classes remembered between rounds. Beyond it all are
// forgotten and compiled again as they are met.
const maxClasses = 20_000

// Class returns the class of a pod. The error says which of the pod's own
// fields cannot be understood.
func (c *Compiler) Class(pod *corev1.Pod) (*model.Class, error) {
	requests := c.Requests(pod)
	c.mu.Lock()
	defer c.mu.Unlock()
	key := c.encoder.encode(pod, requests)
	if class, ok := c.classes[string(key)]; ok {
		return class, nil
	}
	attempts, err := c.attempts(&pod.Spec)
	if err != nil {
		return nil, fmt.Errorf("reading node affinity of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if len(c.classes) >= maxClasses {
		clear(c.classes)
	}
	class := &model.Class{
		Requests:    requests,
		Tolerations: Tolerations(pod.Spec.Tolerations),
		Attempts:    attempts,
		NotBuilt:    NotBuilt(&pod.Spec),
	}
	c.classes[string(key)] = class
	return class, nil
}

// Pod is the engine's form of a pod.
func (c *Compiler) Pod(pod *corev1.Pod) (model.Pod, error) {
	class, err := c.Class(pod)
	return model.Pod{
		Namespace: pod.Namespace, Name: pod.Name, UID: string(pod.UID),
		Created: pod.CreationTimestamp.UnixNano(), Class: class,
	}, err
}

// attempts lists the ways to satisfy a pod in the order of relaxation
// (SCH-183): for each required term, with its preferences given up from the
// heaviest on, and at the end every required term on its own, also on nodes
// with PreferNoSchedule taints (SCH-184).
func (c *Compiler) attempts(spec *corev1.PodSpec) ([]model.Attempt, error) {
	terms, err := c.terms(spec)
	if err != nil {
		return nil, err
	}
	var out []model.Attempt
	preferences := c.preferences(spec)
	for i, term := range terms {
		if i == len(terms)-1 { // preferences are given up after all terms but the last
			for _, p := range preferences {
				out = append(out, c.attempt(term.Intersect(p), false))
			}
			continue
		}
		if len(preferences) > 0 {
			out = append(out, c.attempt(term.Intersect(preferences[0]), false))
		}
	}
	for _, soft := range []bool{false, true} {
		for _, term := range terms {
			out = append(out, c.attempt(term, soft))
		}
	}
	return out, nil
}

func (c *Compiler) attempt(plain requirement.Requirements, soft bool) model.Attempt {
	return model.Attempt{Plain: plain, Wanted: c.vocabulary.Compile(plain), SoftTaints: soft}
}

// NotBuilt names a constraint of the pod that the engine does not decide yet,
// or is empty.
func NotBuilt(spec *corev1.PodSpec) string {
	for _, t := range spec.TopologySpreadConstraints {
		if t.WhenUnsatisfiable == corev1.DoNotSchedule {
			return "topologySpreadConstraints"
		}
	}
	if a := spec.Affinity; a != nil {
		if a.PodAffinity != nil && len(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
			return "podAffinity"
		}
		if a.PodAntiAffinity != nil && len(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution) > 0 {
			return "podAntiAffinity"
		}
	}
	if len(spec.ResourceClaims) > 0 {
		return "resourceClaims"
	}
	return notBuiltInside(spec)
}

func notBuiltInside(spec *corev1.PodSpec) string {
	for _, v := range spec.Volumes {
		if v.PersistentVolumeClaim != nil || v.Ephemeral != nil {
			return "persistent volumes"
		}
	}
	for _, list := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range list {
			for _, p := range list[i].Ports {
				if p.HostPort != 0 {
					return "host ports"
				}
			}
		}
	}
	return ""
}
