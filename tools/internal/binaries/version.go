// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"fmt"
	"strings"
)

// ldflags renders the linker flags: no debug information (it doubles the size
// and nobody debugs these programs), and the versions.
func ldflags(set Set, versions map[string]string) (string, error) {
	flags := []string{"-s", "-w"}
	for _, v := range set.Versions {
		version, ok := versions[v.Module]
		if !ok {
			return "", fmt.Errorf("%s/go.mod does not require %s", set.Module, v.Module)
		}
		flags = append(flags, fmt.Sprintf("-X %s=%s", v.Variable, v.Format(version)))
	}
	return strings.Join(flags, " "), nil
}

func verbatim(version string) string { return version }

func major(version string) string { return part(version, 0) }

func minor(version string) string { return part(version, 1) }

// part returns the i-th number of a semantic version, or "" without one.
func part(version string, i int) string {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if i >= len(parts) {
		return ""
	}
	return parts[i]
}
