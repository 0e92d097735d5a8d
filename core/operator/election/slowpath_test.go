// SPDX-License-Identifier: Apache-2.0

package election_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/operator/election"
)

// leases is an API server that keeps one Lease.
func leases(t *testing.T) *httptest.Server {
	t.Helper()
	var kept []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost || r.Method == http.MethodPut {
			kept, _ = io.ReadAll(r.Body)
		}
		w.Header().Set("Content-Type", r.Header.Get("Accept"))
		_, _ = w.Write(kept)
	}))
	t.Cleanup(server.Close)
	return server
}

// OPS-300: the slow path is a leader's renewal that read the lease first.
func TestSlowPath(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	e, err := election.New(election.Options{
		Namespace: "default", Name: "lease", Clock: clocktesting.NewFakeClock(start), Registerer: registry,
		Cluster: &rest.Config{Host: leases(t).URL, ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lock := e.Lock()
	held := resourcelock.LeaderElectionRecord{HolderIdentity: lock.Identity(), LeaseDurationSeconds: 15}
	released := resourcelock.LeaderElectionRecord{LeaseDurationSeconds: 1}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func() {
		_, _, err := lock.Get(t.Context())
		must(err)
	}
	must(lock.Create(t.Context(), held))
	for _, step := range []struct {
		why  string
		do   func()
		want float64
	}{
		{"a renewal", func() { must(lock.Update(t.Context(), held)) }, 0},
		{"a renewal after reading the own lease", func() { read(); must(lock.Update(t.Context(), held)) }, 1},
		{"the next renewal", func() { must(lock.Update(t.Context(), held)) }, 1},
		{"giving it up", func() { read(); must(lock.Update(t.Context(), released)) }, 1},
		{"taking a lease that nobody holds", func() { read(); must(lock.Update(t.Context(), held)) }, 1},
	} {
		step.do()
		series, err := testutil.GatherAndCount(registry, "leader_election_slowpath_total")
		if err != nil || series != 1 {
			t.Fatalf("%s: %d series, %v", step.why, series, err)
		}
		all, err := registry.Gather()
		must(err)
		if got := all[0].GetMetric()[0].GetCounter().GetValue(); got != step.want {
			t.Errorf("%s: counted %v, want %v", step.why, got, step.want)
		}
	}
}
