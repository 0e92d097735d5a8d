// SPDX-License-Identifier: Apache-2.0

// Command cloudsim serves a simulated cloud over TLS, on loopback unless told otherwise,
// until it is interrupted. It prints the environment that points an unmodified controller at it.
//
//	go run ./cmd/cloudsim -cloud aws -cluster c1 -kubeconfig ~/.kube/config
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/serve"
)

// options are what the command line says.
type options struct {
	cloud, cluster, setup, dir string
	api                        string
	kubeconfig, kwokLabels     string
	port, controlPort          int
	listen, host               string
	seed                       uint64
	boot                       time.Duration
	unlimited                  bool

	joiner join.Joiner // nil: nodes are recorded only
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cloudsim:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func parse(arguments []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("cloudsim", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.cloud, "cloud", "aws", "the `cloud` to simulate: "+names())
	flags.StringVar(&o.cluster, "cluster", "c1", "`name` of the cluster that the account holds")
	flags.StringVar(&o.setup, "setup", "", "JSON `file` with what the account holds, over the default")
	flags.StringVar(&o.api, "api", os.Getenv("PVE_API"), "JSON `file` that describes the calls, for clouds whose description is not here; default: a stand-in")
	flags.StringVar(&o.dir, "dir", "", "`directory` for the certificate authority and the environment; default: a new one")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "`file` that names the cluster that machines join; default: nodes are recorded only")
	flags.StringVar(&o.kwokLabels, "kwok-labels", "kwok-partition=a", "`labels` by which kwok manages nodes, beside its annotation: key=value,…")
	flags.IntVar(&o.port, "port", 0, "`port` of the cloud's endpoint; 0 chooses one")
	flags.StringVar(&o.listen, "listen", "127.0.0.1", "`address` that the cloud's endpoint is on; the control API stays on loopback")
	flags.StringVar(&o.host, "host", "", "`name` or address by which clients reach the endpoint; default: -listen")
	flags.IntVar(&o.controlPort, "control-port", 0, "`port` of the control API and of instance metadata; 0 chooses one")
	flags.Uint64Var(&o.seed, "seed", 1, "`number` that decides identifiers and prices")
	flags.DurationVar(&o.boot, "boot", 20*time.Second, "how long machines take to boot")
	flags.BoolVar(&o.unlimited, "unlimited", false, "throttle no calls")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	o, err := parse(arguments, out)
	if err != nil {
		return err
	}
	start := clouds()[o.cloud]
	if start == nil {
		return fmt.Errorf("no cloud is called %q, only: %s", o.cloud, names())
	}
	joiner, err := newJoiner(o)
	if err != nil {
		return err
	}
	if joiner != nil {
		o.joiner = joiner
	}
	c, err := start(o)
	if err != nil {
		return err
	}
	if joiner == nil {
		return host(ctx, c, o, out)
	}
	serving, stop := context.WithCancel(ctx)
	var writes sync.WaitGroup
	writes.Go(func() { joiner.Run(serving) })
	err = host(ctx, c, o, out)
	stop()
	writes.Wait()
	return err
}

// host serves a cloud until the context ends.
func host(ctx context.Context, c cloud, o options, out io.Writer) error {
	host := cmp.Or(o.host, o.listen)
	authority, err := serve.NewAuthority(time.Now(), host)
	if err != nil {
		return err
	}
	server, err := serve.StartAt(net.JoinHostPort(o.listen, strconv.Itoa(o.port)), c, authority)
	if err != nil {
		return err
	}
	endpoint, err := reachedBy(host, server.URL)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", control.Handler(c))
	if m, ok := c.(metadata); ok {
		mux.Handle("/latest/", m.Metadata())
	}
	hand, err := serve.Start(o.controlPort, mux, nil)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if err = (notice{o.dir, endpoint, hand.URL}).publish(c, authority.PEM, out); err == nil {
		c.Agenda().Loop(ctx, clock.RealClock{})
	}
	return errors.Join(err, server.Close(), hand.Close())
}

// reachedBy is where a server is for clients that know it by another host.
func reachedBy(host, served string) (string, error) {
	at, err := url.Parse(served)
	if err != nil {
		return "", fmt.Errorf("tell where %s is: %w", served, err)
	}
	at.Host = net.JoinHostPort(host, at.Port())
	return at.String(), nil
}
