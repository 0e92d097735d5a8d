// SPDX-License-Identifier: Apache-2.0

// Command cluster runs Kubernetes clusters of fake nodes on this machine, with
// Karpenter beside them: see package karpenter.sh/tools/internal/localcluster.
//
//	go run ./tools/cluster up -name mine
//	go run ./tools/cluster status -name mine
//	go run ./tools/cluster down -name mine
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"karpenter.sh/tools/internal/localcluster"
)

// command is one subcommand: it registers its flags and returns what to run
// once they are parsed.
type command struct {
	name, summary string
	setup         func(flags *flag.FlagSet) func(ctx context.Context, layout localcluster.Layout) error
}

func commands() []command {
	return []command{
		{"check", "say whether a cluster of this name and runtime can be started", check},
		{"up", "start the cluster, or bring the one that runs up to date", up},
		{"down", "stop the cluster and remove it", down},
		{"restart", "restart Karpenter in the running cluster, with other settings", restart},
		{"image", "build Karpenter's image and load it into the cluster, of runtime kind", image},
		{"status", "print the processes, ports and files of the cluster", status},
		{"kubeconfig", "print the path of the cluster's kubeconfig", kubeconfig},
		{"metrics-url", "print where Karpenter's metrics listener is", metricsURL},
		{"logs", "print the log of Karpenter or of a component", logs},
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) == 0 {
		usage(os.Stderr)
		return fmt.Errorf("which command?")
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		usage(os.Stdout)
		return nil
	}
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == args[0] })
	if i < 0 {
		usage(os.Stderr)
		return fmt.Errorf("no command is called %q", args[0])
	}
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	root := flags.String("root", ".", "the repository's root directory")
	name := flags.String("name", cmp.Or(os.Getenv("CLUSTER"), "karpenter"), "the cluster's name; without it $CLUSTER is taken")
	do := commands()[i].setup(flags)
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if err := unexpected(args[0], flags.Args()); err != nil {
		return err
	}
	absolute, err := filepath.Abs(*root)
	if err != nil {
		return fmt.Errorf("find the root directory: %w", err)
	}
	layout := localcluster.Layout{Root: absolute, Name: *name}
	if err := layout.Validate(); err != nil {
		return err
	}
	return do(ctx, layout)
}

// unexpected refuses arguments that are none: half of a name with a space in it
// must not start, or end, another cluster. What begins with a dash is for Karpenter,
// where a command starts it.
func unexpected(command string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if starts := command == "up" || command == "restart"; !starts || !strings.HasPrefix(args[0], "-") {
		return fmt.Errorf("%s: unexpected argument %q; see: cluster %[1]s -help", command, args[0])
	}
	return nil
}

func usage(out io.Writer) {
	fmt.Fprintln(out, "usage: cluster COMMAND [-root DIR] [-name NAME] [FLAG ...]\nCommands:")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprintln(out, "The flags of a command: cluster COMMAND -help")
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}
