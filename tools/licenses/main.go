// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() { os.Exit(status(os.Args[1:])) }

func status(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, args, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		return 1
	}
	return 0
}

// run checks what the modules in these directories depend on, and tells how many packages
// that are, or what is wrong with them.
func run(ctx context.Context, dirs []string, out io.Writer) error {
	if len(dirs) == 0 {
		return errors.New("usage: licenses directory ...: of which modules?")
	}
	packages, err := dependencies(ctx, dirs)
	if err != nil {
		return err
	}
	s, wrong, modules := newScanner(), []error{}, map[string]bool{}
	for _, p := range packages {
		why, err := s.check(p)
		if err != nil {
			return fmt.Errorf("package %s: %w", p.path, err)
		}
		if why != "" {
			wrong = append(wrong, fmt.Errorf("%s: %s", p.path, why))
		}
		modules[p.root] = true
	}
	if len(wrong) > 0 {
		return fmt.Errorf("allowed are %s:\n%w", strings.Join(allowed(), ", "), errors.Join(wrong...))
	}
	fmt.Fprintf(out, "licenses: %d packages of %d modules may be used by everybody\n", len(packages), len(modules))
	return nil
}

// dependencies are the packages that the modules in these directories need, with their
// tests, and that are not theirs. Those of the standard library have the license of Go.
func dependencies(ctx context.Context, dirs []string) ([]pkg, error) {
	args := []string{"list", "-deps", "-test", "-f", `{{with .Module}}{{if not .Main}}{{$.ImportPath}}{{"\t"}}{{$.Dir}}{{"\t"}}{{.Dir}}{{end}}{{end}}`}
	for _, dir := range dirs {
		args = append(args, dir+"/...")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	var problems strings.Builder
	cmd.Stderr = &problems
	listed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, strings.TrimSpace(problems.String()))
	}
	var found []pkg
	for line := range strings.Lines(string(listed)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		// A package that is built anew for a test has the test's name behind its own.
		if len(fields) != 3 || strings.Contains(fields[0], " ") {
			continue
		}
		found = append(found, pkg{path: fields[0], dir: filepath.Clean(fields[1]), root: filepath.Clean(fields[2])})
	}
	return found, nil
}
