// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/connection"
	"karpenter.sh/test/internal/meter"
	"karpenter.sh/test/internal/progress"
	"karpenter.sh/test/internal/timeline"
)

const (
	// look is how often progress is shown.
	look = 100 * time.Millisecond
	// settle is how long late news is waited for after a part of a case, and how
	// long the cluster comes to rest before one.
	settle = 3 * time.Second
)

// errGone says what to do where nothing goes on.
var errGone = errors.New("Karpenter has ended; its log says why (go run ./tools/cluster logs), make up starts it again")

// bench is a cluster with what is watched of it.
type bench struct {
	options
	cluster *connection.Connection
	process meter.Process
	watcher *watcher
}

// connect says what to do if there is no cluster, or no Karpenter in it.
func connect(ctx context.Context, opts options) (*bench, error) {
	cluster, err := connection.Open(opts.kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("%w; make up starts a cluster, make latency does that as well", err)
	}
	process, err := meter.Find(ctx, opts.kubeconfig, opts.metricsURL)
	if err != nil {
		return nil, err
	}
	return &bench{options: opts, cluster: cluster, process: process}, nil
}

// runAll runs the cases, each in an empty pool. With an error it returns the results
// so far. What it has made is there until leave is called.
func (b *bench) runAll(ctx context.Context) (results []Result, err error) {
	watching := context.WithoutCancel(ctx) // cleaning up needs it
	if b.watcher, err = watch(watching, b.cluster); err != nil {
		return nil, err
	}
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	for _, c := range b.cases {
		result, err := b.run(ctx, c)
		if ctx.Err() != nil {
			return results, errors.New("interrupted")
		}
		if err != nil {
			return results, fmt.Errorf("case %s: %w", c.Name, err)
		}
		results = append(results, result)
	}
	return results, nil
}

// run measures a case: the pods without nodes, then the same pods on the nodes that
// this has led to, which stay.
func (b *bench) run(ctx context.Context, c Case) (Result, error) {
	atOnce, err := plan(c)
	if err != nil {
		return Result{}, err
	}
	if err := b.vacate(ctx, c.Name); err != nil {
		return Result{}, err
	}
	fresh, err := b.part(ctx, c, withNodes(c.Name+", new nodes"))
	if err != nil {
		return Result{}, err
	}
	daemons, err := b.daemons(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := b.removePods(ctx, c.Name); err != nil {
		return Result{}, err
	}
	standing, err := b.part(ctx, c, withoutNodes(c.Name+", nodes already there"))
	if err != nil {
		return Result{}, err
	}
	return resultOf(c, measured{fresh, standing, atOnce, daemons}), nil
}

// part is what was seen and used while the pods of a case came to run.
type part struct {
	view timeline.View
	used meter.Reading
	// busy is the share of the machine's processors that was at work just before;
	// negative if that is not known.
	busy float64
}

// inWords tells how far things are.
type inWords func(timeline.Progress) string

func withoutNodes(title string) inWords {
	return func(p timeline.Progress) string {
		return fmt.Sprintf("%s: pods %d created, %d bound, %d running", title, p.Created, p.Bound, p.Running)
	}
}

func withNodes(title string) inWords {
	return func(p timeline.Progress) string {
		return fmt.Sprintf("%s | %d NodeClaims, %d nodes open", withoutNodes(title)(p), p.Claims, p.Open)
	}
}

func (b *bench) part(ctx context.Context, c Case, text inWords) (part, error) {
	before := meter.Machine()
	if !sleep(ctx, settle) {
		return part{}, context.Cause(ctx)
	}
	busy, known := meter.Machine().Since(before)
	if !known {
		busy = -1
	}
	phase := fmt.Sprintf("p%x", time.Now().UnixMilli())
	by, err := b.employ(ctx, c, phase)
	if err != nil {
		return part{}, err
	}
	pods := c.pods(phase, by)
	line := b.watcher.begin(phase)
	used := meter.Start(ctx, b.process)
	err = b.bring(ctx, c, pods, func(done func(timeline.Progress) bool) error {
		return b.follow(ctx, text, line, done)
	})
	reading, errUsed := used.Stop()
	if err := errors.Join(err, errUsed); err != nil {
		return part{}, err
	}
	sleep(ctx, settle)
	return part{line.View(), reading, busy}, context.Cause(ctx)
}

// bring creates pods while it waits for all of them to run.
func (b *bench) bring(ctx context.Context, c Case, pods []*corev1.Pod, wait func(func(timeline.Progress) bool) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	created := make(chan error, 1)
	go func() { created <- create(ctx, b.cluster, c, pods) }()
	var failed error
	err := wait(func(p timeline.Progress) bool {
		select {
		case failed = <-created:
		default:
		}
		return failed != nil || p.Running == len(pods)
	})
	return errors.Join(failed, err)
}

// follow shows progress until done says so.
func (b *bench) follow(ctx context.Context, text inWords, line *timeline.Timeline, done func(timeline.Progress) bool) error {
	start := time.Now()
	display := progress.New(os.Stderr, progress.IsTerminal(os.Stderr), start)
	for {
		if b.process.Gone() {
			return errGone
		}
		now := line.Progress()
		ended := done(now)
		if ended || time.Since(start) > b.timeout {
			display.End(time.Now(), text(now))
		}
		switch {
		case ended:
			return nil
		case time.Since(start) > b.timeout:
			return b.explain(ctx, fmt.Errorf("pods do not run after %s; look at the reasons above and at the log (go run ./tools/cluster logs), or wait longer with -timeout", b.timeout))
		}
		display.Show(time.Now(), text(now))
		if !sleep(ctx, look) {
			display.End(time.Now(), text(now))
			return context.Cause(ctx)
		}
	}
}
