// SPDX-License-Identifier: Apache-2.0

package v1_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "karpenter.sh/core/apis/v1"
)

// Quantities in ascending order, none equal to another. The exponents at the ends
// would keep Cmp busy for hours.
func TestCompareQuantities(t *testing.T) {
	ascending := []string{
		"-1e1999999999", "-9E", "-1", "-1n", "0", "1n", "999999999n", "1", "1000000001n", "1.5", "1Gi", "9223372036854775806", "9223372036854775807", "1e1999999999",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			if i != j {
				want = map[bool]int{true: -1, false: 1}[i < j]
			}
			if got := v1.CompareQuantities(resource.MustParse(a), resource.MustParse(b)); got != want {
				t.Errorf("%s against %s: got %d, want %d", a, b, got, want)
			}
		}
	}
}

// API-029: a limit beyond all numbers is a limit that nothing exceeds.
func TestLimitBeyondAllNumbers(t *testing.T) {
	limits := v1.Limits{corev1.ResourceCPU: resource.MustParse("1e1999999999"), corev1.ResourceMemory: resource.MustParse("1")}
	usage := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100"), corev1.ResourceMemory: resource.MustParse("1Gi")}
	if got := limits.ExceededBy(usage); len(got) != 1 || got[0] != corev1.ResourceMemory {
		t.Errorf("got %v", got)
	}
}
