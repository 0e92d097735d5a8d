// SPDX-License-Identifier: Apache-2.0

package meter

import (
	"context"
	"errors"
	"time"

	"karpenter.sh/test/internal/scrape"
)

// every is the time between two readings.
const every = time.Second

// ErrRestarted is the answer if the process that was measured is not the one that
// runs, or does not report on itself.
var ErrRestarted = errors.New("the controller restarted meanwhile, or does not report on its process")

// Reading is what was used between start and stop.
type Reading struct {
	scrape.Usage
	// PeakMemory is the most resident memory seen, in bytes: what lasted less than
	// a second may be missed.
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

// Start begins to measure the process whose metrics are below a root such as
// http://127.0.0.1:8080.
func Start(ctx context.Context, url string) *Meter {
	ctx, cancel := context.WithCancel(ctx)
	m := &Meter{cancel: cancel, result: make(chan outcome, 1)}
	go func() {
		reading, err := measure(ctx, url)
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

func measure(ctx context.Context, url string) (Reading, error) {
	first, err := scrape.Fetch(context.WithoutCancel(ctx), url)
	if err != nil {
		return Reading{}, err
	}
	var peak int64
	for {
		ended := false
		select {
		case <-ctx.Done():
			ended = true
		case <-time.After(every):
		}
		now, err := scrape.Fetch(context.WithoutCancel(ctx), url)
		if err != nil {
			return Reading{}, err
		}
		reading, err := Between(first, now)
		if err != nil {
			return Reading{}, err
		}
		peak = max(peak, reading.Memory)
		if reading.PeakMemory = peak; ended {
			return reading, nil
		}
	}
}

// Between compares two answers of one process; the peak is that of the later one.
func Between(from, to scrape.Snapshot) (Reading, error) {
	usage, ok := scrape.UsageBetween(from, to)
	if !ok {
		return Reading{}, ErrRestarted
	}
	requests := map[string]int{}
	before := from.By("rest_client_requests_total", "method")
	for method, n := range to.By("rest_client_requests_total", "method") {
		if more := int(n - before[method]); more > 0 {
			requests[method] = more
		}
	}
	return Reading{Usage: usage, PeakMemory: usage.Memory, Requests: requests}, nil
}
