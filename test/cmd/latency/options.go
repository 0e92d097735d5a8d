// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// options are the command line.
type options struct {
	kubeconfig, metricsURL string
	cases                  []Case
	json                   bool
	// timeout of each of the two parts of a case.
	timeout time.Duration
}

func parse(args []string, out io.Writer) (options, error) {
	var opts options
	flags := flag.NewFlagSet("latency", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { usage(flags) }
	flags.StringVar(&opts.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "`file` to connect to the cluster with; without it $KUBECONFIG")
	flags.StringVar(&opts.metricsURL, "metrics-url", "", "root of Karpenter's metrics listener, for a cluster that make up did not start")
	names := flags.String("cases", "", "which `cases` to run, with spaces or commas between them; without it "+defaultCases)
	flags.BoolVar(&opts.json, "json", false, "write the results as JSON in place of the table")
	flags.DurationVar(&opts.timeout, "timeout", 10*time.Minute, "when to give up waiting for the pods of a case")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	var err error
	if opts.cases, err = parseCases(*names); err != nil {
		return opts, err
	}
	switch {
	case flags.NArg() > 0:
		return opts, fmt.Errorf("unknown argument %q: cases are given with -cases %q; see -help", flags.Arg(0), flags.Arg(0))
	case opts.kubeconfig == "":
		return opts, errors.New("-kubeconfig is needed; make latency starts a cluster and fills it in")
	case opts.timeout <= 0:
		return opts, errors.New("-timeout has to be positive")
	}
	return opts, nil
}

func usage(flags *flag.FlagSet) {
	out := flags.Output()
	fmt.Fprint(out, `usage: latency -kubeconfig FILE [-cases "100 mixed"] [-json]

Measures how long pods wait for nodes and how well plans hold, on a cluster that
make up started. make latency [CLUSTER=name] [CASES="..."] [JSON=file] does it all.

`)
	flags.PrintDefaults()
	fmt.Fprint(out, `
Cases:
  1000        so many pods at once, as fast as the API server takes them; of five
              sizes, without constraints; the pods of one size are one workload
  1000-10s    so many pods, one after another at a steady rate, in that time
  mixed       160 pods of eight kinds at once: large, with much memory, spread over
              zones, apart from each other by hostname, for arm64, for one family of
              instance types, for one zone, and plain ones

Each case has two parts: the pods come to an empty pool, and are taken away; then
the same pods come to the nodes that are there by now, which is what scheduler, API
server and kubelet take by themselves.

What the table says. Times are in seconds and count, where nothing else is said,
from the moment at which the first pod was seen; all are taken when a watch brings
the news. The median and p99 are nearest ranks.

`)
	told := map[string]bool{} // the steps of pods come twice
	for _, r := range rows() {
		if r.help != "" && !told[r.label] {
			fmt.Fprintf(out, "  %s\n%s\n", r.label, indent(r.help))
			told[r.label] = true
		}
	}
}
