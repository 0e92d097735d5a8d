// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/providers/aws/metrics"
)

// AWS-401: the table names what the specification names, besides the counters of CP-080.
func TestTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "SPEC.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "**AWS-401**")
	section, _, _ = strings.Cut(section, "**AWS-402**")
	specified := map[string]bool{
		"karpenter_cloudprovider_instance_launch_failures_total":      true,
		"karpenter_cloudprovider_instance_termination_failures_total": true,
	}
	for _, name := range regexp.MustCompile("`((?:karpenter|aws)_[a-z0-9_]+)`").FindAllStringSubmatch(section, -1) {
		specified[name[1]] = true
	}
	shared := map[string]bool{}
	for _, f := range families.Flatten(append(families.Core(), families.Kit())) {
		shared[f.Name] = true
	}
	var names []string
	for _, f := range metrics.Families().Families {
		names = append(names, f.Name)
		if shared[f.Name] {
			t.Errorf("%s stands in a table of the core", f.Name)
		}
	}
	slices.Sort(names)
	if want := slices.Sorted(maps.Keys(specified)); !slices.Equal(names, want) {
		t.Errorf("the table has %q, the specification %q", names, want)
	}
}
