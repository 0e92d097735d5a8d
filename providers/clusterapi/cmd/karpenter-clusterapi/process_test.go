// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// The test binary is also the binary under test.
const asBinary = "CLUSTERAPI_TEST_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		main()
	}
	os.Exit(m.Run())
}

// process is a running binary.
type process struct {
	*exec.Cmd
	probes int
	ended  chan error

	mu     sync.Mutex
	output bytes.Buffer
}

// Write collects what the process prints.
func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// run starts the binary for a workload cluster, with further variables.
func run(t *testing.T, workload *envtest.Environment, set ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(self), probes: freePort(t), ended: make(chan error, 1)}
	p.Stdout, p.Stderr = p, p
	p.Env = append([]string{
		asBinary + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "KUBECONFIG=" + kubeconfig(t, workload),
		"DISABLE_LEADER_ELECTION=true", // whose lease outlives who is killed
		fmt.Sprintf("METRICS_PORT=%d", freePort(t)), fmt.Sprintf("HEALTH_PROBE_PORT=%d", p.probes),
	}, set...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		if t.Failed() {
			t.Logf("the binary printed\n%s", p.printed())
		}
	})
	return p
}

// kill ends the process as a crash would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
}

// probe returns the status of an endpoint, and 0 if it cannot be reached.
func (p *process) probe(t *testing.T, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://localhost:%d%s", p.probes, path), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

// answers waits until an endpoint has a status.
func (p *process) answers(t *testing.T, path string, status int) {
	t.Helper()
	eventually(t, 30*time.Second, func() string {
		if got := p.probe(t, path); got != status {
			return fmt.Sprintf("%s answers %d, not %d", path, got, status)
		}
		return ""
	})
}

// ends waits for the end of the process, which must say why it failed.
func (p *process) ends(t *testing.T, within time.Duration, why string) {
	t.Helper()
	select {
	case err := <-p.ended:
		if err == nil || !strings.Contains(p.printed(), why) {
			t.Fatalf("ended with %v and did not say %q", err, why)
		}
	case <-time.After(within):
		t.Fatalf("still running after %s", within)
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

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

// eventually fails the test unless nothing is wrong in time.
func eventually(t *testing.T, within time.Duration, condition func() string) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		wrong := condition()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", within, wrong)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
