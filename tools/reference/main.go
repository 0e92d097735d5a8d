// SPDX-License-Identifier: Apache-2.0

// Command reference writes the reference of what operators of Karpenter see and set:
// metrics.md, events.md and settings.md, and signals.json, which holds metrics and events
// of each binary for programs.
//
//	go run ./tools/reference core/docs/reference
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	flags := flag.NewFlagSet("reference", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprintln(flags.Output(), "usage: reference DIRECTORY") }
	_ = flags.Parse(os.Args[1:]) // it exits itself
	if flags.NArg() != 1 {
		flags.Usage()
		os.Exit(2)
	}
	if err := write(flags.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// write writes all pages to a directory.
func write(directory string) error {
	all, err := binaries()
	if err != nil {
		return err
	}
	signals, err := signalsJSON(all)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("creating the directory of the reference: %w", err)
	}
	for name, text := range map[string]string{
		"metrics.md": metricsPage(all), "events.md": eventsPage(all), "settings.md": settingsPage(all), "signals.json": signals,
	} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}
