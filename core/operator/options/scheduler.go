// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// schedulerConfig is the document of --scheduler-config.
type schedulerConfig struct {
	PodTopologySpread podTopologySpread `json:"podTopologySpread"`
}

type podTopologySpread struct {
	DefaultConstraints []corev1.TopologySpreadConstraint `json:"defaultConstraints"`
}

// ParseSchedulerConfig reads a scheduler configuration in YAML or JSON and
// returns its default topology spread constraints (OPS-043). Empty text means
// none. An error names the index of the constraint and the field (OPS-044).
func ParseSchedulerConfig(text string) ([]corev1.TopologySpreadConstraint, error) {
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err == nil {
		if _, isText := document.(string); isText {
			return nil, errors.New("must be the YAML or JSON document itself, not the path of a file")
		}
	}
	var config schedulerConfig
	if err := yaml.UnmarshalStrict([]byte(text), &config); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	constraints := config.PodTopologySpread.DefaultConstraints
	return constraints, checkDefaultConstraints(constraints)
}

// spreadKey is what two default constraints may not share.
type spreadKey struct {
	topologyKey string
	action      corev1.UnsatisfiableConstraintAction
}

func checkDefaultConstraints(constraints []corev1.TopologySpreadConstraint) error {
	var errs []error
	seen := map[spreadKey]int{}
	for i, c := range constraints {
		path := fmt.Sprintf("podTopologySpread.defaultConstraints[%d]", i)
		for _, problem := range constraintProblems(c) {
			errs = append(errs, fmt.Errorf("%s.%s", path, problem))
		}
		key := spreadKey{c.TopologyKey, c.WhenUnsatisfiable}
		if first, twice := seen[key]; twice {
			errs = append(errs, fmt.Errorf("%s.topologyKey: %q with %s stands at index %d already", path, key.topologyKey, key.action, first))
			continue
		}
		seen[key] = i
	}
	return errors.Join(errs...)
}

// constraintProblems lists what is wrong with one constraint, each as field and
// reason.
func constraintProblems(c corev1.TopologySpreadConstraint) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if c.MaxSkew <= 0 {
		add("maxSkew: %d is not greater than 0", c.MaxSkew)
	}
	if c.TopologyKey == "" {
		add("topologyKey: must be set")
	} else if errs := validation.IsQualifiedName(c.TopologyKey); len(errs) > 0 {
		add("topologyKey: %q: %s", c.TopologyKey, strings.Join(errs, "; "))
	}
	if c.WhenUnsatisfiable != corev1.DoNotSchedule && c.WhenUnsatisfiable != corev1.ScheduleAnyway {
		add("whenUnsatisfiable: %q is neither %s nor %s", c.WhenUnsatisfiable, corev1.DoNotSchedule, corev1.ScheduleAnyway)
	}
	if c.LabelSelector != nil {
		add("labelSelector: must not be set, it is deduced for each pod")
	}
	if len(c.MatchLabelKeys) > 0 {
		add("matchLabelKeys: must not be set")
	}
	return problems
}
