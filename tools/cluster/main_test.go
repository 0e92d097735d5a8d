// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// output runs a command and returns what it printed to the standard output.
func output(t *testing.T, args ...string) (string, error) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdout
	os.Stdout = write
	failure := run(args)
	os.Stdout = before
	_ = write.Close()
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), failure
}

// A name that is none must neither start nor end the cluster that its first word
// names.
func TestNamesThatAreNone(t *testing.T) {
	for _, command := range []string{"up", "down", "restart", "status", "kubeconfig", "check"} {
		root := t.TempDir()
		for _, args := range [][]string{{"-name", "bad name"}, {"-name", "bad", "name"}, {"-name", "Bad"}, {"-name", "../bad"}} {
			if _, err := output(t, append([]string{command, "-root", root}, args...)...); err == nil || !strings.Contains(err.Error(), "name") {
				t.Errorf("%s %q: %v", command, args, err)
			}
		}
		if left, _ := os.ReadDir(root); len(left) > 0 {
			t.Errorf("%s left %v", command, left)
		}
	}
}

// An empty KUBECONFIG would make kubectl talk to the user's own cluster.
func TestKubeconfigIsNeverEmpty(t *testing.T) {
	root := t.TempDir()
	for _, tc := range []struct{ variable, name, want string }{
		{"", "", "karpenter"}, {"mine", "", "mine"}, {"mine", "other", "other"},
	} {
		t.Setenv("CLUSTER", tc.variable)
		args := []string{"kubeconfig", "-root", root}
		if tc.name != "" {
			args = append(args, "-name", tc.name)
		}
		got, err := output(t, args...)
		if err == nil || !strings.Contains(err.Error(), "make up CLUSTER="+tc.want) {
			t.Errorf("%+v: no word of the cluster that does not run: %v", tc, err)
		}
		if want := filepath.Join(root, "bin", "clusters", tc.want, "kubeconfig") + "\n"; got != want {
			t.Errorf("%+v: printed %q, want %q", tc, got, want)
		}
	}
}

// What make passes on is one word, whatever is in it, and is looked at before
// anything is built.
func TestMakeQuotesTheName(t *testing.T) {
	for _, target := range []string{"up", "down", "demo", "kind-up", "kind-cluster"} {
		first, _, _ := strings.Cut(makePrints(t, target, "CLUSTER=bad 'name'"), "\n")
		if want := `-name 'bad '\''name'\'''`; !strings.Contains(first, want) {
			t.Errorf("make %s begins with %q, without %s", target, first, want)
		}
	}
}

// OPS-361: what needs Docker looks for it first, and then makes a cluster in containers,
// whatever runtime is asked for besides.
func TestMakeLooksForDocker(t *testing.T) {
	for target, want := range map[string]string{
		"kind-up":      "up -name 'mine' -runtime 'kind' -provider 'aws'",
		"kind-cluster": "up -name 'mine' -runtime 'kind' -provider 'aws' -bare",
	} {
		lines := strings.Split(strings.TrimSpace(makePrints(t, target, "CLUSTER=mine", "PROVIDER=aws", "RUNTIME=binary")), "\n")
		if !strings.HasSuffix(lines[0], "check -name 'mine' -runtime 'kind' -provider 'aws'") {
			t.Errorf("make %s begins with %q", target, lines[0])
		}
		if last := lines[len(lines)-1]; !strings.HasSuffix(last, want) {
			t.Errorf("make %s ends with %q, want %q", target, last, want)
		}
	}
	suite := makePrints(t, "e2e", "RUNTIME=kind", "CLUSTER=mine", "KUBERNETES=1.30.13") // OPS-260
	if first, _, _ := strings.Cut(suite, "\n"); !strings.HasSuffix(first, "check -name 'mine' -kubernetes '1.30.13' -runtime 'kind' -provider 'kwok'") {
		t.Errorf("make e2e begins with %q", first)
	}
	if want := "up -name e2e -kubernetes '1.30.13' -runtime 'kind' -provider 'kwok' -audit"; !strings.Contains(suite, want) {
		t.Errorf("make e2e does not %s", want)
	}
}

// OPS-269: where reports go, which suite runs, and what of it.
func TestMakeHandsInputsToTheSuite(t *testing.T) {
	got := makePrints(t, "e2e", "TEST_SUITE=performance", "FOCUS=a 'b'", "SKIP=c d", "OUTPUT_DIR=/reports", "ARTIFACT_DIR=/junit")
	for _, want := range []string{
		"./test/e2e/performance ", `-focus='a '\''b'\'''`, "-skip='c d'", "OUTPUT_DIR='/reports'", "-output-dir='/junit'",
		"-junit-report=e2e-performance.xml", "GIT_REF=",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no word of %s in\n%s", want, got)
		}
	}
	if got := makePrints(t, "e2e"); !strings.Contains(got, " ./test/e2e ||") || strings.Contains(got, "-skip") || strings.Contains(got, "-focus") {
		t.Errorf("without inputs the whole of the first suite runs, not\n%s", got)
	}
	printed, err := makeCommand(t, "check-suite", "TEST_SUITE=dra").CombinedOutput()
	if err == nil || !strings.Contains(string(printed), "there is no suite dra") {
		t.Errorf("a suite that there is not: %v, %s", err, printed)
	}
}

// makePrints returns the commands that make would run.
func makePrints(t *testing.T, args ...string) string {
	t.Helper()
	printed, err := makeCommand(t, append([]string{"-n"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	return string(printed)
}

func makeCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	command := exec.CommandContext(t.Context(), "make", args...)
	command.Dir = filepath.Join("..", "..")
	// A make that runs this test hands its flags and its level down, and its settings.
	handed := []string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "FOCUS", "SKIP", "LABELS", "TEST_SUITE", "PROVIDER", "OUTPUT_DIR", "ARTIFACT_DIR", "KUBERNETES"}
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(handed, name)
	})
	return command
}
