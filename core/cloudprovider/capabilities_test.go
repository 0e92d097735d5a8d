// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider"
)

// KIT-200: every interface that core looks for, every field of what a binary hands
// over, and every controller of the kit is listed, and nothing else.
func TestCapabilitiesAreComplete(t *testing.T) {
	listed := map[cloudprovider.Place][]string{}
	for _, c := range cloudprovider.Capabilities() {
		listed[c.In] = append(listed[c.In], c.Name)
		if c.For == "" || c.Without == "" {
			t.Errorf("%s says not what it is for", c.Name)
		}
	}
	contract := reflect.TypeFor[cloudprovider.CloudProvider]()
	for _, name := range listed[cloudprovider.InContract] {
		if _, ok := contract.MethodByName(name); !ok {
			t.Errorf("CloudProvider has no method %s", name)
		}
	}
	wantSame(t, "interfaces that are looked for", listed[cloudprovider.OnProvider],
		found(t, "*.go", regexp.MustCompile(`capability\[([A-Z]\w+)\]`)))
	wantSame(t, "fields of what a binary hands over", listed[cloudprovider.InBinary],
		slices.DeleteFunc(fields(t, "../operator/config.go", "Config", "Provider"), func(name string) bool {
			return slices.Contains([]string{"Name", "Version", "NewProvider", "CloudProvider", "Controllers"}, name) // these are no choice
		}))
	controllers := append(found(t, "kit/*/*.go", regexp.MustCompile(`const Name\w* = "([a-z.]+)"`)),
		found(t, "kit/*/*/*.go", regexp.MustCompile(`const Name\w* = "([a-z.]+)"`))...)
	wantSame(t, "controllers", listed[cloudprovider.AmongControllers],
		append(controllers, found(t, "../operator/statusmetrics.go", regexp.MustCompile(`func (NodeClassStatus)\[`))...))
}

func wantSame(t *testing.T, what string, listed, there []string) {
	t.Helper()
	slices.Sort(listed)
	slices.Sort(there)
	if there = slices.Compact(there); !slices.Equal(listed, there) {
		t.Errorf("%s: listed are %v, there are %v", what, listed, there)
	}
}

// found returns what the pattern captures in files that are no tests.
func found(t *testing.T, glob string, pattern *regexp.Regexp) []string {
	t.Helper()
	names, err := filepath.Glob(glob)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
			out = append(out, match[1])
		}
	}
	return out
}

// fields returns the exported fields of structs in a file.
func fields(t *testing.T, file string, structs ...string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range structs {
		_, body, ok := strings.Cut(string(text), "type "+name+" struct {\n")
		if !ok {
			t.Fatalf("%s has no struct %s", file, name)
		}
		body, _, _ = strings.Cut(body, "\n}")
		for _, match := range regexp.MustCompile(`(?m)^\t([A-Z]\w*) `).FindAllStringSubmatch(body, -1) {
			out = append(out, match[1])
		}
	}
	return out
}

// KIT-200: the table where a newcomer arrives is this list.
func TestCapabilitiesInReadme(t *testing.T) {
	var table strings.Builder
	table.WriteString("| Capability | Where | What for | Without it |\n|---|---|---|---|\n")
	for _, c := range cloudprovider.Capabilities() {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", c.Name, c.In, c.For, c.Without)
	}
	readme, err := os.ReadFile("../../providers/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), table.String()) {
		t.Errorf("providers/README.md must contain:\n%s", table.String())
	}
}
