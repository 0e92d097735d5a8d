// SPDX-License-Identifier: Apache-2.0

// Command binaries brings sets of programs into bin/: see package
// karpenter.sh/tools/internal/binaries for what a set is and how it is built.
//
//	go run ./tools/binaries control-plane
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"karpenter.sh/tools/internal/binaries"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "binaries:", err)
		os.Exit(1)
	}
}

func run() error {
	root := flag.String("root", ".", "the repository's root directory")
	out := flag.String("out", "", "output directory (default bin under the root)")
	flag.Usage = usage
	flag.Parse()
	sets, err := choose(flag.Args())
	if err != nil {
		return err
	}
	opts, err := options(*root, *out)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	for _, set := range sets {
		if err := binaries.Ensure(ctx, set, opts); err != nil {
			return err
		}
	}
	return nil
}

func options(root, out string) (binaries.Options, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return binaries.Options{}, fmt.Errorf("find the root directory: %w", err)
	}
	if out == "" {
		out = filepath.Join(root, "bin")
	}
	if out, err = filepath.Abs(out); err != nil {
		return binaries.Options{}, fmt.Errorf("find the output directory: %w", err)
	}
	return binaries.Options{Root: root, Out: out, Assets: os.Getenv("KUBEBUILDER_ASSETS"), Progress: os.Stderr}, nil
}

// choose returns the named sets.
func choose(names []string) ([]binaries.Set, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("which set? One or more of: %s", strings.Join(known(), ", "))
	}
	var chosen []binaries.Set
	for _, name := range names {
		i := slices.IndexFunc(binaries.Sets(), func(s binaries.Set) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no set is called %q, only: %s", name, strings.Join(known(), ", "))
		}
		chosen = append(chosen, binaries.Sets()[i])
	}
	return chosen, nil
}

func known() []string {
	var names []string
	for _, set := range binaries.Sets() {
		names = append(names, set.Name)
	}
	return names
}

func usage() {
	fmt.Fprintf(flag.CommandLine.Output(), "usage: binaries [-root DIR] [-out DIR] SET ...\nSets: %s\n", strings.Join(known(), ", "))
	flag.PrintDefaults()
}
