// SPDX-License-Identifier: Apache-2.0

// Command demo shows Karpenter at work in a cluster of fake nodes or of a simulated cloud: it brings a
// thousand pods of several sizes, or as many as asked for, and waits until all of
// them run; it takes them away again and waits until the nodes are gone; it
// measures what Karpenter uses while nothing happens.
//
//	make up
//	make demo
//	go run ./test/cmd/demo -kubeconfig F -metrics-url URL -scale-down
//	go run ./test/cmd/demo -kubeconfig F -metrics-url URL -nodes 200 -idle 60s
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"karpenter.sh/test/examples"
)

// options are the command line.
type options struct {
	kubeconfig, metricsURL string
	provider, cluster      string
	pods, nodes            int
	scaleDown              bool
	idle, timeout          time.Duration
}

func main() { os.Exit(realMain()) }

// realMain returns the exit code.
func realMain() int {
	log.SetLogger(logr.Discard()) // the client library's, which nobody needs here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted; the cluster is left as it is")
	}
	fmt.Fprintln(os.Stderr, "demo:", err)
	return 1
}

func run(ctx context.Context, args []string) error {
	opts, err := parse(args)
	if err != nil {
		return err
	}
	d, err := connect(ctx, opts)
	if err != nil {
		return err
	}
	switch {
	case opts.scaleDown:
		return d.scaleDown(ctx)
	case opts.nodes > 0:
		if err := d.fill(ctx); err != nil || opts.idle == 0 {
			return err
		}
		return d.measureIdle(ctx)
	case opts.idle > 0:
		return d.measureIdle(ctx)
	default:
		return d.scaleOut(ctx)
	}
}

func parse(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.StringVar(&opts.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "file to connect to the cluster with")
	flags.StringVar(&opts.metricsURL, "metrics-url", "", "root of Karpenter's metrics listener, such as http://127.0.0.1:8080")
	flags.StringVar(&opts.provider, "provider", "kwok", "whose NodePools to bring: "+strings.Join(examples.Providers(), " or "))
	flags.StringVar(&opts.cluster, "cluster", "", "name of the cluster, by which its subnets and roles are found; by default the directory of the kubeconfig")
	flags.IntVar(&opts.pods, "pods", 1000, "how many pods to bring")
	flags.BoolVar(&opts.scaleDown, "scale-down", false, "take all pods away and wait until their nodes are gone")
	flags.IntVar(&opts.nodes, "nodes", 0, "bring that many nodes with one pod each, instead of the pods")
	flags.DurationVar(&opts.idle, "idle", 0, "measure for so long what Karpenter uses while nothing happens")
	flags.DurationVar(&opts.timeout, "timeout", 5*time.Minute, "when to give up")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	switch {
	case flags.NArg() > 0:
		return opts, fmt.Errorf("unknown argument %q; see -help", flags.Arg(0))
	case opts.kubeconfig == "" || opts.metricsURL == "":
		return opts, errors.New("-kubeconfig and -metrics-url are needed; make demo fills them in")
	case opts.pods < 0 || opts.nodes < 0:
		return opts, errors.New("-pods and -nodes cannot be negative")
	}
	if opts.cluster == "" {
		path, err := filepath.Abs(opts.kubeconfig)
		if err != nil {
			return opts, fmt.Errorf("find the cluster's name: %w", err)
		}
		opts.cluster = filepath.Base(filepath.Dir(path)) // where tools/cluster keeps it
	}
	return opts, nil
}
