// SPDX-License-Identifier: Apache-2.0

package meter_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/scrape"
)

func metrics(cpu, memory, gets, posts int) string {
	return fmt.Sprintf(`
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total %d
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes %d
# TYPE client_go_request_total counter
client_go_request_total{code="200",method="GET"} %d
client_go_request_total{code="404",method="GET"} 1
client_go_request_total{code="201",method="POST"} %d
`, cpu, memory, gets, posts)
}

func snapshot(t *testing.T, text string, at time.Time) scrape.Snapshot {
	t.Helper()
	s, err := scrape.Parse(strings.NewReader(text), at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBetween(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	from, to := snapshot(t, metrics(3, 50, 10, 7), start), snapshot(t, metrics(5, 70, 14, 7), start.Add(4*time.Second))
	got, err := meter.Between(from, to)
	if err != nil {
		t.Fatal(err)
	}
	if got.CPU != 2*time.Second || got.Cores() != 0.5 || got.PeakMemory != 70 {
		t.Errorf("got %+v", got)
	}
	if !maps.Equal(got.Requests, map[string]int{"GET": 4}) {
		t.Errorf("requests %v: only those that came are told, by method", got.Requests)
	}
	if _, err := meter.Between(to, from); !errors.Is(err, meter.ErrRestarted) {
		t.Errorf("of another process: %v", err)
	}
}

func TestMeterAsksTwiceWhereTheSystemTellsTheMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("this system does not tell of processes:", err)
	}
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, metrics(int(asked.Add(1)), 1, 1, 1))
	}))
	defer server.Close()
	m := meter.Start(t.Context(), meter.Process{MetricsURL: server.URL, PID: os.Getpid()})
	got, err := m.Stop()
	if err != nil || got.CPU != time.Second || asked.Load() != 2 {
		t.Errorf("got %+v, %v after %d questions", got, err, asked.Load())
	}
	if got.PeakMemory < 1<<20 {
		t.Errorf("peak memory %d: not that of this process", got.PeakMemory)
	}
}

func TestMeterOfAProcessElsewhereTakesItsWord(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, metrics(1, 4711, 1, 1)) }))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	m := meter.Start(ctx, meter.Process{MetricsURL: server.URL})
	cancel() // an interrupt does not keep the last reading away
	if got, err := m.Stop(); err != nil || got.PeakMemory != 4711 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLoad(t *testing.T) {
	before := meter.ParseLoad("cpu  10 20 30 400 50 1 2 3 9 9\ncpu0 1 1 1 1\n")
	if want := (meter.Load{Work: 66, Idle: 450}); before != want {
		t.Fatalf("read %+v, want %+v: stolen time is work, guests count already", before, want)
	}
	if busy, ok := (meter.Load{Work: 96, Idle: 460}).Since(before); !ok || busy != 0.75 {
		t.Errorf("busy %v, %v", busy, ok)
	}
	if _, ok := before.Since(before); ok {
		t.Error("a share of no time at all")
	}
	for _, text := range []string{"", "cpu 1 2", "intr 1 2 3 4 5 6", "cpu 1 2 x 4 5 6"} {
		if got := meter.ParseLoad(text); got != (meter.Load{}) {
			t.Errorf("%q is no load: %+v", text, got)
		}
	}
}

func TestGone(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Skip("no process to look at:", err)
	}
	p := meter.Process{PID: child.Process.Pid}
	if p.Gone() || (meter.Process{}).Gone() {
		t.Error("gone, although it runs or is not known")
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if !p.Gone() {
		t.Error("not gone, although it has ended")
	}
}
