// SPDX-License-Identifier: Apache-2.0

package cloudsim_test

import (
	"os"
	"strings"
	"testing"
)

// SIM-063
func TestDependencies(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(mod), "\n") {
		for _, banned := range []string{"aws-sdk", "Azure/", "google", "k8s.io/"} {
			if strings.Contains(line, banned) && !strings.Contains(line, "k8s.io/utils") && !strings.Contains(line, "sigs.k8s.io/yaml") {
				t.Errorf("go.mod: %s", line)
			}
		}
	}
}
