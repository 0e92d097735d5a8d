// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes a small repository with a program that calls one of two functions,
// each of which has a test that cites.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"core/docs/spec/life.md": "- **AAA-001** Called.\n- **AAA-002** Not called.\n- **AAA-003** Nobody cites it.\n- **AAA-004** (outside) Nobody has to.\n",
		"kwok/cmd/prog/main.go":  "package main\n\nimport \"karpenter.sh/core/engine\"\n\nfunc main() { engine.Called() }\n",
		"core/engine/engine.go":  "package engine\n\nfunc Called() {}\n\nfunc NotCalled() {}\n",
		"core/fake/fake.go":      "package fake\n\nfunc ForTests() {}\n",
		"core/engine/engine_test.go": "package engine_test\n\n// AAA-001\nfunc TestCalled(t *testing.T) { engine.Called(); fake.ForTests() }\n\n" +
			"// AAA-002\nfunc TestNotCalled(t *testing.T) { engine.NotCalled() }\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestCodeWithoutCallerProvesNothing(t *testing.T) {
	var out strings.Builder
	if err := run(&out, tree(t), "life"); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "1 of    3 cited") || !strings.Contains(got, "not cited: AAA-002, AAA-003\n") || !strings.Contains(got, "bind others: AAA-004\n") {
		t.Errorf("got %s", got)
	}
}

func TestUnknownChapter(t *testing.T) {
	var out strings.Builder
	if err := run(&out, tree(t), "nosuch"); err == nil || !strings.Contains(err.Error(), "life.md") {
		t.Errorf("got %v", err)
	}
}
