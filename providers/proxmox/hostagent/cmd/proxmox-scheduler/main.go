// SPDX-License-Identifier: Apache-2.0

// Command proxmox-scheduler is the agent on a host of Proxmox VE: it pins machines to the
// CPUs that they were given, and tells the controller what the host looks like (section 14
// of the provider's chapter). It runs as root:
//
//	proxmox-scheduler --karpenter
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/pflag"
	"k8s.io/utils/clock"

	"karpenter.sh/providers/proxmox/hostagent/agent"
	"karpenter.sh/providers/proxmox/hostagent/capacityvm"
	"karpenter.sh/providers/proxmox/hostagent/host"
)

// version is stamped by the build: -ldflags "-X main.version=1.2.3".
var version string //nolint:gochecknoglobals // the linker sets it

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := run(ctx, process{
		args: os.Args[1:], getenv: os.Getenv, out: os.Stdout, log: os.Stderr,
		root: "/", scheduler: host.Kernel{}, shell: capacityvm.Pvesh{Path: "/usr/bin/pvesh"},
	})
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "proxmox-scheduler:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// process is what a process is given.
type process struct {
	args      []string
	getenv    func(name string) string
	out, log  io.Writer
	root      string
	scheduler host.Scheduler
	shell     capacityvm.Shell
}

// run does what the arguments say, until the context ends.
func run(ctx context.Context, p process) error {
	s, err := parse(p.args, p.getenv, p.out)
	if err != nil {
		return err
	}
	if s.version {
		if version == "" {
			version = "development"
		}
		_, err := fmt.Fprintln(p.out, "proxmox-scheduler", version)
		return err
	}
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: s.level()}))
	here := host.Host{Root: p.root, PIDs: s.watchPath, Scheduler: p.scheduler}
	changes := make(chan agent.Change)
	var parts sync.WaitGroup
	parts.Go(func() { agent.Watcher{Dir: s.watchPath, Clock: clock.RealClock{}, Log: log}.Watch(ctx, changes) })
	parts.Go(func() {
		agent.New(agent.Options{
			Host: here, Changes: changes, Clock: clock.RealClock{}, Log: log,
			Retries: s.retries, Resync: s.resync, Busy: s.busy, Free: s.free,
		}).Run(ctx)
	})
	if s.karpenter {
		parts.Go(func() {
			capacityvm.Keeper{
				Host: here, Shell: p.shell, Clock: clock.RealClock{}, Log: log, Interval: s.resync, Retries: s.retries,
			}.Run(ctx)
		})
	}
	parts.Wait()
	return nil
}
