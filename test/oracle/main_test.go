// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain makes a run without flags the one of CI: thousands of worlds, always
// the same. Flags of one's own go before: -rapid.checks=1000000 -rapid.seed=0
// looks at a million that nobody has seen.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": "5000", "rapid.seed": "1", "rapid.nofailfile": "true"} {
		if given[name] {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
