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
	"time"

	"k8s.io/utils/clock"
)

func main() { os.Exit(status(os.Args[1:])) }

// status runs the command until it is interrupted, tells what went wrong, and returns
// the exit status.
func status(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	p := process{in: os.Stdin, out: os.Stdout, errs: os.Stderr, now: clock.RealClock{}.Now()}
	if err := run(ctx, args, p); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		return 1
	}
	return 0
}

// process is what a command has from the process it runs in.
type process struct {
	in        io.Reader
	out, errs io.Writer
	now       time.Time
}

const usage = `usage: release <command> [flags]

  check      refuses versions that are none, trees with changes or without the tag, and
             what breaks something without a word in the upgrade guide
  charts     writes versions, and where the images are, into the charts
  page       writes the release into the compatibility page
  notes      prints the notes of a release
  checksums  writes SHA256SUMS of all files of a directory into it
  chart      prints the version of the charts of a release or snapshot
  branch     prints the branch that a release belongs to
  expired    prints the IDs of those versions of a package, given as JSON on standard
             input, that are older than -age

release <command> -help prints its flags.
`

// options are the flags of all commands.
type options struct {
	version, root, dir, images, registry, page string
	age                                        time.Duration
}

func run(ctx context.Context, args []string, p process) error {
	if len(args) == 0 {
		fmt.Fprint(p.errs, usage)
		return errors.New("which command?")
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		fmt.Fprint(p.out, usage)
		return nil
	}
	command, ok := commands()[args[0]]
	if !ok {
		fmt.Fprint(p.errs, usage)
		return fmt.Errorf("unknown command %q", args[0])
	}
	o, err := parse(args, p.errs)
	if err != nil {
		return err
	}
	return command(ctx, o, p)
}

func parse(args []string, errs io.Writer) (o options, err error) {
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.version, "version", "", "`version` of the release, without v; of a snapshot the hash of its commit")
	flags.StringVar(&o.root, "root", ".", "`directory` of the repository")
	flags.StringVar(&o.dir, "dir", "", "`directory` with the files of the release")
	flags.StringVar(&o.images, "images", "bin/images", "`directory` with the layouts of the images")
	flags.StringVar(&o.registry, "registry", "", "where the images are, `without` their names")
	flags.StringVar(&o.page, "page", "core/docs/compatibility.md", "the compatibility page, a `file`")
	flags.DurationVar(&o.age, "age", 90*24*time.Hour, "how `old` a version may become")
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q; see release %s -help", flags.Arg(0), args[0])
	}
	return o, nil
}
