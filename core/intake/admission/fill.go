// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// limitRangerAnnotation is where the API server says what LimitRanges set on a
// pod, such as "LimitRanger plugin set: cpu, memory request for container a; cpu
// limit for init container b".
const (
	limitRangerAnnotation = "kubernetes.io/limit-ranger"
	limitRangerPrefix     = "LimitRanger plugin set: "
)

// defaults are what LimitRanges give to a container that states nothing.
type defaults struct{ requests, limits corev1.ResourceList }

// defaults joins those of all LimitRanges. The API server takes the first that
// has one, in no order that anybody could know: the largest is taken, lest a node
// be too small.
func (r Rules) defaults() defaults {
	d := defaults{corev1.ResourceList{}, corev1.ResourceList{}}
	for _, l := range r.Limits {
		for i := range l.Spec.Limits {
			if item := &l.Spec.Limits[i]; item.Type == corev1.LimitTypeContainer {
				largest(d.requests, item.DefaultRequest)
				largest(d.limits, item.Default)
			}
		}
	}
	return d
}

func largest(into, list corev1.ResourceList) {
	for name, q := range list {
		if known, ok := into[name]; !ok || q.Cmp(known) > 0 {
			into[name] = q
		}
	}
}

// Filled reports whether LimitRanges set something on the pod when it was made.
func Filled(pod *corev1.Pod) bool {
	return strings.HasPrefix(pod.Annotations[limitRangerAnnotation], limitRangerPrefix)
}

// setting is a resource of a container that a LimitRange set.
type setting struct {
	init      bool
	container string
	limit     bool // a limit, else a request
	resource  corev1.ResourceName
}

// setByLimitRanger reads what LimitRanges set on a live pod.
func setByLimitRanger(pod *corev1.Pod) map[setting]bool {
	text, ok := strings.CutPrefix(pod.Annotations[limitRangerAnnotation], limitRangerPrefix)
	if !ok {
		return nil
	}
	out := map[setting]bool{}
	for part := range strings.SplitSeq(text, "; ") {
		what, where, ok := strings.Cut(part, " for ")
		if !ok {
			continue
		}
		s := setting{}
		if where, s.init = strings.CutPrefix(where, "init "); !strings.HasPrefix(where, "container ") {
			continue
		}
		s.container = strings.TrimPrefix(where, "container ")
		if what, s.limit = strings.CutSuffix(what, " limit"); !s.limit {
			what = strings.TrimSuffix(what, " request")
		}
		for name := range strings.SplitSeq(what, ", ") {
			s.resource = corev1.ResourceName(name)
			out[s] = true
		}
	}
	return out
}

// filler fills in what LimitRanges give.
type filler struct {
	defaults defaults
	// set is what they gave before, and changed says that they are not the same
	// any more.
	set     map[setting]bool
	changed bool
}

// missing fills in what a container does not state.
func (f *filler) missing(c *corev1.Container) {
	c.Resources.Limits = withDefaults(c.Resources.Limits, f.defaults.limits)
	c.Resources.Requests = withDefaults(c.Resources.Requests, f.defaults.requests)
}

// again replaces what a container was given by what it would be given now.
func (f *filler) again(init bool, c *corev1.Container) {
	at := setting{init: init, container: c.Name}
	c.Resources.Requests = f.renewed(c.Resources.Requests, f.defaults.requests, at)
	at.limit = true
	c.Resources.Limits = f.renewed(c.Resources.Limits, f.defaults.limits, at)
}

func (f *filler) renewed(list, defaults corev1.ResourceList, at setting) corev1.ResourceList {
	out := corev1.ResourceList{}
	for name, q := range list {
		at.resource = name
		_, still := defaults[name]
		if !f.set[at] || still && !f.changed {
			out[name] = q
		}
	}
	if f.changed {
		out = withDefaults(out, defaults)
	}
	return out
}
