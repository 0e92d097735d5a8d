// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// TestMain makes a run without flags the one of CI: always the same worlds. Flags
// of one's own go before: -rapid.checks=100000 -rapid.seed=0.
func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": "200", "rapid.seed": "1", "rapid.nofailfile": "true", "rapid.shrinktime": "60s"} {
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
