// SPDX-License-Identifier: Apache-2.0

package election_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/flowcontrol"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/operator/election"
)

var start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// lock is a lock in memory; fails makes its writes fail, holder is whom it names.
type lock struct {
	resourcelock.Interface
	fails  bool
	holder string
}

func (l *lock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	return &resourcelock.LeaderElectionRecord{HolderIdentity: l.holder}, nil, l.err()
}

func (l *lock) Identity() string { return "me" }

func (l *lock) Create(context.Context, resourcelock.LeaderElectionRecord) error { return l.err() }

func (l *lock) Update(context.Context, resourcelock.LeaderElectionRecord) error { return l.err() }

func (l *lock) err() error {
	if l.fails {
		return errors.New("no answer")
	}
	return nil
}

// fixture is a fence with a lock and a server behind it.
type fixture struct {
	clock  *clocktesting.FakeClock
	lock   *lock
	fence  *election.Fence
	cloud  *fake.Provider
	guard  cloudprovider.CloudProvider
	seen   resourcelock.Interface
	client http.Client
	url    string
}

func setup(t *testing.T) *fixture {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	f := &fixture{clock: clocktesting.NewFakeClock(start), lock: &lock{}, url: server.URL}
	f.fence = election.NewFence(f.clock)
	f.seen = f.fence.Observe(f.lock)
	f.client.Transport = f.fence.Wrap(http.DefaultTransport)
	f.cloud = fake.New(fake.Options{Clock: f.clock})
	f.guard = f.fence.Provider(f.cloud)
	return f
}

// send reports whether a request passes.
func (f *fixture) send(t *testing.T, method string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, f.url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := f.client.Do(request)
	if err != nil {
		if !errors.Is(err, election.ErrNotLeading) {
			t.Fatal(err)
		}
		return false
	}
	_ = response.Body.Close()
	return true
}

// renew writes the lease in the name of a holder.
func (f *fixture) renew(t *testing.T, holder string) {
	t.Helper()
	_ = f.seen.Update(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: holder})
}

// look reads the lease, which names a holder.
func (f *fixture) look(t *testing.T, holder string) {
	t.Helper()
	f.lock.holder = holder
	if _, _, err := f.seen.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// testCloud expects calls that change the cloud to reach it or not, and the
// others always.
func (f *fixture) testCloud(t *testing.T, passes bool) {
	t.Helper()
	nodeClaim := &v1.NodeClaim{}
	_, created := f.guard.Create(t.Context(), nodeClaim)
	deleted := f.guard.Delete(t.Context(), nodeClaim)
	for call, err := range map[string]error{"Create": created, "Delete": deleted} {
		if errors.Is(err, election.ErrNotLeading) == passes {
			t.Errorf("%s of the provider: %v", call, err)
		}
	}
	if calls := len(f.cloud.Calls("Create")) + len(f.cloud.Calls("Delete")); passes != (calls == 2) || !passes && calls > 0 {
		t.Errorf("%d calls reached the cloud", calls)
	}
	if _, err := f.guard.List(t.Context()); err != nil {
		t.Errorf("List does not pass: %v", err)
	}
}

func (f *fixture) after(d time.Duration) { f.clock.SetTime(start.Add(d)) }

// OPS-059, LIF-270
func TestFence(t *testing.T) {
	tests := []struct {
		name   string
		story  func(*testing.T, *fixture)
		passes bool
	}{
		{"before the first renewal", func(*testing.T, *fixture) {}, true},
		{"while leading", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.after(11 * time.Second) }, true},
		{"the loss is seen by now", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.after(12 * time.Second) }, false},
		{"a renewal counts from its beginning", func(t *testing.T, f *fixture) {
			f.renew(t, "me")
			f.after(10 * time.Second)
			f.renew(t, "me")
			f.after(21 * time.Second)
		}, true},
		{"a renewal that fails does not count", func(t *testing.T, f *fixture) {
			f.renew(t, "me")
			f.after(10 * time.Second)
			f.lock.fails = true
			f.renew(t, "me")
			f.after(13 * time.Second)
		}, false},
		{"after the lease was given up", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.renew(t, "") }, false},
		{"even if nobody knows whether it was", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.lock.fails = true; f.renew(t, "") }, false},
		{"who never led and gives nothing up", func(t *testing.T, f *fixture) { f.renew(t, "") }, true},
		{"another holder was seen", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.look(t, "thief") }, false},
		{"this replica itself was seen", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.look(t, "me") }, true},
		{"nobody was seen to hold it", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.look(t, "") }, true},
		{"who never led sees who leads", func(t *testing.T, f *fixture) { f.look(t, "other") }, true},
		{"leading began with a new lease", func(t *testing.T, f *fixture) {
			_ = f.seen.Create(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: "me"})
			f.after(20 * time.Second)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := setup(t)
			tt.story(t, f)
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
				if got := f.send(t, method); got != tt.passes {
					t.Errorf("%s passes: %t", method, got)
				}
			}
			if !f.send(t, http.MethodGet) {
				t.Error("GET does not pass")
			}
			f.testCloud(t, tt.passes)
		})
	}
}

