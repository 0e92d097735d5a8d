// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"karpenter.sh/core/apis/lenient"
	v1 "karpenter.sh/core/apis/v1"
)

var (
	errNegative = errors.New("it is negative")
	errPrice    = errors.New("a price is a number from 0")
	errNoPair   = errors.New("it is not of the form key=value")
	errTaint    = errors.New("a taint is key=value:Effect or key:Effect, the effect NoSchedule, NoExecute or PreferNoSchedule")
	errName     = errors.New("it is no name of a resource")
)

func parseQuantity(text string) (resource.Quantity, error) {
	quantity, err := lenient.ParseQuantity(strings.TrimSpace(text))
	if err == nil && quantity.Sign() < 0 {
		err = errNegative
	}
	return quantity, err
}

// items splits a list at commas and trims blanks; empty items are dropped.
func items(list string) []string {
	var out []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// pairs reads a list of labels (CAPI-021): what is none is skipped, and of equal keys
// the last counts.
func pairs(list string) map[string]string {
	out := map[string]string{}
	for _, item := range items(list) {
		key, value, ok := strings.Cut(item, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if ok && len(validation.IsQualifiedName(key)) == 0 && len(validation.IsValidLabelValue(value)) == 0 {
			out[key] = value
		}
	}
	return out
}

// resources reads a list of quantities; nil if there is none.
func (r *reader) resources(annotation string) corev1.ResourceList {
	var out corev1.ResourceList
	for _, item := range items(r.annotations[annotation]) {
		name, text, ok := strings.Cut(item, "=")
		if !ok {
			r.fail(annotation, fmt.Errorf("%q: %w", item, errNoPair))
			return nil
		}
		quantity, err := parseQuantity(text)
		if err != nil {
			r.fail(annotation, fmt.Errorf("%q: %w", item, err))
			return nil
		}
		if out == nil {
			out = corev1.ResourceList{}
		}
		out[corev1.ResourceName(strings.TrimSpace(name))] = quantity
	}
	return out
}

func (r *reader) resourceName(annotation string) corev1.ResourceName {
	name := strings.TrimSpace(r.annotations[annotation])
	if len(validation.IsQualifiedName(name)) > 0 {
		r.fail(annotation, fmt.Errorf("%q: %w", name, errName))
	}
	return corev1.ResourceName(name)
}

// taints reads those that keep pods off. That of nodes which are not registered is
// Karpenter's own.
func (r *reader) taints() []corev1.Taint {
	var out []corev1.Taint
	for _, item := range items(r.annotations[AnnotationTaints]) {
		taint, err := parseTaint(item)
		if err != nil {
			r.fail(AnnotationTaints, fmt.Errorf("%q: %w", item, err))
			return nil
		}
		if taint.Effect != corev1.TaintEffectPreferNoSchedule && taint.Key != v1.UnregisteredTaintKey {
			out = append(out, taint)
		}
	}
	return out
}

func parseTaint(item string) (corev1.Taint, error) {
	what, effect, ok := strings.Cut(item, ":")
	key, value, _ := strings.Cut(what, "=")
	taint := corev1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(effect)}
	switch taint.Effect {
	case corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule:
	default:
		ok = false
	}
	if !ok || len(validation.IsQualifiedName(key)) > 0 {
		return corev1.Taint{}, errTaint
	}
	return taint, nil
}
