// SPDX-License-Identifier: Apache-2.0

// Command scarcity measures how many launches succeed at the first attempt in a
// simulated account where stock, quota and addresses run short: how much of it the plan
// knew before it asked. It brings the workload of the demo in waves.
//
//	make up PROVIDER=aws CLUSTER=scarce
//	go run ./test/cmd/scarcity -kubeconfig bin/clusters/scarce/kubeconfig
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"karpenter.sh/test/internal/command"
)

func main() { os.Exit(command.Run("scarcity", run)) }

// options are the command line.
type options struct {
	kubeconfig, provider, cluster string
	pods, waves                   int
	// stock is how many machines each type has in each zone, for each way to buy it.
	stock int
	// onDemand and spot are quotas of vCPUs, addresses how many each subnet has left.
	onDemand, spot, addresses int
	still, timeout            time.Duration
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("scarcity", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "`file` to connect to the cluster with; without it $KUBECONFIG")
	flags.StringVar(&o.provider, "provider", "aws", "whose NodePools to bring")
	flags.IntVar(&o.pods, "pods", 1000, "how many pods there are in the end")
	flags.IntVar(&o.waves, "waves", 5, "in how many steps they come")
	flags.IntVar(&o.stock, "stock", 2, "how many machines each type has in each zone and capacity type")
	flags.IntVar(&o.onDemand, "on-demand-vcpus", 900, "quota of vCPUs on demand")
	flags.IntVar(&o.spot, "spot-vcpus", 128, "quota of vCPUs of spot capacity")
	flags.IntVar(&o.addresses, "addresses", 400, "how many addresses the first subnet has left; the others have all of theirs")
	flags.DurationVar(&o.still, "still", 20*time.Second, "how long nothing may change for a wave to count as served")
	flags.DurationVar(&o.timeout, "timeout", 5*time.Minute, "when a wave ends although something changes")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q; see -help", flags.Arg(0))
	case o.kubeconfig == "":
		return o, errors.New("-kubeconfig is needed; make up PROVIDER=aws prints it")
	case o.pods < 1 || o.waves < 1 || o.stock < 0 || o.still <= 0 || o.timeout <= 0:
		return o, errors.New("-pods, -waves, -still and -timeout have to be positive, -stock not negative")
	}
	path, err := filepath.Abs(o.kubeconfig)
	if err != nil {
		return o, fmt.Errorf("find the cluster's name: %w", err)
	}
	o.cluster = filepath.Base(filepath.Dir(path))
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
	err = b.measure(ctx, out)
	return errors.Join(err, b.leave(context.WithoutCancel(ctx)))
}
