// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/intake/admission"
)

// What a daemon pod asks for is decided when it is created, by objects beside its
// DaemonSet. Pods that exist keep what they got; a change of these objects is one
// of the daemons to come.

// rules are what admission of a namespace's pods reads.
func (d *daemons) rules(namespace string) admission.Rules {
	r := admission.Rules{Runtime: func(name string) *nodev1.RuntimeClass { return d.runtimes[name] }}
	for _, l := range d.limits[namespace] {
		r.Limits = append(r.Limits, l)
	}
	slices.SortFunc(r.Limits, func(a, b *corev1.LimitRange) int { return strings.Compare(a.Name, b.Name) })
	return r
}

// refresh makes the representatives anew that a predicate picks, and reports
// whether one changed.
func (d *daemons) refresh(concerned func(*daemonSet) bool) bool {
	changed := false
	for _, s := range d.sets {
		if s.set != nil && concerned(s) {
			changed = s.refresh(d.rules(s.set.Namespace)) || changed
		}
	}
	return changed
}

func (d *daemons) refreshNamespace(namespace string) bool {
	return d.refresh(func(s *daemonSet) bool { return s.set.Namespace == namespace })
}

func (d *daemons) refreshRuntime(class string) bool {
	return d.refresh(func(s *daemonSet) bool {
		name := s.set.Spec.Template.Spec.RuntimeClassName
		return name != nil && *name == class
	})
}

// UpdateLimitRange takes in a LimitRange as the API server has it: it decides what
// daemons of its namespace that are still to come ask for.
func (c *Cluster) UpdateLimitRange(l *corev1.LimitRange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.daemons.limits[l.Namespace] == nil {
		c.daemons.limits[l.Namespace] = map[string]*corev1.LimitRange{}
	}
	c.daemons.limits[l.Namespace][l.Name] = l
	if c.daemons.refreshNamespace(l.Namespace) {
		c.renewDaemons()
	}
}

// DeleteLimitRange takes in that a LimitRange is gone.
func (c *Cluster) DeleteLimitRange(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.daemons.limits[key.Namespace], key.Name)
	if len(c.daemons.limits[key.Namespace]) == 0 {
		delete(c.daemons.limits, key.Namespace)
	}
	if c.daemons.refreshNamespace(key.Namespace) {
		c.renewDaemons()
	}
}

// UpdateRuntimeClass takes in a RuntimeClass as the API server has it: it adds to
// what daemons of it take.
func (c *Cluster) UpdateRuntimeClass(class *nodev1.RuntimeClass) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.daemons.runtimes[class.Name] = class
	if c.daemons.refreshRuntime(class.Name) {
		c.renewDaemons()
	}
}

// DeleteRuntimeClass takes in that a RuntimeClass is gone.
func (c *Cluster) DeleteRuntimeClass(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.daemons.runtimes, name)
	if c.daemons.refreshRuntime(name) {
		c.renewDaemons()
	}
}
