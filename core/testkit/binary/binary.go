// SPDX-License-Identifier: Apache-2.0

package binary

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// underTest is set where the test binary is the binary under test.
const underTest = "KARPENTER_TEST_PROCESS"

// lingering is how long a child of an ended binary may hold its output open.
const lingering = 5 * time.Second

// Main is what TestMain calls: it runs the tests, or in a process of [Start] the binary
// under test. It does not return.
func Main(m *testing.M, binary func()) {
	if os.Getenv(underTest) != "" {
		binary()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Options of a process. The zero value is a binary without flags.
type Options struct {
	// Args are its flags.
	Args []string
	// Env are its variables, as NAME=value. It inherits none but PATH, and has a home and
	// ports of its own; what is set here wins.
	Env []string
}

// Process is a running binary.
type Process struct {
	// Metrics and Probes are the ports on localhost of its metrics and its probes.
	Metrics, Probes int

	command *exec.Cmd
	printed output
	ended   chan struct{}
	// failure is what waiting for it came to; it is read once ended is closed.
	failure error
}

// Start starts the binary. It is killed when the test ends, which tells what it printed if
// the test has failed.
func Start(t testing.TB, o Options) *Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatalf("looking for the test binary: %v", err)
	}
	p := &Process{command: exec.CommandContext(t.Context(), self, o.Args...), ended: make(chan struct{})}
	p.Metrics, p.Probes = freePorts(t)
	p.command.Stdout, p.command.Stderr = &p.printed, &p.printed
	p.command.WaitDelay = lingering
	p.command.Env = append([]string{
		underTest + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"),
		fmt.Sprintf("METRICS_PORT=%d", p.Metrics), fmt.Sprintf("HEALTH_PROBE_PORT=%d", p.Probes),
	}, o.Env...)
	if err := p.command.Start(); err != nil {
		t.Fatalf("starting the binary: %v", err)
	}
	go func() {
		defer close(p.ended)
		p.failure = p.command.Wait()
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // it may have ended
		<-p.ended
		if t.Failed() {
			t.Logf("the binary printed\n%s", p.Printed())
		}
	})
	return p
}

// Printed is what it has printed so far, to both outputs.
func (p *Process) Printed() string { return p.printed.text() }

// Signal asks it to end, as a kubelet does.
func (p *Process) Signal(t testing.TB) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("signalling the binary: %v", err)
	}
}

// Kill ends it as a crash would, and waits for the end.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	if err := p.command.Process.Kill(); err != nil {
		t.Fatalf("killing the binary: %v", err)
	}
	<-p.ended
}

// Ended is closed when it has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Exit waits until it has ended and returns its code, -1 if a signal ended it. The test
// fails if it is still running after that time.
func (p *Process) Exit(t testing.TB, within time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("still running after %s", within)
	}
	var failed *exec.ExitError
	if p.failure != nil && !errors.As(p.failure, &failed) {
		t.Fatalf("waiting for the binary: %v", p.failure)
	}
	return p.command.ProcessState.ExitCode()
}

// output collects what a process prints. It is read meanwhile.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(text)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
