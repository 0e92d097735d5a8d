// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"testing"

	"karpenter.sh/test/oracle/internal/flags"
)

// TestMain makes a run without flags the one of CI: thousands of worlds, always
// the same. Flags of one's own go before: -rapid.checks=1000000 -rapid.seed=0
// looks at a million that nobody has seen.
func TestMain(m *testing.M) {
	flags.Main(m, map[string]string{"rapid.checks": "5000", "rapid.seed": "1", "rapid.nofailfile": "true"})
}
