// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/operator/election"
	"karpenter.sh/core/operator/options"
)

// renewed is a lock that can always be renewed.
type renewed struct{ resourcelock.Interface }

func (renewed) Identity() string { return "me" }

func (renewed) Update(context.Context, resourcelock.LeaderElectionRecord) error { return nil }

// OPS-013, OPS-047, OPS-059: the clients of another cluster have the name of the process,
// the limit that was set, and write nothing once the lease is lost.
func TestOtherCluster(t *testing.T) {
	agents := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agents <- r.UserAgent() }))
	defer server.Close()
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	fence := election.NewFence(clock)
	clients := newClients(options.Options{KubeClientQPS: 7, KubeClientBurst: 9}, build{version: "1.2.3"})
	clients.fence = fence

	given := &rest.Config{Host: server.URL, UserAgent: "theirs"}
	config := clients.Config(given)
	if config.RateLimiter.QPS() != 7 || config.RateLimiter == clients.Config(given).RateLimiter {
		t.Errorf("the limit is %v, and may be shared with another cluster", config.RateLimiter.QPS())
	}
	if given.UserAgent != "theirs" || given.RateLimiter != nil || given.WrapTransport != nil {
		t.Errorf("what was given is %+v now", given)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	send := func(method string) error {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}

	if err := fence.Observe(renewed{}).Update(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: "me"}); err != nil {
		t.Fatal(err)
	}
	if err := send(http.MethodPatch); err != nil {
		t.Errorf("a leader cannot write: %v", err)
	}
	if got := <-agents; got != "karpenter/1.2.3" {
		t.Errorf("user agent %q", got)
	}
	clock.Step(time.Minute)
	if err := send(http.MethodPatch); !errors.Is(err, election.ErrNotLeading) {
		t.Errorf("who lost the lease writes: %v", err)
	}
	if err := send(http.MethodGet); err != nil {
		t.Errorf("who lost the lease cannot read: %v", err)
	}
}
