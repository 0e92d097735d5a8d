// SPDX-License-Identifier: Apache-2.0

package installation_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"karpenter.sh/test/internal/installation"
)

// cluster writes the state of a cluster and returns the path of its kubeconfig.
func cluster(t *testing.T, state string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "bin", "clusters", "mine")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(state), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "kubeconfig")
}

func find(t *testing.T, kubeconfig, metricsURL string) *installation.Installation {
	t.Helper()
	found, err := installation.Find(kubeconfig, metricsURL)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFindLocal(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("one\ntwo\nthree\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	found := find(t, cluster(t, fmt.Sprintf(`{"name":"mine","auditLog":"audit","controller":{"log":%q,"metricsURL":"http://here"}}`, log)), "http://ignored")
	if got := found.AuditLog(); got != "audit" {
		t.Errorf("the audit log is %q", got)
	}
	if url, err := found.MetricsURL(); err != nil || url != "http://here" || !found.Local() {
		t.Errorf("metrics at %q, %v; local %v", url, err, found.Local())
	}
	if got := found.LogTail(2); got != "two\nthree" {
		t.Errorf("the log ends with %q", got)
	}
}

func TestFindElsewhere(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if _, err := installation.Find(kubeconfig, ""); !errors.Is(err, installation.ErrNotLocal) {
		t.Errorf("without an address of the metrics: %v", err)
	}
	found := find(t, kubeconfig, "http://there")
	if url, err := found.MetricsURL(); err != nil || url != "http://there" || found.Local() {
		t.Errorf("metrics at %q, %v; local %v", url, err, found.Local())
	}
	if err := found.Kill(context.Background()); !errors.Is(err, installation.ErrNotLocal) {
		t.Errorf("killing what runs elsewhere: %v", err)
	}
}

// A Deployment in a cluster of kind has metrics and requests on record, and no process that
// could be killed: process 0 would be all of this test's group.
func TestFindInKind(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	found := find(t, cluster(t, fmt.Sprintf(`{"name":"mine","runtime":"kind","auditLog":"audit","controller":{"metricsURL":"http://here","probeURL":%q}}`, server.URL)), "")
	if url, err := found.MetricsURL(); err != nil || url != "http://here" || found.Local() || found.AuditLog() != "audit" || found.PID() != 0 {
		t.Errorf("metrics at %q, %v; local %v, process %d", url, err, found.Local(), found.PID())
	}
	if err := found.Kill(context.Background()); !errors.Is(err, installation.ErrNotLocal) {
		t.Errorf("killing what is no process: %v", err)
	}
	processless := find(t, cluster(t, fmt.Sprintf(`{"name":"mine","controller":{"probeURL":%q}}`, server.URL)), "")
	if err := processless.Kill(context.Background()); err == nil {
		t.Error("killed a process that is not on record")
	}
}

func TestWithoutController(t *testing.T) {
	found := find(t, cluster(t, `{"name":"mine"}`), "")
	if _, err := found.MetricsURL(); err == nil {
		t.Error("metrics of a controller that does not run")
	}
	if err := found.Kill(context.Background()); err == nil {
		t.Error("killed a controller that does not run")
	}
}

// A process ID on record may belong to somebody else by now: it is signalled
// only if the controller's own probe answers.
func TestKillAsksTheProbeFirst(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	state := fmt.Sprintf(`{"name":"mine","controller":{"process":{"pid":%d},"probeURL":%q}}`, os.Getpid(), server.URL)
	if err := find(t, cluster(t, state), "").Kill(context.Background()); err == nil {
		t.Error("no error for a controller that does not answer")
	}
}

func TestEnsureLeavesARunningControllerAlone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	state := fmt.Sprintf(`{"name":"mine","controller":{"probeURL":%q,"env":["A=old","A=1","B=2"]}}`, server.URL)
	if err := find(t, cluster(t, state), "").Ensure(context.Background(), "A=1"); err != nil {
		t.Errorf("restarted, although the setting is in force: %v", err)
	}
}
