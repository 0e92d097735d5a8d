// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// amounts are what a container, or a pod as a whole, requests and is limited to.
type amounts struct{ requests, limits corev1.ResourceList }

// check says which LimitRange forbids a pod of this spec.
func (r Rules) check(spec *corev1.PodSpec) error {
	var errs []error
	for _, l := range r.Limits {
		for i := range l.Spec.Limits {
			if err := checkItem(&l.Spec.Limits[i], spec); err != nil {
				errs = append(errs, fmt.Errorf("LimitRange %s/%s forbids it: %w", l.Namespace, l.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func checkItem(item *corev1.LimitRangeItem, spec *corev1.PodSpec) (err error) {
	switch item.Type {
	case corev1.LimitTypeContainer:
		each(spec, func(_ bool, c *corev1.Container) {
			if e := within(item, amounts{c.Resources.Requests, c.Resources.Limits}); e != nil && err == nil {
				err = fmt.Errorf("container %s: %w", c.Name, e)
			}
		})
	case corev1.LimitTypePod:
		err = within(item, total(spec))
	}
	return err
}

// within checks amounts against the bounds of one item.
func within(item *corev1.LimitRangeItem, of amounts) error {
	for name, least := range item.Min {
		request, stated := of.requests[name]
		limit, limited := of.limits[name]
		if !stated || request.Cmp(least) < 0 || limited && limit.Cmp(least) < 0 {
			return fmt.Errorf("%s is below the minimum of %s", name, least.String())
		}
	}
	for name, most := range item.Max {
		limit, limited := of.limits[name]
		request, stated := of.requests[name]
		if !limited || limit.Cmp(most) > 0 || stated && request.Cmp(most) > 0 {
			return fmt.Errorf("%s is above the maximum of %s", name, most.String())
		}
	}
	for name, ratio := range item.MaxLimitRequestRatio {
		if beyond(of.requests[name], of.limits[name], ratio) {
			return fmt.Errorf("the limit of %s is more than %s times its request", name, ratio.String())
		}
	}
	return nil
}

// beyond reports whether a limit is more than so many times the request. What is
// not stated has no ratio and is refused.
func beyond(request, limit, ratio resource.Quantity) bool {
	if request.IsZero() || limit.IsZero() {
		return true
	}
	return limit.AsApproximateFloat64()/request.AsApproximateFloat64() > ratio.AsApproximateFloat64()
}

// total is what the pod as a whole requests and is limited to.
func total(spec *corev1.PodSpec) amounts {
	out := amounts{
		requests: aggregate(spec, func(c *corev1.Container) corev1.ResourceList { return c.Resources.Requests }),
		limits:   aggregate(spec, func(c *corev1.Container) corev1.ResourceList { return c.Resources.Limits }),
	}
	if spec.Resources != nil {
		replace(out.requests, spec.Resources.Requests)
		replace(out.limits, spec.Resources.Limits)
	}
	return out
}

func replace(into, list corev1.ResourceList) {
	for name, q := range list {
		into[name] = q
	}
}

// aggregate is the larger of what runs together and the peak while init
// containers run (SCH-040).
func aggregate(spec *corev1.PodSpec, of func(*corev1.Container) corev1.ResourceList) corev1.ResourceList {
	together, started, peak := corev1.ResourceList{}, corev1.ResourceList{}, corev1.ResourceList{}
	for i := range spec.Containers {
		add(together, of(&spec.Containers[i]))
	}
	for i := range spec.InitContainers {
		c := &spec.InitContainers[i]
		now := corev1.ResourceList{}
		add(now, started)
		add(now, of(c))
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			started = now
		}
		largest(peak, now)
	}
	add(together, started)
	largest(together, peak)
	return together
}

func add(into, list corev1.ResourceList) {
	for name, q := range list {
		sum := q.DeepCopy()
		sum.Add(into[name])
		into[name] = sum
	}
}

// podLevel is the pod's own resources with the requests that the API server adds
// to limits: what the containers request, else the limit.
func podLevel(spec *corev1.PodSpec) *corev1.ResourceRequirements {
	if spec.Resources == nil || len(spec.Resources.Limits) == 0 {
		return spec.Resources
	}
	out := *spec.Resources
	requested := aggregate(spec, func(c *corev1.Container) corev1.ResourceList { return c.Resources.Requests })
	sums := corev1.ResourceList{}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q, ok := requested[name]; ok {
			sums[name] = q
		}
	}
	out.Requests = withDefaults(withDefaults(out.Requests, sums), out.Limits)
	return &out
}

// runtime adds what the RuntimeClass of a spec brings along. An error says why
// the pod would be refused.
func (r Rules) runtime(spec *corev1.PodSpec) error {
	if spec.RuntimeClassName == nil {
		return nil
	}
	name := *spec.RuntimeClassName
	class := r.Runtime(name)
	if class == nil {
		return fmt.Errorf("RuntimeClass %q does not exist", name)
	}
	if class.Overhead != nil {
		spec.Overhead = class.Overhead.PodFixed
	}
	if class.Scheduling == nil {
		return nil
	}
	selector := map[string]string{}
	for _, labels := range []map[string]string{spec.NodeSelector, class.Scheduling.NodeSelector} {
		for key, value := range labels {
			if known, stated := selector[key]; stated && known != value {
				return fmt.Errorf("RuntimeClass %q demands %s=%s of nodes, the pod %s", name, key, value, known)
			}
			selector[key] = value
		}
	}
	spec.NodeSelector = selector
	spec.Tolerations = slices.Concat(spec.Tolerations, class.Scheduling.Tolerations)
	return nil
}
