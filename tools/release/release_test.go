// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// OPS-257: versions have an order, and candidates come before their release.
func TestVersions(t *testing.T) {
	ordered := []string{"0.9.10", "1.0.0-alpha.2", "1.0.0-beta.1", "1.0.0-rc.1", "1.0.0-rc.10", "1.0.0", "1.0.1", "1.10.0"}
	for i, a := range ordered {
		for j, b := range ordered {
			v, err := parseVersion(a)
			if err != nil {
				t.Fatal(err)
			}
			w, err := parseVersion(b)
			if err != nil {
				t.Fatal(err)
			}
			if got := v.compare(w); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s against %s: %d", a, b, got)
			}
		}
	}
	for _, bad := range []string{"", "v1.2.3", "1.2", "1.2.3.4", "1.2.3-gamma.1", "1.2.3-rc", "1.2.3 "} {
		if _, err := parseVersion(bad); err == nil || !strings.Contains(err.Error(), "1.2.3-rc.1") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// OPS-258: notes say what users have to do, and what is new for them.
func TestNotes(t *testing.T) {
	const want = `# Karpenter 1.2.0

Changes since 1.1.0.

## What you have to do

- **api**: Rename a to b before you upgrade. (3)
- plans are sorted (5)

## New

- **api**: rename (3)
- **aws**: buy reservations (1)
- plans are sorted (5)

## Mended

- **aws**: look twice (2)
`
	got := notes(release{Version: "1.2.0", Before: "v1.1.0", Commits: []commit{
		parseCommit("6", "no rules here", ""),
		parseCommit("5", "feat!: plans are sorted", ""),
		parseCommit("4", "test(aws): look", ""),
		parseCommit("3", "feat(api): rename", "Because.\n\nBREAKING CHANGE: Rename a\nto b before you upgrade.\n\nMore."),
		parseCommit("2", "fix(aws): look twice", ""),
		parseCommit("1", "feat(aws): buy reservations", ""),
	}})
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if got := notes(release{Version: "1.2.1"}); got != "# Karpenter 1.2.1\n\nNothing changes for users.\n" {
		t.Errorf("got\n%s", got)
	}
}

// OPS-257: the notes begin after the release before, candidates have their own.
func TestNotesOfARepository(t *testing.T) {
	dir := t.TempDir()
	git := gitIn(t, dir)
	git("init", "-q")
	for _, step := range [][2]string{{"feat: one", "v1.0.0"}, {"feat: two", "v1.1.0-rc.1"}, {"fix: three", ""}} {
		git("commit", "-q", "--allow-empty", "-m", step[0])
		if step[1] != "" {
			git("tag", step[1])
		}
	}
	ask := func(version string) string {
		t.Helper()
		var out bytes.Buffer
		if err := run(t.Context(), []string{"notes", "-root", dir, "-version", version}, process{out: &out, errs: &out}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got := ask("1.1.0"); !strings.Contains(got, "since 1.0.0.") || !strings.Contains(got, "two") || !strings.Contains(got, "three") || strings.Contains(got, "one") {
		t.Errorf("1.1.0:\n%s", got)
	}
	if got := ask("1.1.0-rc.2"); !strings.Contains(got, "since 1.1.0-rc.1.") || strings.Contains(got, "two") {
		t.Errorf("1.1.0-rc.2:\n%s", got)
	}
}

// OPS-257: a release is made of a tree that anybody can have again.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	git := gitIn(t, dir)
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "feat: one")
	git("tag", "v1.0.0")
	check := func(version string) error {
		return run(t.Context(), []string{"check", "-root", dir, "-version", version}, process{errs: &bytes.Buffer{}})
	}
	if err := check("1.0.0"); err != nil {
		t.Errorf("a clean tree with its tag: %v", err)
	}
	if err := check("1.0.1"); err == nil || !strings.Contains(err.Error(), "not tagged v1.0.1") {
		t.Errorf("another version: %v", err)
	}
	hash, err := repository{dir: dir}.head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := check(hash); err != nil {
		t.Errorf("a snapshot of a clean tree: %v", err)
	}
	if err := check(strings.Repeat("0", 40)); err == nil || !strings.Contains(err.Error(), hash) {
		t.Errorf("a snapshot of another commit: %v", err)
	}
	write(t, filepath.Join(dir, "new"), "")
	if err := check("1.0.0"); err == nil || !strings.Contains(err.Error(), "new") {
		t.Errorf("a tree with changes: %v", err)
	}
	git("add", "new")
	git("commit", "-q", "-m", "feat: two")
	if err := check("1.0.0"); err == nil || !strings.Contains(err.Error(), "not tagged v1.0.0") {
		t.Errorf("a tree past the tag: %v", err)
	}
}

// OPS-260: what breaks something is in the upgrade guide, or is not released.
func TestCheckOfTheGuide(t *testing.T) {
	dir := t.TempDir()
	git := gitIn(t, dir)
	git("init", "-q")
	commit := func(subject, guide, tag string) error {
		t.Helper()
		write(t, filepath.Join(dir, "core/docs/upgrade.md"), "# Upgrading\n\n"+guide)
		git("add", ".")
		git("commit", "-q", "--allow-empty", "-m", subject)
		git("tag", "v"+tag)
		return run(t.Context(), []string{"check", "-root", dir, "-version", tag}, process{errs: &bytes.Buffer{}})
	}
	if err := commit("feat!: the first of all", "", "1.0.0"); err != nil {
		t.Errorf("the first release breaks nothing: %v", err)
	}
	if err := commit("fix: harmless", "", "1.0.1"); err != nil {
		t.Errorf("nothing is broken: %v", err)
	}
	if err := commit("feat!: a is b now", "## Upgrading to 1.0.0+\n", "1.1.0-rc.1"); err == nil || !strings.Contains(err.Error(), "Upgrading to 1.1.0+") || !strings.Contains(err.Error(), "a is b now") {
		t.Errorf("no section: %v", err)
	}
	if err := commit("docs: what to do", "## Upgrading to 1.1.0+\n", "1.1.0"); err != nil {
		t.Errorf("there is a section: %v", err)
	}
}

func TestChecksums(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b"), "b")
	write(t, filepath.Join(dir, "a", "c"), "c")
	for range 2 { // the file itself is not counted
		if err := writeChecksums(dir); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.Join(dir, sums))
	const want = "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6  a/c\n" +
		"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	if err := writeChecksums(t.TempDir()); err == nil {
		t.Error("there is nothing to add up")
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"publish"}, {"notes", "-version", "x"}, {"checksums"}, {"notes", "1.2.3"}, {"charts", "-version", "1.2.3"}, {"branch", "-version", "1"}, {"chart"}} {
		if err := run(t.Context(), args, process{in: &bytes.Buffer{}, out: &bytes.Buffer{}, errs: &bytes.Buffer{}}); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

// gitIn runs git in a directory, as somebody.
func gitIn(t *testing.T, dir string) func(args ...string) {
	t.Helper()
	return func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
