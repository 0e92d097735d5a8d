// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"karpenter.sh/core/testkit/binary"
)

const leaseName = "karpenter-leader-election"

// holder returns who holds the lease; empty if nobody does.
func (s *server) holder(t *testing.T) string {
	t.Helper()
	lease, err := s.client.CoordinationV1().Leases("default").Get(t.Context(), leaseName, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	return ptr.Deref(lease.Spec.HolderIdentity, "")
}

func (s *server) awaitHolder(t *testing.T, within time.Duration, other string) string {
	t.Helper()
	var holder string
	binary.Eventually(t, within, func() string {
		if holder = s.holder(t); holder == "" || holder == other {
			return fmt.Sprintf("the lease is held by %q", holder)
		}
		return ""
	})
	return holder
}

func awaitReady(t *testing.T, b *binary.Process) {
	t.Helper()
	binary.Eventually(t, 30*time.Second, func() string {
		if status, body := binary.Get(b.Probes, "/readyz"); status != 200 || body != "ok" {
			return fmt.Sprintf("/readyz: %d %s", status, body)
		}
		return ""
	})
}

// TestReplicas follows two replicas from start to hand-over.
func TestReplicas(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	first := s.replica(t, "MEMORY_LIMIT=1000000001", "ENABLE_PROFILING=true", "LOG_LEVEL=debug", "SOME_TOKEN="+untold, `SCHEDULER_CONFIG={"podTopologySpread":{"defaultConstraints":[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"ScheduleAnyway"}]}}`)
	awaitReady(t, first)
	leader := s.awaitHolder(t, 20*time.Second, "")
	standby := s.replica(t, "DISABLE_CONTROLLER_WARMUP=false", "FEATURE_GATES=NodeRepair=true", noPolicies+"=true")
	awaitReady(t, standby) // OPS-061

	t.Run("probes", func(t *testing.T) { testProbes(t, first) })
	t.Run("metrics", func(t *testing.T) { testMetrics(t, first, standby) })
	t.Run("profiling", func(t *testing.T) { testProfiling(t, first, standby) })
	t.Run("lease", func(t *testing.T) { testLease(t, s, leader) })
	t.Run("log", func(t *testing.T) { testLog(t, first) })
	t.Run("EXT-138, OPS-034: no node repair by default", func(t *testing.T) { testNoRepair(t, first, false) })
	t.Run("OPS-062: warmup", func(t *testing.T) { testWarmup(t, s, first, standby) })

	// OPS-060, OPS-265, LIF-270: the standby, which says that it is ready, takes over
	// within a retry period, which jitter makes up to 4.4 s long.
	first.Signal(t)
	if code := first.Exit(t, 35*time.Second); code != 0 {
		t.Errorf("OPS-060: exit code %d after a signal", code)
	}
	for line := range strings.Lines(first.Printed()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			t.Errorf("OPS-288: an error in a life without one: %s", line)
		}
	}
	next := s.awaitHolder(t, 6*time.Second, leader)
	t.Run("events", func(t *testing.T) { testLeaderEvents(t, s, leader, next) })
	binary.Eventually(t, 5*time.Second, func() string { return missing(standby, `leader_election_master_status{name="`+leaseName+`"} 1`) })
	t.Run("EXT-138, CP-038: no node repair without policies", func(t *testing.T) { testNoRepair(t, standby, true) })
}

// testNoRepair expects that node repair does not run, and that the log says so if it was
// asked for.
func testNoRepair(t *testing.T, b *binary.Process, asked bool) {
	const workers = "controller_runtime_max_concurrent_reconciles"
	binary.Eventually(t, 10*time.Second, func() string { return missing(b, workers+`{controller="nodeclaim.expiration"}`) })
	if missing(b, workers+`{controller="node.health"}`) == "" {
		t.Error("it runs")
	}
	if said := strings.Contains(b.Printed(), "feature gate NodeRepair has no effect"); said != asked {
		t.Errorf("the log says so: %t", said)
	}
}

