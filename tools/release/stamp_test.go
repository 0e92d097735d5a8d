// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// OPS-255: the linker stamps every controller with the version, by the flag that make build
// and images use; one that is not stamped says so.
func TestStamp(t *testing.T) {
	root := filepath.Join("..", "..")
	for file, before := range map[string]string{"Makefile": `-ldflags "`, "tools/images/build.go": `"-s", "-w", `} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(regexp.QuoteMeta(before) + `"?-X"?,? "?main\.version=`).Match(text) {
			t.Errorf("%s does not stamp main.version", file)
		}
	}
	var controllers []string
	for _, pattern := range []string{"kwok/cmd/*", "providers/*/cmd/*"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		controllers = append(controllers, found...)
	}
	for _, dir := range controllers {
		if got := versionOf(t, dir, "-X main.version=1.2.3"); !strings.HasPrefix(got, filepath.Base(dir)+" 1.2.3") {
			t.Errorf("stamped: %s", got)
		}
	}
	if got := versionOf(t, controllers[0], ""); !strings.HasPrefix(got, "karpenter-kwok unspecified") {
		t.Errorf("not stamped: %s", got)
	}
}

// versionOf builds the program in a directory and asks it for its version. Without debug
// information it links several times faster.
func versionOf(t *testing.T, dir, flags string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "controller")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w "+flags, "-o", binary, "./"+filepath.Base(dir))
	build.Dir = filepath.Dir(dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", dir, err, out)
	}
	out, err := exec.CommandContext(t.Context(), binary, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("%s --version: %v\n%s", dir, err, out)
	}
	return string(out)
}
