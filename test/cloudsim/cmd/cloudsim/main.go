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
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"k8s.io/utils/clock"

	"karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/control"
	"karpenter.sh/test/cloudsim/join"
	"karpenter.sh/test/cloudsim/serve"
	"karpenter.sh/test/cloudsim/world"
)

// cloud is a simulated cloud as the command serves it.
type cloud interface {
	http.Handler
	control.Target
	// Env are the variables that point the cloud's SDK at an endpoint.
	Env(endpoint, bundle, control string) map[string]string
	// Metadata is what the cloud serves to machines, beside its endpoint.
	Metadata() http.Handler
	Agenda() *world.Agenda
}

// clouds make the clouds that there are. Others go here.
func clouds() map[string]func(options) (cloud, error) {
	return map[string]func(options) (cloud, error){"aws": newAWS}
}

// options are what the command line says.
type options struct {
	cloud, cluster, setup, dir string
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

func names() string { return strings.Join(slices.Sorted(maps.Keys(clouds())), ", ") }

func newAWS(o options) (cloud, error) {
	settings := aws.DefaultOptions(o.cluster)
	settings.Joiner = o.joiner
	settings.Seed, settings.Boot, settings.Unlimited, settings.LongPolls = o.seed, o.boot, o.unlimited, true
	if o.setup != "" {
		data, err := os.ReadFile(o.setup)
		if err != nil {
			return nil, fmt.Errorf("read the setup: %w", err)
		}
		if settings.Setup, err = aws.ParseSetup(data, o.cluster); err != nil {
			return nil, fmt.Errorf("%s: %w", o.setup, err)
		}
	}
	return aws.New(settings)
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
	mux.Handle("/latest/", c.Metadata())
	hand, err := serve.Start(o.controlPort, mux, nil)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	err = announce(o.dir, authority.PEM, func(bundle string) map[string]string {
		env := c.Env(endpoint, bundle, hand.URL)
		env["CLOUDSIM_CONTROL"] = hand.URL
		return env
	}, out)
	if err == nil {
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

// announce writes the authority and the environment to files, and prints the latter.
func announce(dir string, pem []byte, env func(bundle string) map[string]string, out io.Writer) error {
	if dir == "" {
		made, err := os.MkdirTemp("", "cloudsim-")
		if err != nil {
			return fmt.Errorf("make a directory: %w", err)
		}
		dir = made
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory %s: %w", dir, err)
	}
	bundle, err := filepath.Abs(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return fmt.Errorf("name the authority's file: %w", err)
	}
	if err := os.WriteFile(bundle, pem, 0o644); err != nil {
		return fmt.Errorf("write the authority: %w", err)
	}
	var text strings.Builder
	variables := env(bundle)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		fmt.Fprintf(&text, "export %s='%s'\n", name, variables[name])
	}
	if err := os.WriteFile(filepath.Join(dir, "env"), []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write the environment: %w", err)
	}
	_, err = io.WriteString(out, text.String())
	return err
}
