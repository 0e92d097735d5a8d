// SPDX-License-Identifier: Apache-2.0

package environment_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/onsi/gomega"

	"karpenter.sh/test/internal/environment"
	"karpenter.sh/test/internal/installation"
)

// OPS-266: a controller that is another process than when the test began fails it, and so
// does one that does not answer; a restart that the test wanted does not.
func TestExpectSameProcess(t *testing.T) {
	var started atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %d\n", started.Load())
	}))
	defer server.Close()
	karpenter, err := installation.Find(filepath.Join(t.TempDir(), "kubeconfig"), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	e := &environment.Environment{Karpenter: karpenter}
	failed := func() bool {
		return len(gomega.InterceptGomegaFailures(func() { e.ExpectSameProcess(t.Context()) })) > 0
	}
	started.Store(1)
	gomega.RegisterTestingT(t)
	e.Begin(t.Context(), false)
	if failed() {
		t.Error("it is the same process")
	}
	started.Store(2)
	if !failed() {
		t.Error("it is another process")
	}
	e.Restarted(t.Context())
	if failed() {
		t.Error("the test restarted it")
	}
	server.Close()
	if !failed() {
		t.Error("it does not answer")
	}
}
