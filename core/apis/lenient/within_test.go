// SPDX-License-Identifier: Apache-2.0

package lenient_test

import (
	"slices"
	"testing"

	"karpenter.sh/core/apis/lenient"
)

// API-177: what of a field could not be read.
func TestWithin(t *testing.T) {
	problem := func(field string) lenient.Problem { return lenient.Problem{Field: field} }
	all := []lenient.Problem{problem("spec"), problem("spec.limits[cpu]"), problem("spec[0]"), problem("specific"), problem("status.spec")}
	if got := lenient.Within(all, "spec"); !slices.Equal(got, all[:3]) {
		t.Errorf("got %v", got)
	}
}
