// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"karpenter.sh/core/testkit/binary"
)

func TestMain(m *testing.M) { binary.Main(m, main) }

// run starts the binary for a workload cluster, with further variables.
func run(t *testing.T, workload *envtest.Environment, set ...string) *binary.Process {
	t.Helper()
	return binary.Start(t, binary.Options{Env: append([]string{
		"KUBECONFIG=" + kubeconfig(t, workload),
		"DISABLE_LEADER_ELECTION=true", // whose lease outlives who is killed
	}, set...)})
}

// ends waits for the end of a process, which must say why it failed.
func ends(t *testing.T, p *binary.Process, within time.Duration, why string) {
	t.Helper()
	if code := p.Exit(t, within); code == 0 || !strings.Contains(p.Printed(), why) {
		t.Fatalf("ended with code %d and did not say %q", code, why)
	}
}

func kubeconfig(t *testing.T, environment *envtest.Environment) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, environment.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
