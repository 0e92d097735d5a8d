// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"runtime"
	"strings"
	"time"
)

func main() { os.Exit(status(os.Args[1:])) }

// status builds until it is interrupted, tells what went wrong, and returns the exit
// status.
func status(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, args, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "images:", err)
		return 1
	}
	return 0
}

// options are the command line.
type options struct {
	// root is the directory of the workspace, out where the layouts go.
	root, out string
	base      string
	version   string
	platforms []string
	// created is the time of the commit.
	created  time.Time
	jobs     int
	packages []string
	// archive is a file to write the image to besides, repository its name there;
	// both empty: none.
	archive, repository string
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	var platforms string
	var created int64
	flags := flag.NewFlagSet("images", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		fmt.Fprint(out, "usage: images [flags] package ...\n\nBuilds the image of each main package, given by its import path.\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.root, "root", ".", "`directory` of the workspace")
	flags.StringVar(&o.out, "out", "bin/images", "`directory` that the layouts are written to, each in one of its own")
	flags.StringVar(&o.base, "base", "", "`image` to build on: the directory of an OCI layout, or a reference; without it nothing but certificates")
	flags.StringVar(&o.version, "version", "", "`version` that the controllers are stamped with, and the tag")
	flags.StringVar(&platforms, "platforms", "linux/amd64,linux/arm64", "`list` of platforms, separated by commas")
	flags.Int64Var(&created, "created", 0, "time of the commit, in `seconds` since 1970")
	flags.IntVar(&o.jobs, "jobs", runtime.GOMAXPROCS(0), "how many builds go on at a time")
	flags.StringVar(&o.archive, "archive", "", "`file` that the one image is written to besides, to be loaded into a cluster; wants -repository")
	flags.StringVar(&o.repository, "repository", "", "`name` of the image in the archive, with a tag of its content; the reference is printed")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.packages, o.created = flags.Args(), time.Unix(created, 0).UTC()
	for platform := range strings.SplitSeq(platforms, ",") {
		if platform = strings.TrimSpace(platform); platform != "" {
			o.platforms = append(o.platforms, platform)
		}
	}
	switch {
	case len(o.packages) == 0:
		return o, errors.New("no package to build; see -help")
	case len(o.platforms) == 0:
		return o, errors.New("-platforms is empty; linux/amd64 is one")
	case o.jobs < 1:
		return o, fmt.Errorf("-jobs %d: at least 1", o.jobs)
	case (o.archive == "") != (o.repository == ""):
		return o, errors.New("-archive and -repository go together")
	case o.archive != "" && len(o.packages)*len(o.platforms) != 1:
		return o, errors.New("-archive takes one package, for one platform")
	}
	return o, nil
}

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	o, err := parse(args, errs)
	if err != nil {
		return err
	}
	// This program has a module of its own; what it builds is in the workspace.
	if err := os.Unsetenv("GOWORK"); err != nil {
		return err
	}
	b, err := newBuilder(ctx, o)
	if err != nil {
		return err
	}
	for _, pkg := range o.packages {
		name := path.Base(pkg)
		fmt.Fprintf(errs, "%s: building for %s\n", name, strings.Join(o.platforms, ", "))
		image, err := b.Build(ctx, "ko://"+pkg)
		if err != nil {
			return fmt.Errorf("building the image of %s: %w", pkg, err)
		}
		where, err := write(o, name, image)
		if err != nil {
			return fmt.Errorf("writing the image of %s: %w", pkg, err)
		}
		digest, err := image.Digest()
		if err != nil {
			return fmt.Errorf("digest of the image of %s: %w", pkg, err)
		}
		fmt.Fprintf(out, "%s@%s\n", where, digest)
		if o.archive == "" {
			continue
		}
		reference, err := archive(o, image)
		if err != nil {
			return fmt.Errorf("packing the image of %s: %w", pkg, err)
		}
		fmt.Fprintln(out, reference)
	}
	return nil
}
