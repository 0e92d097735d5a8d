// SPDX-License-Identifier: Apache-2.0

// Command latency measures, on a cluster of fake nodes, how long pods wait for
// nodes, taken apart by steps, and how well plans hold: it brings pods in bursts,
// waits until all of them run, brings the same pods again to the same nodes, which
// is what scheduler, API server and kubelet take by themselves, and removes all of
// it before the next case.
//
//	make latency
//	make latency CASES="100 1000-10s mixed"
//	go run ./test/cmd/latency -help
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"karpenter.sh/test/internal/command"
)

func main() { os.Exit(command.Run("latency", run)) }

// run tells what was measured also if a later case failed, and before it cleans up,
// which may take its time.
func run(ctx context.Context, args []string, out io.Writer) error {
	opts, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	b, err := connect(ctx, opts)
	if err != nil {
		return err
	}
	results, err := b.runAll(ctx)
	return errors.Join(err, report(out, opts.json, results), b.leave(ctx))
}

func report(out io.Writer, asJSON bool, results []Result) error {
	switch {
	case len(results) == 0:
		return nil
	case asJSON:
		warn(os.Stderr, results)
		return writeJSON(out, results)
	}
	warn(os.Stderr, results)
	return writeTable(out, results)
}

// warn tells if something else kept the machine from the cluster.
func warn(out io.Writer, results []Result) {
	const quiet = 0.5
	for _, r := range results {
		if r.Busy > quiet {
			fmt.Fprintf(out, "The machine was busy with other things before case %s (%.0f%% of its processors): its times say little.\n", r.Case, 100*r.Busy)
		}
	}
}
