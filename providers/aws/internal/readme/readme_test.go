// SPDX-License-Identifier: Apache-2.0

package readme_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/events"
	"karpenter.sh/core/testkit/markdown"
	"karpenter.sh/core/testkit/reasons"
	"karpenter.sh/providers/aws/failure"
)

// root is the directory of the module.
var root = filepath.Join("..", "..")

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// told are the reasons that users meet, with where they come from: those in the source,
// those of the kit, and those of failures.
func told(t *testing.T) map[string]string {
	t.Helper()
	found, err := reasons.InSource(root, "judge")
	if err != nil || len(found) < 20 {
		t.Fatalf("%d reasons: %v", len(found), err)
	}
	all := map[string]string{}
	for _, r := range found {
		all[r.Text] = r.File
	}
	for _, text := range ofTheKit() {
		all[text] = "kit"
	}
	for _, row := range failure.Rows() {
		if row.Reason != "" {
			all[row.Reason] = "failure.Rows"
		}
	}
	return all
}

// ofTheKit are those that the kit says for the provider, and those that are put together.
func ofTheKit() []string {
	return []string{
		events.WaitingOnNodeClaimTermination, "NodeClassDrift", "TerminatingOnInterruption", "DependenciesNotReady",
		"CreateLaunchTemplateAuthCheckFailed", "CreateFleetAuthCheckFailed", "RunInstancesAuthCheckFailed",
	}
}

// Each reason is in the chapter on troubleshooting.
func TestReasons(t *testing.T) {
	_, text, found := strings.Cut(readme(t), "\n## Troubleshooting")
	if !found {
		t.Fatal("there is no chapter on troubleshooting")
	}
	all := told(t)
	for _, reason := range slices.Sorted(maps.Keys(all)) {
		if !strings.Contains(text, "`"+reason+"`") {
			t.Errorf("%s is missing (%s)", reason, all[reason])
		}
	}
}

// AWS-001: each setting is in the table, by flag and variable.
func TestSettings(t *testing.T) {
	text := readme(t)
	source, err := os.ReadFile(filepath.Join(root, "options", "declare.go"))
	if err != nil {
		t.Fatal(err)
	}
	settings := regexp.MustCompile(`Name: "([a-z-]+)", Env: "([A-Z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(settings) < 15 {
		t.Fatalf("%d settings", len(settings))
	}
	for _, s := range settings {
		if !strings.Contains(text, "| `--"+s[1]+"` / `"+s[2]+"` |") {
			t.Errorf("--%s is missing", s[1])
		}
	}
}

// AWS-420: each call is in the table of calls.
func TestCalls(t *testing.T) {
	spec, err := markdown.Section(filepath.Join(root, "SPEC.md"), "**AWS-420**", "**AWS-421**")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`\b(?:Add|Create|Delete|Describe|Get|List|Receive|Remove|Run|Terminate)[A-Z]\w+`).FindAllString(spec, -1)
	if len(calls) < 30 {
		t.Fatalf("%d calls", len(calls))
	}
	text, err := markdown.Section(filepath.Join(root, "README.md"), "\n## What the controller calls", "\n## ")
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range calls {
		if !regexp.MustCompile(`\b` + call + `\b`).MatchString(text) {
			t.Errorf("%s is missing", call)
		}
	}
}

// AWS-446: the prices that are shown can be read.
func TestPrices(t *testing.T) {
	_, text, _ := strings.Cut(readme(t), "\n## Prices")
	_, text, _ = strings.Cut(text, "```\n")
	text, _, found := strings.Cut(text, "```")
	if _, err := price.ReadFile("README.md", []byte(text)); err != nil || !found {
		t.Errorf("%s\n%v", text, err)
	}
}
