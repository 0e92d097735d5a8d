// SPDX-License-Identifier: Apache-2.0

package signals_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/events"
	"karpenter.sh/core/metrics/families"
	"karpenter.sh/core/testkit/markdown"
	"karpenter.sh/providers/aws/signals"
)

// AWS-401: the table names what the specification names, besides the counters of CP-080.
func TestTable(t *testing.T) {
	t.Parallel()
	section, err := markdown.Section(filepath.Join("..", "SPEC.md"), "**AWS-401**", "**AWS-402**")
	if err != nil {
		t.Fatal(err)
	}
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
	for _, f := range signals.Families().Families {
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

// AWS-403: the table tells what the specification tells, with the same types; the kit's
// own events stand in the core's table.
func TestEvents(t *testing.T) {
	t.Parallel()
	section, err := markdown.Section(filepath.Join("..", "SPEC.md"), "**AWS-403**", "\n## ")
	if err != nil {
		t.Fatal(err)
	}
	shared, own := map[string]string{}, map[string]string{}
	for _, kind := range events.Kinds() {
		shared[kind.Reason] = kind.Type
	}
	for _, kind := range signals.Events() {
		own[kind.Reason] = kind.Type
	}
	row := regexp.MustCompile(`(?m)^\| ([A-Z][A-Za-z / ]+?)(?: \([^)]*\))? \| (Normal|Warning) \|`)
	specified := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(section, -1) {
		for reason := range strings.SplitSeq(found[1], " / ") {
			if shared[reason] != found[2] {
				specified[reason] = found[2]
			}
		}
	}
	if !maps.Equal(own, specified) {
		t.Errorf("the table has %v, the specification %v", own, specified)
	}
}
