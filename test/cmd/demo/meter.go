// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"karpenter.sh/test/internal/census"
	"karpenter.sh/test/internal/scrape"
)

// meter reads once a second what the controller uses.
type meter struct {
	cancel context.CancelFunc
	result chan string
}

func startMeter(ctx context.Context, url string) *meter {
	ctx, cancel := context.WithCancel(ctx)
	m := &meter{cancel: cancel, result: make(chan string, 1)}
	go func() { m.result <- measure(ctx, url) }()
	return m
}

// stop ends the reading and returns what it found, in words.
func (m *meter) stop() string {
	m.cancel()
	return <-m.result
}

func measure(ctx context.Context, url string) string {
	first, err := scrape.Fetch(ctx, url)
	if err != nil {
		return err.Error()
	}
	var peak int64
	for {
		ended := false
		select {
		case <-ctx.Done():
			ended = true
		case <-time.After(time.Second):
		}
		now, err := scrape.Fetch(context.WithoutCancel(ctx), url)
		if err != nil {
			return err.Error()
		}
		usage, ok := scrape.UsageBetween(first, now)
		if !ok {
			return "restarted meanwhile, or does not report on its process"
		}
		peak = max(peak, usage.Memory)
		if ended {
			return fmt.Sprintf("peak memory %s, CPU %.2fs (%.2f cores in the mean)", census.Bytes(float64(peak)), usage.CPU.Seconds(), usage.Cores())
		}
	}
}
