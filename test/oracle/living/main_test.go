// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"testing"

	"karpenter.sh/test/oracle/internal/flags"
)

// TestMain makes a run without flags the one of CI: always the same worlds. Flags
// of one's own go before: -rapid.checks=100000 -rapid.seed=0.
func TestMain(m *testing.M) {
	flags.Main(m, map[string]string{"rapid.checks": "2500", "rapid.seed": "1", "rapid.nofailfile": "true", "rapid.shrinktime": "60s"})
}
