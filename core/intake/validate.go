// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

// ErrRefusesKarpenter is the verdict on a pod that must not run on nodes of
// any pool: it is left out silently (SCH-030 row 1).
var ErrRefusesKarpenter = errors.New("pod refuses nodes with label " + label.NodePool)

// ValidatePod checks the node constraints of a pod that wants capacity
// (SCH-030 rows 1 to 6). All violations are joined; each names the field.
func (c *Compiler) ValidatePod(pod *corev1.Pod) error {
	if c.refusesKarpenter(&pod.Spec) {
		return ErrRefusesKarpenter
	}
	var errs []error
	for key, value := range pod.Spec.NodeSelector {
		if err := c.validateExpression(key, string(requirement.OpIn), []string{value}); err != nil {
			errs = append(errs, fmt.Errorf("spec.nodeSelector: %w", err))
		}
	}
	for i, term := range RequiredTerms(&pod.Spec) {
		field := fmt.Sprintf("required node affinity term %d", i)
		if len(term.MatchFields) > 0 {
			errs = append(errs, fmt.Errorf("%s: matchFields is not supported", field))
		}
		for _, e := range term.MatchExpressions {
			if err := c.validateExpression(e.Key, string(e.Operator), e.Values); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", field, err))
			}
		}
	}
	if _, err := c.terms(&pod.Spec); errors.Is(err, errEmptyTerms) {
		errs = append(errs, err)
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// refusesKarpenter reports whether every required term demands that the
// NodePool label be absent.
func (c *Compiler) refusesKarpenter(spec *corev1.PodSpec) bool {
	terms, err := c.terms(spec)
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(terms, func(rs requirement.Requirements) bool {
		r, ok := rs.Get(label.NodePool)
		return !ok || !r.Empty() || r.Unsatisfiable()
	})
}

func (c *Compiler) validateExpression(key, operator string, values []string) error {
	canonical, _ := c.options.Vocabulary.Normalize(key, "")
	if c.options.Vocabulary.IsRestricted(canonical) {
		return fmt.Errorf("label %q is restricted; use one of the well-known labels %v or a label of your own domain",
			key, c.options.Vocabulary.WellKnownLabels())
	}
	if problems := validation.IsQualifiedName(canonical); len(problems) > 0 {
		return fmt.Errorf("label %q is not a qualified name: %s", key, problems[0])
	}
	for _, v := range values {
		if problems := validation.IsValidLabelValue(v); len(problems) > 0 {
			return fmt.Errorf("label %q: value %q is not a valid label value: %s", key, v, problems[0])
		}
	}
	return c.validateOperator(canonical, requirement.Operator(operator), values)
}

func (c *Compiler) validateOperator(key string, operator requirement.Operator, values []string) error {
	switch operator {
	case requirement.OpNotIn, requirement.OpExists, requirement.OpDoesNotExist:
		return nil
	case requirement.OpIn:
		return c.validateIn(key, values)
	case requirement.OpGt, requirement.OpLt, requirement.OpGte, requirement.OpLte:
		if len(values) == 1 {
			if n, err := strconv.ParseInt(values[0], 10, 64); err == nil && n >= 0 {
				return nil
			}
		}
		return fmt.Errorf("label %q: operator %s takes exactly one integer that is not negative, got %q", key, operator, values)
	}
	return fmt.Errorf("label %q: unsupported operator %q", key, operator)
}

func (c *Compiler) validateIn(key string, values []string) error {
	if len(values) == 0 {
		return fmt.Errorf("label %q: operator In without values", key)
	}
	known, fixed := c.options.Vocabulary.WellKnownValues(key)
	if fixed && !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(known, v) }) {
		return fmt.Errorf("label %q: none of %q is one of %q", key, values, known)
	}
	return nil
}
