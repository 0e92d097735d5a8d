// SPDX-License-Identifier: Apache-2.0

package kubeletconfig

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"karpenter.sh/core/cloudprovider/kit/kubelet"
)

const maxPods = "maxPods"

// Resolve returns the configuration as it is on an instance type: numbers in place of
// expressions. An expression for maxPods that gives none fails it; one of a reserved
// amount is dropped, so that the default holds, and told among the dropped
// (AWS-025). The result is the caller's, but for what Object holds.
func (c *Config) Resolve(v Variables) (resolved kubelet.Configuration, dropped []error, err error) {
	resolved = c.written
	resolved.Expressions = nil
	resolved.KubeReserved = maps.Clone(c.written.KubeReserved)
	resolved.SystemReserved = maps.Clone(c.written.SystemReserved)
	if c.disabled {
		return resolved, nil, nil
	}
	pods, err := c.pods(v)
	if err != nil {
		return kubelet.Configuration{}, nil, err
	}
	if c.written.Expressions[maxPods] != "" {
		resolved.MaxPods = &pods
	}
	for _, name := range c.reservedExpressions() {
		n, err := c.number(name, v, pods)
		if err != nil {
			dropped = append(dropped, err)
			continue
		}
		reserve(&resolved, name, n)
	}
	return resolved, dropped, nil
}

// Evaluate tries every expression on every type and returns the first failure, on the
// first type that has one; nil without any (AWS-026).
func (c *Config) Evaluate(types iter.Seq[Variables]) *Violation {
	if c.disabled || len(c.written.Expressions) == 0 {
		return nil
	}
	for v := range types {
		pods, err := c.pods(v)
		if err != nil {
			return c.failed(maxPods, err)
		}
		for _, name := range c.reservedExpressions() {
			if _, err := c.number(name, v, pods); err != nil {
				return c.failed(name, err)
			}
		}
	}
	return nil
}

func (c *Config) failed(name string, err error) *Violation {
	return violation(ReasonEvaluationFailed, field.ErrorList{field.Invalid(pathOf(name), c.written.Expressions[name], err.Error())})
}

// pods is what max_pods is for reserved amounts: maxPods as it is resolved.
func (c *Config) pods(v Variables) (int64, error) {
	switch {
	case c.written.MaxPods != nil:
		return *c.written.MaxPods, nil
	case c.written.Expressions[maxPods] != "":
		return c.number(maxPods, v, v.MaxPods)
	}
	return v.MaxPods, nil
}

// number is what an expression comes to on a type.
func (c *Config) number(name string, v Variables, pods int64) (int64, error) {
	most := int64(math.MaxInt64)
	if name == maxPods {
		most, pods = math.MaxInt32, v.MaxPods
	}
	n, err := int64(0), c.uncompilable[name]
	if err == nil {
		n, err = evaluate(c.programs[name], v.values(pods))
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s on instance type %s: %w", name, v.InstanceType, err)
	case n < 0 || n > most:
		return 0, fmt.Errorf("%s on instance type %s: the result %d is not from 0 to %d", name, v.InstanceType, n, most)
	}
	return n, nil
}

// unit is what the number of a reserved resource counts, and to what it is rounded up.
type unit struct {
	size, step int64
	format     resource.Format
	milli      bool
}

// unitOf follows AWS-025.
func unitOf(name corev1.ResourceName) unit {
	switch name {
	case corev1.ResourceCPU:
		return unit{size: 1, step: 10, format: resource.DecimalSI, milli: true}
	case corev1.ResourceMemory:
		return unit{size: 1 << 20, step: 16, format: resource.BinarySI}
	case corev1.ResourceEphemeralStorage:
		return unit{size: 1 << 30, step: 1, format: resource.BinarySI}
	}
	return unit{size: 1, step: 1, format: resource.DecimalSI}
}

// quantity rounds up and stays below what a quantity holds.
func (u unit) quantity(n int64) resource.Quantity {
	most := math.MaxInt64 / u.size / u.step * u.step
	if rest := n % u.step; rest != 0 && n < most {
		n += u.step - rest
	}
	n = min(n, most) * u.size
	if u.milli {
		return *resource.NewMilliQuantity(n, u.format)
	}
	return *resource.NewQuantity(n, u.format)
}

// reserve sets an amount, given its name as kit/kubelet has it.
func reserve(c *kubelet.Configuration, name string, n int64) {
	parent, key, _ := strings.Cut(name, ".")
	into := c.KubeReserved
	if parent == "systemReserved" {
		into = c.SystemReserved
	}
	into[corev1.ResourceName(key)] = unitOf(corev1.ResourceName(key)).quantity(n)
}
