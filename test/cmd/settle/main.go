// SPDX-License-Identifier: Apache-2.0

// Command settle measures, on a cluster of fake nodes, how long it takes until a
// cluster has settled after a workload was scaled in: until no node goes or comes any
// more and all pods run. Then it measures what the controller takes for standing still.
// What it has made it removes in the end.
//
//	make settle
//	make settle PODS=10000 TO=7000
//	go run ./test/cmd/settle -help
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"karpenter.sh/test/internal/command"
)

func main() { os.Exit(command.Run("settle", run)) }

// options are the command line.
type options struct {
	kubeconfig, metricsURL string
	// pods there are at first, and in the end.
	pods, to int
	// cpu of each pod, and of each node.
	cpu, node string
	// still is how long nothing may change for the cluster to count as settled, idle
	// how long standing still is measured.
	still, idle, timeout time.Duration
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("settle", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "`file` to connect to the cluster with; without it $KUBECONFIG")
	flags.StringVar(&o.metricsURL, "metrics-url", "", "root of Karpenter's metrics listener, for a cluster that make up did not start")
	flags.IntVar(&o.pods, "pods", 1000, "how many pods there are at first")
	flags.IntVar(&o.to, "to", 700, "how many pods are left")
	flags.StringVar(&o.cpu, "cpu", "500m", "what each pod requests")
	flags.StringVar(&o.node, "node-cpu", "4", "how many `CPUs` each node has; empty for any number")
	flags.DurationVar(&o.still, "still", 45*time.Second, "how long nothing may change for the cluster to count as settled")
	flags.DurationVar(&o.idle, "idle", time.Minute, "how long standing still is measured")
	flags.DurationVar(&o.timeout, "timeout", 20*time.Minute, "when to give up waiting for the cluster to settle")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q; see -help", flags.Arg(0))
	case o.kubeconfig == "":
		return o, errors.New("-kubeconfig is needed; make settle starts a cluster and fills it in")
	case o.pods < 1 || o.to < 0 || o.to > o.pods:
		return o, fmt.Errorf("%d pods cannot become %d: want fewer, and no less than none", o.pods, o.to)
	case o.still <= 0 || o.idle < 0 || o.timeout <= 0:
		return o, errors.New("-still and -timeout have to be positive, -idle not negative")
	}
	return o, nil
}

// run removes what it has made whatever happens.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	b, err := connect(ctx, o)
	if err != nil {
		return err
	}
	r, err := b.measure(ctx)
	if err == nil {
		err = r.print(out)
	}
	return errors.Join(err, b.leave(context.WithoutCancel(ctx)))
}
