// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "karpenter.sh/core/apis/v1"
)

// checkLimits repeats for pools of an earlier CRD what admission demands of
// limits (API-020).
func checkLimits(found *Findings, limits v1.Limits) {
	path := field.NewPath("spec", "limits")
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		at, limit := path.Key(string(name)), limits[name]
		if limit.Sign() < 0 {
			found.fail(field.Invalid(at, limit.String(), "must not be negative"))
		}
		switch {
		case strings.Contains(string(name), "/"):
			checkQualifiedName(found, string(name), at)
		case !native(name):
			found.fail(field.Invalid(at, string(name), "resources other than those of Kubernetes need a domain, as in example.com/gpu"))
		}
	}
}

// native holds for the resources without a domain that nodes have.
func native(name corev1.ResourceName) bool {
	known := []corev1.ResourceName{
		corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage, corev1.ResourcePods, v1.ResourceNodes,
	}
	families := regexp.MustCompile(`^(hugepages|attachable-volumes)-[-A-Za-z0-9.]+$`)
	return slices.Contains(known, name) || families.MatchString(string(name))
}
