// SPDX-License-Identifier: Apache-2.0

package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// OPS-261: what is checked before a merge, and by which command of which file.
func TestChecks(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	w := read(t, "ci.yaml")
	if _, ok := w.On["pull_request"]; !ok {
		t.Errorf("the workflow is not for pull requests: %v", w.On)
	}
	run := w.Jobs["run"].text(t)
	inOrder(t, run, `(?m)^\.ci/run$`)
	for what, c := range map[string]struct {
		in      string
		pattern string
	}{
		"module tidiness":                 {string(script), `(?m)^step .* make modules$`},
		"a go.mod that is not tidy":       {string(makefile), `mod tidy -diff`},
		"generated code, CRDs and docs":   {string(script), `(?m)^step .* make verify$`},
		"license headers":                 {string(script), `(?m)^step .* make format$`},
		"the header itself":               {string(makefile), `(?m)^format:(.*\n\t)+.*-L '\^// SPDX-License-Identifier: Apache-2\.0\$\$' -- '\*\.go'`},
		"vet and lint":                    {string(script), `(?m)^step .* make lint$`},
		"vet, by the linter":              {lint(t), `(?m)^    - govet$`},
		"licenses of dependencies":        {string(script), `(?m)^step .* make licenses$`},
		"vulnerabilities":                 {w.Jobs["vulnerabilities"].text(t), `(?m)^make vulnerabilities$`},
		"workflows, by a test beside it":  {string(script), `(?m)^step .* make test .*others`},
		"the engine with race detector":   {string(script), `(?m)^step .* go test -race -shuffle=on .*\./core/engine/\.\.\.$`},
		"the rest of it in random order":  {string(makefile), `(?m)^test:(.*\n\t)+.*-shuffle=on`},
		"the rest of it with race":        {string(script), `(?m)^step .* make test RACE=1 .*racing`},
		"documentation that tells truths": {string(script), `(?m)^step .* make docs-verify$`},
	} {
		if !regexp.MustCompile(c.pattern).MatchString(c.in) {
			t.Errorf("%s is not checked: %s", what, c.pattern)
		}
	}
}

func lint(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".golangci.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// OPS-260: each minor that the compatibility page lists is tested, and no other: its API
// server by unit and integration tests, the whole of it by the suite of kwok; the one that
// is built from source by every merge.
func TestMinors(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "core", "docs", "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile(`(?m)^\| (1\.\d+) \| (.*) \|$`).FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, row[1])
	}
	minor := read(t, "kubernetes.yaml").Jobs["minor"]
	var tested []string
	versions, _ := minor.Strategy.Matrix["kubernetes"].([]any)
	for _, version := range versions {
		text, _ := version.(string)
		tested = append(tested, text[:max(0, strings.LastIndex(text, "."))])
	}
	same(t, "minors of OPS-260", []string{"1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"}, tested)
	modules, err := os.ReadFile(filepath.Join(root, "tools", "controlplane", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	built := regexp.MustCompile(`k8s\.io/kubernetes v(1\.\d+)\.`).FindSubmatch(modules)
	if built == nil {
		t.Fatal("no version of Kubernetes is built")
	}
	same(t, "minors of the page", append(tested, string(built[1])), listed)
	same(t, "the version", "${{ matrix.kubernetes }}", minor.Env["KUBERNETES"])
	inOrder(t, minor.text(t), `setup-envtest@\S+ use --print path "\$\{KUBERNETES%\.\*\}\.x"`, `KUBEBUILDER_ASSETS=\$assets`, `make test PKG="\./core/\.\.\. \./kwok/\.\.\."`, `make e2e RUNTIME=kind KUBERNETES="\$KUBERNETES"`)
}