// OPS-059: the process ends as soon as the lease is lost, and only then.
func TestAwaitLoss(t *testing.T) {
	tests := []struct {
		name  string
		story func(*testing.T, *fixture)
		lost  bool
	}{
		{"before leading", func(_ *testing.T, f *fixture) { f.clock.Step(time.Hour) }, false},
		{"while leading", func(t *testing.T, f *fixture) {
			for range 100 {
				f.renew(t, "me")
				f.clock.Step(2 * time.Second)
			}
		}, false},
		{"no renewal for too long, or the process was stopped", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.clock.Step(18 * time.Second) }, true},
		{"another holder is seen", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.look(t, "thief") }, true},
		{"it was given up", func(t *testing.T, f *fixture) { f.renew(t, "me"); f.renew(t, ""); f.clock.Step(time.Hour) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := setup(t)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- f.fence.AwaitLoss(ctx) }()
			for !f.clock.HasWaiters() {
				runtime.Gosched()
			}
			tt.story(t, f)
			if !tt.lost {
				for !f.clock.HasWaiters() && len(ended) == 0 { // it looked again
					runtime.Gosched()
				}
				cancel()
			}
			if err := <-ended; errors.Is(err, election.ErrNotLeading) != tt.lost {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNamespace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "namespace")
	if err := os.WriteFile(file, []byte("kube-system\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, namespace, file, want string }{
		{"OPS-020: the one that was set", "karpenter", file, "karpenter/lease"},
		{"OPS-057: the pod's own", "", file, "kube-system/lease"},
		{"OPS-057: none", "", file + ".missing", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := election.New(election.Options{
				Namespace: tt.namespace, NamespaceFile: tt.file, Name: "lease",
				Cluster: &rest.Config{Host: "localhost:1"}, Clock: clocktesting.NewFakeClock(start), Registerer: prometheus.NewRegistry(),
			})
			if tt.want == "" {
				if err == nil || !strings.Contains(err.Error(), "--leader-election-namespace") {
					t.Errorf("error %v does not ask for the namespace", err)
				}
				return
			}
			if err != nil || e.Lock().Describe() != tt.want {
				t.Errorf("got %v, %v", e, err)
			}
		})
	}
}

// OPS-047: requests about the lease do not wait for those of the main client.
func TestClient(t *testing.T) {
	var agents []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agents = append(agents, r.UserAgent()) }))
	defer server.Close()
	busy := flowcontrol.NewTokenBucketRateLimiter(0.001, 1)
	busy.Accept()
	e, err := election.New(election.Options{
		Namespace: "default", Name: "lease", Clock: clocktesting.NewFakeClock(start), Registerer: prometheus.NewRegistry(),
		Cluster: &rest.Config{Host: server.URL, UserAgent: "karpenter/1.2.3", QPS: 0.001, Burst: 1, RateLimiter: busy},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 20 {
		if _, _, err := e.Lock().Get(ctx); ctx.Err() != nil {
			t.Fatalf("throttled: %v", err)
		}
	}
	for _, agent := range agents {
		if agent != "karpenter/1.2.3/leader-election" {
			t.Fatalf("user agent %q", agent)
		}
	}
}

// OPS-058: a provider may keep the lease in another cluster.
func TestOtherCluster(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	e, err := election.New(election.Options{
		Namespace: "default", Name: "lease", Clock: clocktesting.NewFakeClock(start), Registerer: prometheus.NewRegistry(),
		Cluster:  &rest.Config{Host: "localhost:1"},
		Settings: election.Settings{Cluster: &rest.Config{Host: server.URL}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Lock().Get(t.Context()); !asked {
		t.Errorf("the other cluster was not asked: %v", err)
	}
}
