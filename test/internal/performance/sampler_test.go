// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"karpenter.sh/test/internal/performance"
)

func metrics(seconds, mebibytes float64) string {
	return fmt.Sprintf("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %f\n"+
		"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %f\n", seconds, mebibytes*(1<<20))
}

// OPS-279: one sample in twenty may have more memory; processors are a mean.
func TestOf(t *testing.T) {
	moment := func(i int, seconds, mebibytes float64) performance.Moment {
		return performance.Moment{
			At: time.Unix(int64(5*i), 0), Worked: time.Duration(seconds * float64(time.Second)), Memory: mebibytes * (1 << 20),
		}
	}
	var moments []performance.Moment
	for i := range 20 {
		moments = append(moments, moment(i, float64(i), float64(100+i)))
	}
	got, err := performance.Of(moments)
	if err != nil || got.MemoryP95MB != 118 || got.CPUCores != 0.2 {
		t.Errorf("got %+v, %v, want 118 MiB and 0.2 processors", got, err)
	}
	restarted := []performance.Moment{moment(0, 5, 1), moment(1, 1, 1), moment(2, 9, 1)}
	if _, err := performance.Of(restarted); !errors.Is(err, performance.ErrRestarted) {
		t.Errorf("another process in between: %v", err)
	}
}

func TestSamplerOfAControllerThatIsSilent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	if _, err := performance.Sample(t.Context(), server.URL, time.Millisecond).Stop(); !errors.Is(err, performance.ErrRestarted) {
		t.Errorf("it says nothing of its process: %v", err)
	}
}

// OPS-279: the controller is asked in between, too.
func TestSampler(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1)
		memory := 10.0
		if n == 2 {
			memory = 300
		}
		fmt.Fprint(w, metrics(float64(n), memory))
	}))
	defer server.Close()
	s := performance.Sample(t.Context(), server.URL, time.Millisecond)
	for asked.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	got, err := s.Stop()
	if err != nil || got.CPUCores <= 0 || got.MemoryP95MB != 300 && asked.Load() < 20 {
		t.Errorf("got %+v, %v after %d questions", got, err, asked.Load())
	}
}

// OPS-283: the profiles of a phase.
func TestProfiler(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics":
			fmt.Fprint(w, metrics(float64(asked.Add(1)), 10))
		case "/debug/pprof/heap":
			fmt.Fprint(w, "memory")
		default:
			fmt.Fprint(w, "seconds="+r.URL.Query().Get("seconds"))
		}
	}))
	defer server.Close()
	p := performance.Profile(t.Context(), server.URL)
	for asked.Load() < 3 { // one round is over
		time.Sleep(time.Millisecond)
	}
	dir := t.TempDir()
	if err := p.Write(dir, "a"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a_heap.pprof": "memory", "a_cpu.pprof": "seconds=20"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestProfilerOfAControllerWithoutProfiles(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, metrics(1, 1))
	}))
	defer server.Close()
	if err := performance.Profile(t.Context(), server.URL).Write(t.TempDir(), "a"); err == nil {
		t.Error("nobody would notice")
	}
}
