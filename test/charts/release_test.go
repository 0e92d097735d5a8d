// SPDX-License-Identifier: Apache-2.0

package charts_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// OPS-258: a release, made in a copy of the repository, writes where its images are and its
// version into the charts, so that these need nothing else; what is generated of them is
// what make generate would; its files are complete, and each has its checksum.
func TestRelease(t *testing.T) {
	helmProgram := program(t, "helm")
	copied := copyOfTheRepository(t)
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.Env = copied, append(helmEnv(t), "MAKEFLAGS=", "KUBEBUILDER_ASSETS="+filepath.Dir(helmProgram))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "feat: all of it"}, {"tag", "v9.8.7"}} {
		run("git", args...)
	}
	for _, provider := range providers {
		write(t, filepath.Join(copied, "bin/images/karpenter-"+provider+"/index.json"), `{"manifests": [{"digest": "sha256:`+strings.Repeat("1", 64)+`"}]}`)
		write(t, filepath.Join(copied, "bin/images/sbom/karpenter-"+provider+"-linux-amd64.spdx.json"), "{}")
		write(t, filepath.Join(copied, "bin/vex/karpenter-"+provider+".openvex.json"), "{}")
	}
	given := []string{"--no-print-directory", "VERSION=9.8.7", "REGISTRY=example.org/karpenter"}
	run("make", append(given, "release-charts", "release-files")...)

	changed := strings.Fields(run("git", "diff", "--name-only"))
	for _, provider := range providers {
		dir := "charts/" + provider
		for _, file := range []string{"/karpenter/Chart.yaml", "/karpenter/provider-values.yaml", "/karpenter/values.yaml", "/karpenter-crd/Chart.yaml"} {
			if !slices.Contains(changed, dir+file) {
				t.Errorf("%s was not written", dir+file)
			}
		}
		image := fmt.Sprintf("image: example.org/karpenter/karpenter-%s:9.8.7@sha256:%s\n", provider, strings.Repeat("1", 64))
		packed := filepath.Join("bin/release", provider+"-karpenter-9.8.7.tgz")
		args := append([]string{"template", "karpenter", packed}, required[provider]...)
		if out := run(helmProgram, args...); !strings.Contains(out, image) {
			t.Errorf("%s renders\n%s", packed, out)
		}
		for _, file := range []string{"-karpenter-9.8.7.tgz", "-karpenter-crd-9.8.7.tgz", "-crds.yaml"} {
			inSums(t, copied, provider+file)
		}
		for _, file := range []string{"-linux-amd64.spdx.json", ".openvex.json"} {
			inSums(t, copied, "karpenter-"+provider+file)
		}
	}
	for _, file := range []string{"NOTES.md", "docs.tar.gz"} {
		inSums(t, copied, file)
	}
	if out := run("tar", "-tzf", "bin/release/docs.tar.gz"); !strings.Contains(out, "karpenter-docs-9.8.7/core/docs/README.md\n") || !strings.Contains(out, "/examples/hello.yaml\n") {
		t.Errorf("the documentation is\n%s", out)
	}
}

func inSums(t *testing.T, repository, file string) {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(repository, "bin/release/SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(sums, []byte("  "+file+"\n")) {
		t.Errorf("%s is no file of the release:\n%s", file, sums)
	}
}

// copyOfTheRepository is a directory with all files that are, or would be, committed.
func copyOfTheRepository(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	script := `git ls-files -z --cached --others --exclude-standard --deduplicate | tar -c --null --ignore-failed-read -T - | tar -x -C "$1"`
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", script, "copy", to)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("copying the repository: %v\n%s", err, out)
	}
	return to
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
