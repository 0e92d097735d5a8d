// SPDX-License-Identifier: Apache-2.0

package reason_test

import (
	"testing"

	"karpenter.sh/core/engine/reason"
)

// OPS-081
func TestShorten(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	for most, want := range map[int]string{2: "a, b and 2 others", 3: "a, b, c and 1 other", 4: "a, b, c, d", 5: "a, b, c, d"} {
		if got := reason.Shorten(names, most); got != want {
			t.Errorf("the first %d: %q, want %q", most, got, want)
		}
	}
	if got := reason.Shorten(nil, 5); got != "" {
		t.Errorf("none: %q", got)
	}
}