func testProbes(t *testing.T, b *binary.Process) {
	tests := []struct {
		id, path string
		status   int
		body     string
	}{
		{"OPS-066", "/healthz", 200, "ok"},
		{"OPS-066", "/healthz/healthz", 200, "ok"},
		{"OPS-067", "/readyz/readyz", 200, "ok"},
		{"OPS-068", "/readyz/manager", 200, "ok"},
		{"OPS-069", "/readyz/crd", 200, "ok"},
		{"OPS-070", "/readyz?verbose", 200, "[+]crd ok\n[+]manager ok\n[+]readyz ok\nhealthz check passed"},
		{"OPS-070", "/readyz?verbose&exclude=crd", 200, "[+]crd excluded: ok\n[+]manager ok\n[+]readyz ok\nhealthz check passed"},
		{"OPS-070", "/readyz/other", 404, "404 page not found"},
	}
	for _, tt := range tests {
		if status, body := binary.Get(b.Probes, tt.path); status != tt.status || body != tt.body {
			t.Errorf("%s: %s gives %d %q", tt.id, tt.path, status, body)
		}
	}
}

// missing returns which lines the metrics of a binary lack.
func missing(b *binary.Process, lines ...string) string {
	status, body := binary.Get(b.Metrics, "/metrics")
	if status != 200 {
		return fmt.Sprintf("/metrics: %d", status)
	}
	for _, line := range lines {
		if !strings.Contains("\n"+body+"\n", "\n"+line) {
			return "no metric " + line
		}
	}
	return ""
}

func testMetrics(t *testing.T, leader, standby *binary.Process) {
	binary.Eventually(t, 10*time.Second, func() string {
		return missing(leader,
			`karpenter_build_info{commit="unknown",goarch=`,                                                             // OPS-090
			`client_go_request_duration_seconds_bucket{group="coordination.k8s.io",kind="leases",subresource="",verb="`, // OPS-155, OPS-165
			`client_go_request_total{code="200",method="GET"}`,                                                          // OPS-156
			`leader_election_master_status{name="karpenter-leader-election"} 1`,                                         // OPS-163
			`go_gc_gomemlimit_bytes 9e+08`,                                                                              // OPS-049
			`process_resident_memory_bytes`, `process_cpu_seconds_total`, `go_goroutines`,                               // OPS-164
		)
	})
	if wrong := missing(standby, "karpenter_build_info"); wrong != "" {
		t.Errorf("OPS-065: a standby serves %s", wrong)
	}
	if wrong := missing(standby, `leader_election_master_status{name="karpenter-leader-election"} 0`); wrong != "" {
		t.Errorf("OPS-163: a standby serves %s", wrong)
	}
	_, body := binary.Get(leader.Metrics, "/metrics", "Accept", "application/openmetrics-text")
	if !strings.HasSuffix(body, "# EOF") {
		t.Error("OPS-065: no OpenMetrics")
	}
}

func testProfiling(t *testing.T, on, off *binary.Process) {
	for _, path := range []string{"", "cmdline", "symbol", "allocs", "heap", "block", "goroutine", "threadcreate", "profile?seconds=1", "trace?seconds=1"} {
		if status, _ := binary.Get(on.Metrics, "/debug/pprof/"+path); status != 200 {
			t.Errorf("OPS-071: %q gives %d", path, status)
		}
		if status, _ := binary.Get(off.Metrics, "/debug/pprof/"+path); status != 404 {
			t.Errorf("OPS-071: %q gives %d with profiling off", path, status)
		}
	}
}

