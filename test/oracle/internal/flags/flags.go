// SPDX-License-Identifier: Apache-2.0

// Package flags gives the flags of random tests other defaults, so that a run
// without flags is the one of CI: always the same worlds.
package flags

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
)

// Main runs the tests of a package. Flags that are given go before the defaults,
// which are values by name.
func Main(m *testing.M, defaults map[string]string) {
	flag.Parse()
	flag.Visit(func(f *flag.Flag) { delete(defaults, f.Name) })
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		if err := flag.Set(name, defaults[name]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
