// SPDX-License-Identifier: Apache-2.0

package binaries_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"karpenter.sh/tools/internal/binaries"
)

// tree is a root with one module whose program prints its version variable.
type tree struct {
	t    *testing.T
	set  binaries.Set
	opts binaries.Options
}

func newTree(t *testing.T) tree {
	t.Helper()
	root := t.TempDir()
	w := tree{
		t: t,
		set: binaries.Set{
			Name: "hello", Module: "m",
			Programs: []binaries.Program{{Name: "hello", Package: ".", Runs: []string{"en", "de"}}},
			Versions: []binaries.Version{{Variable: "main.version", Module: "example.com/other", Format: strings.ToUpper}},
		},
		opts: binaries.Options{Root: root, Out: filepath.Join(root, "bin"), Progress: io.Discard},
	}
	w.write("go.mod", "module example.com/hello\n\ngo 1.26\n\nrequire example.com/other v1.2.3\n\nreplace example.com/other => ./other\n")
	w.write("go.sum", "")
	w.write("other/go.mod", "module example.com/other\n\ngo 1.26\n")
	w.program("hello")
	return w
}

func (w tree) write(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.opts.Root, "m", name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		w.t.Fatal(err)
	}
}

func (w tree) program(greeting string) {
	w.write("main.go", "package main\n\nimport \"fmt\"\n\nvar version string\n\nfunc main() { fmt.Print(\""+greeting+" \", version) }\n")
}

func (w tree) ensure() {
	w.t.Helper()
	if err := binaries.Ensure(w.t.Context(), w.set, w.opts); err != nil {
		w.t.Fatal(err)
	}
}

func (w tree) expect(program, want string) {
	w.t.Helper()
	out, err := exec.Command(filepath.Join(w.opts.Out, program)).Output()
	if err != nil || string(out) != want {
		w.t.Errorf("%s prints %q, %v, want %q", program, out, err, want)
	}
}

func TestEnsureBuildsLinksAndStampsTheVersion(t *testing.T) {
	w := newTree(t)
	w.ensure()
	w.expect("hello", "hello V1.2.3")
	w.expect("en", "hello V1.2.3")
	w.expect("de", "hello V1.2.3")
}

func TestEnsureBuildsAnewOnlyAfterAChange(t *testing.T) {
	w := newTree(t)
	w.ensure()
	path := filepath.Join(w.opts.Out, "hello")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	w.ensure()
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("built again although nothing changed (%v)", err)
	}
	w.program("hi")
	w.ensure()
	w.expect("en", "hi V1.2.3")
}

// Checkouts may share what they have built by links, until one of them changes.
func TestEnsureLeavesLinksOfOthersAlone(t *testing.T) {
	w := newTree(t)
	w.ensure()
	theirs := w.opts
	theirs.Out = filepath.Join(w.opts.Root, "theirs")
	for _, name := range []string{"hello", filepath.Join(".stamps", "hello")} {
		to := filepath.Join(theirs.Out, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.Link(filepath.Join(w.opts.Out, name), to)); err != nil {
			t.Fatal(err)
		}
	}
	stamp := func() string {
		text, err := os.ReadFile(filepath.Join(theirs.Out, ".stamps", "hello"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := stamp()
	w.program("hi")
	w.ensure()
	w.expect("hello", "hi V1.2.3")
	if after := stamp(); after != before {
		t.Errorf("the stamp of another checkout became %s", after)
	}
}

func TestEnsureTakesAssetsThatAreThere(t *testing.T) {
	w := newTree(t)
	w.opts.Assets = t.TempDir()
	for name, mode := range map[string]os.FileMode{"en": 0o755, "de": 0o644} {
		if err := os.WriteFile(filepath.Join(w.opts.Assets, name), []byte("#!/bin/sh\nprintf asset\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	w.ensure()
	w.expect("en", "asset")
	w.expect("de", "hello V1.2.3") // the asset of that name cannot be executed

	w.opts.Assets = ""
	w.ensure()
	w.expect("en", "hello V1.2.3")
}

func TestEnsureReportsCompilerErrorsAndLeavesNothing(t *testing.T) {
	w := newTree(t)
	var progress strings.Builder
	w.opts.Progress = &progress
	w.write("main.go", "package main\n\nfunc main() { undefined() }\n")
	if err := binaries.Ensure(t.Context(), w.set, w.opts); err == nil {
		t.Fatal("a program that does not compile was built")
	}
	if !strings.Contains(progress.String(), "undefined: undefined") {
		t.Errorf("the compiler's message is lost: %q", progress.String())
	}
	for _, pattern := range []string{"hello", "en", ".building-*"} {
		if left, err := filepath.Glob(filepath.Join(w.opts.Out, pattern)); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
}