func testLease(t *testing.T, s *server, leader string) {
	lease, err := s.client.CoordinationV1().Leases("default").Get(t.Context(), leaseName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := *lease.Spec.LeaseDurationSeconds; got != 15 {
		t.Errorf("OPS-055: the lease lasts %d s", got)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^` + regexp.QuoteMeta(host) + `_[0-9a-f-]{36}$`).MatchString(leader) {
		t.Errorf("OPS-056: the holder is %q", leader)
	}
	if lease.Labels["app"] != "fake" {
		t.Errorf("OPS-058: the lease has labels %v", lease.Labels)
	}
}

// untold is the value of a variable that is none of Karpenter's business.
const untold = "never-to-be-told"

// testLog proves that libraries log like we do.
func testLog(t *testing.T, b *binary.Process) {
	if strings.Contains(b.Printed(), untold) {
		t.Error("OPS-080: the environment is in the log")
	}
	messages := map[string]bool{}
	for line := range strings.Lines(b.Printed()) {
		var record struct{ Level, Time, Logger, Caller, Message string }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Level == "" || !strings.HasPrefix(record.Logger, "controller") || record.Caller == "" {
			t.Errorf("OPS-072, OPS-073: %s", line)
		}
		messages[record.Level+" "+record.Message] = true
	}
	for id, message := range map[string]string{
		"OPS-045": "INFO using default topology spread constraints",
		"OPS-073": "INFO Successfully acquired lease", // of client-go
		"OPS-083": "DEBUG discovered karpenter version",
		"OPS-287": "INFO starting karpenter",
	} {
		if !messages[message] {
			t.Errorf("%s: no record %q", id, message)
		}
	}
}

// testWarmup expects a standby to know of what there is, and to leave it alone.
func testWarmup(t *testing.T, s *server, leader, standby *binary.Process) {
	create(t, s.typed(t), newPool("warm"))
	binary.Eventually(t, 20*time.Second, func() string {
		if wrong := missing(leader, `controller_runtime_reconcile_total{controller="nodepool.counter",result="requeue_after"} `); wrong != "" {
			return wrong
		}
		if _, body := binary.Get(standby.Metrics, "/metrics"); !regexp.MustCompile(`workqueue_depth{controller="nodepool.counter",name="nodepool.counter",priority="[-0-9]*"} 1`).MatchString(body) {
			return "the standby does not know of the pool"
		}
		return ""
	})
	_, body := binary.Get(standby.Metrics, "/metrics")
	if reconciled := regexp.MustCompile(`controller_runtime_reconcile_total{.*} [1-9]`).FindString(body); reconciled != "" {
		t.Errorf("a standby worked: %s", reconciled)
	}
}

// OPS-199
func testLeaderEvents(t *testing.T, s *server, before, after string) {
	binary.Eventually(t, 5*time.Second, func() string {
		events, err := s.client.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err.Error()
		}
		found := map[string]bool{}
		for _, e := range events.Items {
			if e.Reason == "LeaderElection" && e.Type == "Normal" && e.Source.Component == "karpenter" && e.InvolvedObject.Kind == "Lease" && e.InvolvedObject.Name == leaseName {
				found[e.Message] = true
			}
		}
		for _, want := range []string{before + " became leader", before + " stopped leading", after + " became leader"} {
			if !found[want] {
				return fmt.Sprintf("no event %q among %v", want, found)
			}
		}
		return ""
	})
}

// OPS-059: a replica whose lease was taken ends with an error.
func TestLostLease(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	b := s.replica(t)
	s.awaitHolder(t, 20*time.Second, "")
	binary.Eventually(t, 5*time.Second, func() string {
		lease, err := s.client.CoordinationV1().Leases("default").Get(t.Context(), leaseName, metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		lease.Spec = coordinationv1.LeaseSpec{
			HolderIdentity: ptr.To("thief"), LeaseDurationSeconds: ptr.To[int32](300),
			AcquireTime: ptr.To(metav1.NowMicro()), RenewTime: ptr.To(metav1.NowMicro()),
		}
		if _, err := s.client.CoordinationV1().Leases("default").Update(t.Context(), lease, metav1.UpdateOptions{}); err != nil {
			return err.Error()
		}
		return ""
	})
	// Sooner than the renewal that fails would end it.
	if code := b.Exit(t, 8*time.Second); code == 0 {
		t.Error("exit code 0")
	}
	if got := s.holder(t); got != "thief" {
		t.Errorf("the lease is held by %q", got)
	}
}

// OPS-060: the second signal ends a process that waits for work.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t)
	b := s.replica(t, neverEnds+"=1", "DISABLE_LEADER_ELECTION=true")
	// Ready comes before the controllers start, so that is no sign of work.
	binary.Eventually(t, 30*time.Second, func() string {
		if !strings.Contains(b.Printed(), stubbornBegan) {
			return "no work has begun"
		}
		return ""
	})
	b.Signal(t)
	time.Sleep(2 * time.Second)
	select {
	case <-b.Ended():
		t.Fatal("the first signal did not wait for running work")
	default:
	}
	b.Signal(t)
	if code := b.Exit(t, 10*time.Second); code == 0 {
		t.Error("exit code 0")
	}
}

// CP-006: an instance type with a label that no pool could use.
func TestUnusableInstanceType(t *testing.T) {
	t.Parallel()
	b := startServer(t).replica(t, badLabel+"=1")
	if code := b.Exit(t, 20*time.Second); code == 0 || !strings.Contains(b.Printed(), "example.com/odd") {
		t.Errorf("exit code %d", code)
	}
}

// OPS-063, LIF-273
func TestMissingDefinitions(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b := s.replica(t)
	var body string
	binary.Eventually(t, 20*time.Second, func() string {
		var status int
		if status, body = binary.Get(b.Probes, "/readyz"); status != 503 {
			return fmt.Sprintf("/readyz: %d %s", status, body)
		}
		return ""
	})
	if !strings.Contains(body, "[-]crd failed: reason withheld") {
		t.Errorf("OPS-069: %s", body)
	}
	if status, body := binary.Get(b.Probes, "/readyz/crd"); status != 503 || strings.Contains(body, "NodePool") {
		t.Errorf("OPS-070: /readyz/crd gives %d %q", status, body)
	}
	if log := b.Printed(); !strings.Contains(log, "failed to set up an index") || !strings.Contains(log, "does not serve NodePool.karpenter.sh/v1") {
		t.Error("OPS-063, OPS-070: the log does not say what is missing")
	}
	if wrong := missing(b, "karpenter_build_info"); wrong != "" {
		t.Error("OPS-065:", wrong)
	}
	s.define(t)
	awaitReady(t, b)
	binary.Eventually(t, 10*time.Second, func() string {
		return missing(b, `controller_runtime_max_concurrent_reconciles{controller="operatorpkg.nodepool.status"} 10`)
	})
	b.Signal(t)
	if code := b.Exit(t, 35*time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// OPS-064, OPS-042: a definition that a gate brings along is waited for with the gate, and
// not missed without.
func TestGatedDefinitions(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.define(t, "NodeOverlay")
	awaitReady(t, s.replica(t, "DISABLE_LEADER_ELECTION=true"))
	gated := s.replica(t, "DISABLE_LEADER_ELECTION=true", "FEATURE_GATES=NodeOverlay=true")
	binary.Eventually(t, 20*time.Second, func() string {
		if log := gated.Printed(); !strings.Contains(log, "waiting for custom resource definitions") || !strings.Contains(log, "does not serve NodeOverlay.karpenter.sh/v1alpha1") {
			return "the log does not say what is missing"
		}
		return ""
	})
	if missing(gated, "controller_runtime_max_concurrent_reconciles") == "" {
		t.Error("controllers run without the definition")
	}
	s.define(t)
	binary.Eventually(t, 30*time.Second, func() string {
		return missing(gated, `controller_runtime_max_concurrent_reconciles{controller="provisioner"}`)
	})
}
