// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/operator"
	"karpenter.sh/core/operator/election"
	"karpenter.sh/core/operator/options"
)

// The test binary is also the binary under test: with asBinary set it runs Main
// with the in-memory provider. The other variables change that provider.
const (
	asBinary   = "OPERATOR_TEST_BINARY"
	badLabel   = "OPERATOR_TEST_BAD_LABEL"
	neverEnds  = "OPERATOR_TEST_NEVER_ENDS"
	fails      = "OPERATOR_TEST_FAILS"
	noPolicies = "OPERATOR_TEST_NO_REPAIR_POLICIES"
)

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		operator.Main(config())
	}
	os.Exit(m.Run())
}

// config is what a provider's main function passes on.
func config() operator.Config {
	var greeting string
	return operator.Config{
		Name:        "karpenter-fake",
		Version:     "1.2.3",
		AddToScheme: v1alpha1.AddToScheme,
		DeclareOptions: func(s *options.Set) {
			s.String(&greeting, options.Option[string]{Name: "fake-greeting", Env: "FAKE_GREETING", Usage: "Unused."})
		},
		Lease: func(context.Context, *rest.Config) (election.Settings, error) {
			return election.Settings{Labels: map[string]string{"app": "fake"}}, nil
		},
		NewProvider: newProvider,
	}
}

func newProvider(_ context.Context, s operator.Setup) (operator.Provider, error) {
	types := fake.DefaultInstanceTypes()
	if os.Getenv(badLabel) != "" {
		types = append(types, fake.NewInstanceType(fake.TypeSpec{Name: "odd", CPU: 1, Labels: map[string]string{"example.com/odd": "x"}}))
	}
	cloud := fake.New(fake.Options{Clock: s.Clock, InstanceTypes: types})
	if os.Getenv(noPolicies) != "" {
		cloud.SetRepairPolicies()
	}
	controllers := []operator.Controller{operator.NodeClassStatus[*v1alpha1.TestNodeClass](s)}
	if os.Getenv(neverEnds) != "" {
		controllers = append(controllers, stubborn{})
	}
	if os.Getenv(fails) != "" {
		controllers = append(controllers, &failing{})
	}
	catalogue := func(ctx context.Context) ([]*cloudprovider.InstanceType, error) {
		return cloud.GetInstanceTypes(ctx, &v1.NodePool{})
	}
	return operator.Provider{CloudProvider: cloud, Catalogue: catalogue, Controllers: controllers}, nil
}

// stubborn is work that no shutdown ends.
type stubborn struct{}

// stubbornBegan is what the process prints when that work has begun.
const stubbornBegan = "stubborn work has begun"

func (stubborn) Register(_ context.Context, m manager.Manager) error {
	return m.Add(manager.RunnableFunc(func(context.Context) error {
		fmt.Println(stubbornBegan)
		select {}
	}))
}

// failing is a controller that panics, then fails, then works.
type failing struct{ calls int }

func (f *failing) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).Named("failing").For(&v1alpha1.TestNodeClass{}).Complete(f)
}

func (f *failing) Reconcile(context.Context, reconcile.Request) (reconcile.Result, error) {
	switch f.calls++; f.calls {
	case 1:
		panic("what a surprise")
	case 2:
		return reconcile.Result{}, errors.New("it does not work")
	}
	return reconcile.Result{}, nil
}

// binary is a running process.
type binary struct {
	*exec.Cmd
	metrics, probes int
	ended           chan error

	mu     sync.Mutex
	output bytes.Buffer
}

// Write collects what the process prints.
func (b *binary) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.output.Write(p)
}

func (b *binary) printed() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.output.String()
}

// run starts the binary with free ports; set are further variables.
func run(t *testing.T, args []string, set ...string) *binary {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := &binary{Cmd: exec.Command(self, args...), metrics: freePort(t), probes: freePort(t), ended: make(chan error, 1)}
	b.Stdout, b.Stderr = b, b
	b.Env = append([]string{
		asBinary + "=1", "HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"),
		fmt.Sprintf("METRICS_PORT=%d", b.metrics), fmt.Sprintf("HEALTH_PROBE_PORT=%d", b.probes),
	}, set...)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { b.ended <- b.Wait() }()
	t.Cleanup(func() {
		_ = b.Process.Kill()
		if t.Failed() {
			t.Logf("the binary printed\n%s", b.printed())
		}
	})
	return b
}

// exit waits for the end of the process and returns its code.
func (b *binary) exit(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case err := <-b.ended:
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		return b.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("still running after %s", within)
		return 0
	}
}

func (b *binary) signal(t *testing.T) {
	t.Helper()
	if err := b.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// get returns the status and the body of an endpoint, and 0 if it cannot be
// reached.
func get(port int, path string, header ...string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://localhost:%d%s", port, path), nil)
	if err != nil {
		return 0, err.Error()
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, strings.TrimSpace(string(body))
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

// eventually fails the test unless a condition comes to hold; it returns what is
// wrong, or nothing.
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
		time.Sleep(100 * time.Millisecond)
	}
}
