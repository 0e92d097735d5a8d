// SPDX-License-Identifier: Apache-2.0

package workflows_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rhysd/actionlint"
	"sigs.k8s.io/yaml"
)

// root is the directory of the repository.
var root = filepath.Join("..", "..") //nolint:gochecknoglobals // a constant

// OPS-261: workflows are well-formed: syntax, expressions, contexts, inputs of actions,
// cron, names of jobs.
func TestLint(t *testing.T) {
	project, err := actionlint.NewProject(absolute(t))
	if err != nil {
		t.Fatal(err)
	}
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := linter.LintFiles(files(t), project)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// A command that fails within a pipe fails its step: what runs without being asked for bash
// runs without pipefail.
func TestPipesFail(t *testing.T) {
	for _, file := range files(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var workflow struct {
			Defaults struct{ Run struct{ Shell string } }
		}
		if err := yaml.Unmarshal(text, &workflow); err != nil {
			t.Fatal(err)
		}
		if got := workflow.Defaults.Run.Shell; got != "bash" {
			t.Errorf("%s: commands run with %q", filepath.Base(file), got)
		}
	}
}

// files are the workflows.
func files(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(absolute(t), ".github", "workflows", "*.yaml"))
	if err != nil || len(found) < 5 {
		t.Fatalf("%d workflows: %v", len(found), err)
	}
	return found
}

func absolute(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// workflow is what tests read of one.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]job
}

type job struct {
	If, Uses    string
	Needs       any
	Permissions map[string]string
	With        map[string]any
	Env         map[string]string
	Strategy    struct{ Matrix map[string]any }
	Steps       []step
}

type step struct {
	Uses, Run, If string
	With, Env     map[string]any
}

func read(t *testing.T, name string) workflow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".github", "workflows", name))
	if err != nil {
		t.Fatal(err)
	}
	// "on" is a key to YAML 1.1 that means true.
	text = bytes.Replace(text, []byte("\non:\n"), []byte("\n\"on\":\n"), 1)
	var w workflow
	if err := yaml.Unmarshal(text, &w); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return w
}

// text is all that the steps of a job do, in their order.
func (j job) text(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, s := range j.Steps {
		out.WriteString("uses: " + s.Uses + "\n" + s.Run + "\n")
		if s.With != nil {
			text, err := yaml.Marshal(s.With)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(text)
		}
	}
	return out.String()
}

// inOrder fails the test unless each pattern is found behind where the one before it was.
func inOrder(t *testing.T, text string, patterns ...string) {
	t.Helper()
	at := 0
	for _, pattern := range patterns {
		found := regexp.MustCompile(pattern).FindStringIndex(text[at:])
		if found == nil {
			t.Errorf("%q is not there, or not behind what comes before it", pattern)
			continue
		}
		at += found[1]
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}
