// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"karpenter.sh/test/internal/census"
	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/progress"
	"karpenter.sh/test/internal/scrape"
)

const (
	// look is how often progress is shown.
	look = 100 * time.Millisecond
	// settle is how long after a scale-out Karpenter still has things to do: its
	// nominations last for 20 seconds.
	settle = 30 * time.Second
	// mostTypes of instances are listed by name.
	mostTypes = 6
)

// scaleOut brings the pods and waits until they all run.
func (d *demo) scaleOut(ctx context.Context) error {
	return d.bring(ctx, d.examples.Workload, d.pods)
}

// fill brings one pod for each of the nodes that are wanted.
func (d *demo) fill(ctx context.Context) error {
	if err := d.empty(ctx, "filler"); err != nil {
		return err
	}
	return d.bring(ctx, d.examples.Fillers, d.nodes)
}

func (d *demo) bring(ctx context.Context, workload []byte, pods int) error {
	if err := d.apply(ctx, d.examples.NodePools, 0); err != nil {
		return err
	}
	used := meter.Start(ctx, d.process)
	start := time.Now()
	if err := d.apply(ctx, workload, pods); err != nil {
		return err
	}
	var first time.Duration
	reached, err := d.wait(ctx, start, func(c census.Census) bool {
		if first == 0 && c.Running > 0 {
			first = time.Since(start)
		}
		return c.Running == pods && c.Pods() == pods
	})
	if err != nil {
		return d.explain(ctx, err)
	}
	took := time.Since(start)
	fmt.Printf("\n%d pods run on %d nodes after %.1fs; the first ran after %.1fs.\n", pods, reached.Nodes, took.Seconds(), first.Seconds())
	fmt.Printf("  nodes       %s\n", reached.NodesByType(mostTypes))
	if reached.Price == 0 { // only fake nodes carry their price
		reached.Price = d.cost(ctx)
	}
	fmt.Printf("  price       $%.2f an hour\n", reached.Price)
	fmt.Printf("  reserved    %s\n", reached.Reserved())
	fmt.Printf("  controller  %s\n", inWords(used.Stop()))
	return nil
}

// cost is what Karpenter reckons the nodes of the demo's pools to cost, in dollars an
// hour; 0 if it does not say.
func (d *demo) cost(ctx context.Context) float64 {
	metrics, err := scrape.Fetch(ctx, d.metricsURL)
	if err != nil {
		return 0
	}
	sum := 0.0
	for pool, cost := range metrics.By("karpenter_nodepools_cost_total", "nodepool") {
		if pool == "demo" || strings.HasPrefix(pool, "demo-") {
			sum += cost
		}
	}
	return sum
}

// scaleDown takes the pods away and waits until their nodes are gone.
func (d *demo) scaleDown(ctx context.Context) error {
	before, err := d.census(ctx)
	if err != nil {
		return err
	}
	used := meter.Start(ctx, d.process)
	start := time.Now()
	if err := d.empty(ctx); err != nil {
		return err
	}
	if _, err := d.wait(ctx, start, func(c census.Census) bool { return c.Pods() == 0 && c.Nodes == 0 }); err != nil {
		return d.explain(ctx, err)
	}
	fmt.Printf("\n%d pods and %d nodes, at $%.2f an hour, were gone after %.1fs.\n", before.Pods(), before.Nodes, before.Price, time.Since(start).Seconds())
	fmt.Printf("  controller  %s\n", inWords(used.Stop()))
	return nil
}

// measureIdle reads what Karpenter uses while nothing is asked of it.
func (d *demo) measureIdle(ctx context.Context) error {
	if d.nodes > 0 {
		if err := d.pause(ctx, settle, "letting the scale-out settle"); err != nil {
			return err
		}
	}
	before, err := scrape.Fetch(ctx, d.metricsURL)
	if err != nil {
		return err
	}
	if err := d.pause(ctx, d.idle, "measuring"); err != nil {
		return err
	}
	after, err := scrape.Fetch(ctx, d.metricsURL)
	if err != nil {
		return err
	}
	usage, ok := scrape.UsageBetween(before, after)
	if !ok {
		return fmt.Errorf("the controller at %s restarted meanwhile, or does not report on its process", d.metricsURL)
	}
	c, err := d.census(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nIdle for %.0fs with %d nodes and %d pods:\n", usage.Elapsed.Seconds(), c.Nodes, c.Pods())
	fmt.Printf("  controller  %.1f millicores (%.2fs of CPU), memory %s\n", 1000*usage.Cores(), usage.CPU.Seconds(), census.Bytes(float64(usage.Memory)))
	return nil
}

// wait shows the census until it is as wanted, and returns it.
func (d *demo) wait(ctx context.Context, start time.Time, done func(census.Census) bool) (census.Census, error) {
	display := progress.New(os.Stdout, progress.IsTerminal(os.Stdout), start)
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	for {
		c, err := d.census(ctx)
		if err != nil {
			return c, err
		}
		if done(c) {
			display.End(time.Now(), c.Line())
			return c, nil
		}
		display.Show(time.Now(), c.Line())
		select {
		case <-ctx.Done():
			display.End(time.Now(), c.Line())
			return c, fmt.Errorf("not there after %s", d.timeout)
		case <-time.After(look):
		}
	}
}

// pause lets time pass with a display of it.
func (d *demo) pause(ctx context.Context, span time.Duration, text string) error {
	start := time.Now()
	display := progress.New(os.Stdout, progress.IsTerminal(os.Stdout), start)
	text = fmt.Sprintf("%s for %s", text, span)
	for time.Since(start) < span {
		display.Show(time.Now(), text)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(min(look, span-time.Since(start))):
		}
	}
	display.End(time.Now(), text)
	return nil
}
