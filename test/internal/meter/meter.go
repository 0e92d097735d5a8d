// SPDX-License-Identifier: Apache-2.0

package meter

import (
	"context"
	"errors"

	"karpenter.sh/test/internal/scrape"
)

// ErrRestarted is the answer if the process that was measured is not the one that
// runs, or does not report on itself.
var ErrRestarted = errors.New("the controller restarted meanwhile, or does not report on its process")

// Process is what is measured.
type Process struct {
	// MetricsURL is the root of its metrics listener, such as
	// http://127.0.0.1:8080.
	MetricsURL string
	// PID is its process ID if it runs on this machine; 0 if that is not known.
	PID int
}

// Reading is what was used between start and stop.
type Reading struct {
	scrape.Usage
	// PeakMemory is the most resident memory seen, in bytes: what lasted less than
	// a fraction of a second may be missed, and without a process ID, some seconds.
	PeakMemory int64
	// Requests to the API server, by HTTP method.
	Requests map[string]int
}

// Meter runs until it is stopped.
type Meter struct {
	cancel context.CancelFunc
	result chan outcome
}

type outcome struct {
	Reading
	err error
}

// Start begins to measure.
func Start(ctx context.Context, p Process) *Meter {
	ctx, cancel := context.WithCancel(ctx)
	m := &Meter{cancel: cancel, result: make(chan outcome, 1)}
	go func() {
		reading, err := p.measure(ctx)
		m.result <- outcome{reading, err}
	}()
	return m
}

// Stop takes the last reading. Call it once.
func (m *Meter) Stop() (Reading, error) {
	m.cancel()
	out := <-m.result
	return out.Reading, out.err
}

func (p Process) measure(ctx context.Context) (Reading, error) {
	last := context.WithoutCancel(ctx)
	first, err := scrape.Fetch(last, p.MetricsURL)
	if err != nil {
		return Reading{}, err
	}
	peak := p.watchMemory(ctx)
	end, err := scrape.Fetch(last, p.MetricsURL)
	if err != nil {
		return Reading{}, err
	}
	reading, err := Between(first, end)
	reading.PeakMemory = max(peak, reading.PeakMemory)
	return reading, err
}

// Between compares two answers of one process; the peak is that of the later one.
func Between(from, to scrape.Snapshot) (Reading, error) {
	usage, ok := scrape.UsageBetween(from, to)
	if !ok {
		return Reading{}, ErrRestarted
	}
	requests := map[string]int{}
	before := from.By("client_go_request_total", "method")
	for method, n := range to.By("client_go_request_total", "method") {
		if more := int(n - before[method]); more > 0 {
			requests[method] = more
		}
	}
	return Reading{Usage: usage, PeakMemory: usage.Memory, Requests: requests}, nil
}
