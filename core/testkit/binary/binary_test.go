// SPDX-License-Identifier: Apache-2.0

package binary_test

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"karpenter.sh/core/testkit/binary"
)

func TestMain(m *testing.M) { binary.Main(m, serve) }

// serve is the binary under test: it answers what it was started with, until it is told to
// end, and then exits with 3 if it has a flag.
func serve() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintln(w, os.Args[1:], os.Getenv("WORD"), os.Getenv("INHERITED"), r.Header.Get("Word"))
		})
		if err := http.ListenAndServe("localhost:"+os.Getenv("HEALTH_PROBE_PORT"), handler); err != nil {
			fmt.Println(err)
		}
	}()
	<-told
	fmt.Println("bye")
	if len(os.Args) > 1 {
		os.Exit(3)
	}
}

func TestSignal(t *testing.T) {
	t.Setenv("INHERITED", "inherited")
	p := binary.Start(t, binary.Options{Args: []string{"--flag"}, Env: []string{"WORD=word"}})
	p.Answers(t, "/", http.StatusOK)
	if status, body := binary.Get(p.Probes, "/", "Word", "header"); status != http.StatusOK || body != "[--flag] word  header" {
		t.Errorf("got %d %q", status, body)
	}
	if status, _ := binary.Get(p.Metrics, "/"); status != 0 {
		t.Errorf("nobody listens, but answers %d", status)
	}
	p.Signal(t)
	for range 2 { // asking again changes nothing
		if code := p.Exit(t, 10*time.Second); code != 3 || !strings.Contains(p.Printed(), "bye") {
			t.Errorf("code %d, printed %q", code, p.Printed())
		}
	}
}

// A binary whose main function returns has ended well, and runs no tests.
func TestReturns(t *testing.T) {
	p := binary.Start(t, binary.Options{})
	p.Answers(t, "/", http.StatusOK)
	p.Signal(t)
	if code := p.Exit(t, 10*time.Second); code != 0 || p.Printed() != "bye\n" {
		t.Errorf("code %d, printed %q", code, p.Printed())
	}
}

func TestKill(t *testing.T) {
	p := binary.Start(t, binary.Options{})
	p.Answers(t, "/", http.StatusOK)
	p.Kill(t)
	select {
	case <-p.Ended():
	default:
		t.Error("it runs on")
	}
	if code := p.Exit(t, time.Second); code != -1 || p.Printed() != "" {
		t.Errorf("code %d, printed %q", code, p.Printed())
	}
}
