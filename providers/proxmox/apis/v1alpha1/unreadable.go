// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"strings"

	"karpenter.sh/core/apis/lenient"
)

// ofSpec are the problems within a spec.
func ofSpec(problems []lenient.Problem) []lenient.Problem {
	var out []lenient.Problem
	for _, p := range problems {
		if p.Field == "spec" || strings.HasPrefix(p.Field, "spec.") {
			out = append(out, p)
		}
	}
	return out
}
