// SPDX-License-Identifier: Apache-2.0

package binary

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	// answerIn is how long an endpoint may take to answer.
	answerIn = 10 * time.Second
	// pollEvery is how often a condition is asked.
	pollEvery = 50 * time.Millisecond
	// patience is how long a binary may take to be as it should: it starts with caches to
	// fill, beside other tests.
	patience = time.Minute
)

// Get returns the status and the body of an endpoint on a port of localhost, with headers
// as names and values in turn. The status is 0 if it cannot be reached.
func Get(port int, path string, header ...string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), answerIn)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://localhost:%d%s", port, path), nil)
	if err != nil {
		return 0, err.Error()
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }() // it was read, or failed to be
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}

// Answers waits until a probe has a status, which it does within a minute.
func (p *Process) Answers(t testing.TB, path string, status int) {
	t.Helper()
	Eventually(t, patience, func() string {
		if got, body := Get(p.Probes, path); got != status {
			return fmt.Sprintf("%s answers %d %q, not %d", path, got, body, status)
		}
		return ""
	})
}

// Eventually fails the test unless nothing is wrong in time; wrong returns what is, or "".
func Eventually(t testing.TB, within time.Duration, wrong func() string) {
	t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(pollEvery) {
		what := wrong()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s: %s", within, what)
		}
	}
}

// firstPort and lastPort are below the ports that systems give to whoever asks for any, and
// to connections: those are taken again before the binary listens.
const firstPort, lastPort = 15000, 19999

// freePorts are two that nobody listens on right now.
func freePorts(t testing.TB) (int, int) {
	t.Helper()
	var free []int
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("localhost:%d", port))
		if err != nil {
			continue
		}
		defer func() { _ = listener.Close() }() // after both, or they might be one
		if free = append(free, port); len(free) == 2 {
			return free[0], free[1]
		}
	}
	t.Fatalf("no two ports from %d to %d are free", firstPort, lastPort)
	return 0, 0
}
