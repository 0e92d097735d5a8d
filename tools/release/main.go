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
)

func main() { os.Exit(status(os.Args[1:])) }

// status runs the command until it is interrupted, tells what went wrong, and returns
// the exit status.
func status(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, args, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "release:", err)
		return 1
	}
	return 0
}

const usage = `usage: release <command> [flags]

  check      refuses versions that are none, and trees with changes or without the tag
  notes      prints the notes of a release
  checksums  writes SHA256SUMS of all files of a directory into it

release <command> -help prints its flags.
`

func run(ctx context.Context, args []string, out, errs io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(errs, usage)
		return errors.New("which command? check, notes or checksums")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(errs)
	version := flags.String("version", "", "`version` of the release, without v")
	root := flags.String("root", ".", "`directory` of the repository")
	dir := flags.String("dir", "", "`directory` with the files of the release")
	switch args[0] {
	case "-h", "-help", "--help", "help":
		fmt.Fprint(out, usage)
		return nil
	case "check", "notes", "checksums":
	default:
		return fmt.Errorf("unknown command %q: check, notes or checksums", args[0])
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q; see release %s -help", flags.Arg(0), args[0])
	}
	repository := repository{dir: *root}
	switch args[0] {
	case "check":
		return check(ctx, repository, *version)
	case "notes":
		return writeNotes(ctx, repository, *version, out)
	}
	if *dir == "" {
		return errors.New("-dir is needed: where the files of the release are")
	}
	return writeChecksums(*dir)
}

// check says why no release of this version can be made of the tree.
func check(ctx context.Context, r repository, version string) error {
	if _, err := parseVersion(version); err != nil {
		return err
	}
	changed, err := r.changes(ctx)
	if err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("the tree has changes that are not committed, so nobody could build this release again:\n%s", changed)
	}
	tag := "v" + version
	tagged, err := r.tagged(ctx, tag)
	if err == nil && !tagged {
		return fmt.Errorf("the tree is not tagged %s, so nobody could find what this release was built from", tag)
	}
	return err
}

func writeNotes(ctx context.Context, r repository, version string, out io.Writer) error {
	v, err := parseVersion(version)
	if err != nil {
		return err
	}
	before, err := r.releaseBefore(ctx, v)
	if err != nil {
		return err
	}
	commits, err := r.commits(ctx, before)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, notes(release{Version: version, Before: before, Commits: commits}))
	return err
}
