// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// commands are what the program does, by name.
func commands() map[string]func(context.Context, options, process) error {
	return map[string]func(context.Context, options, process) error{
		"check": func(ctx context.Context, o options, _ process) error {
			return check(ctx, repository{dir: o.root}, o.version)
		},
		"charts": func(_ context.Context, o options, _ process) error { return charts(o) },
		"page":   func(_ context.Context, o options, _ process) error { return page(o) },
		"notes": func(ctx context.Context, o options, p process) error {
			return writeNotes(ctx, repository{dir: o.root}, o.version, p.out)
		},
		"checksums": func(_ context.Context, o options, _ process) error { return checksums(o) },
		"chart":     func(_ context.Context, o options, p process) error { return printChart(o, p.out) },
		"branch":    func(_ context.Context, o options, p process) error { return printBranch(o, p.out) },
		"expired":   func(_ context.Context, o options, p process) error { return printExpired(o, p) },
	}
}

// check says why no release or snapshot of this version can be made of the tree.
func check(ctx context.Context, r repository, version string) error {
	if _, err := chartVersion(version); err != nil {
		return err
	}
	changed, err := r.changes(ctx)
	if err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("the tree has changes that are not committed, so nobody could build this release again:\n%s", changed)
	}
	if isCommit(version) {
		head, err := r.head(ctx)
		if err == nil && head != version {
			return fmt.Errorf("the tree is commit %s, not %s", head, version)
		}
		return err
	}
	tag := "v" + version
	tagged, err := r.tagged(ctx, tag)
	if err != nil {
		return err
	}
	if !tagged {
		return fmt.Errorf("the tree is not tagged %s, so nobody could find what this release was built from", tag)
	}
	return checkGuide(ctx, r, version)
}

// checkGuide sees that a release that breaks something says in the upgrade guide what to do
// about it (OPS-260). The first release has none before it that anybody could upgrade.
func checkGuide(ctx context.Context, r repository, version string) error {
	v, err := parseVersion(version)
	if err != nil {
		return err
	}
	before, err := r.releaseBefore(ctx, v)
	if err != nil || before == "" {
		return err
	}
	commits, err := r.commits(ctx, before)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(commits, func(c commit) bool { return c.Breaking != "" })
	if i < 0 {
		return nil
	}
	guide := filepath.Join(r.dir, "core", "docs", "upgrade.md")
	text, err := os.ReadFile(guide)
	if err != nil {
		return fmt.Errorf("reading the upgrade guide: %w", err)
	}
	heading := fmt.Sprintf("## Upgrading to %d.%d.0+\n", v.numbers[0], v.numbers[1])
	if !strings.Contains(string(text), "\n"+heading) {
		return fmt.Errorf("%s has no section %q, but commit %s breaks something: %s", guide, strings.TrimSpace(heading), commits[i].Hash, commits[i].Breaking)
	}
	return nil
}

func charts(o options) error {
	chart, err := chartVersion(o.version)
	if err != nil {
		return err
	}
	return writeCharts(published{root: o.root, images: o.images, registry: o.registry, version: o.version, chart: chart})
}

func page(o options) error {
	v, err := parseVersion(o.version)
	if err != nil {
		return err
	}
	return addRelease(o.page, v)
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

func checksums(o options) error {
	if o.dir == "" {
		return errors.New("-dir is needed: where the files of the release are")
	}
	return writeChecksums(o.dir)
}

func printChart(o options, out io.Writer) error {
	chart, err := chartVersion(o.version)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, chart)
	return err
}

func printBranch(o options, out io.Writer) error {
	v, err := parseVersion(o.version)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, v.branch())
	return err
}

func printExpired(o options, p process) error {
	all, err := readStored(p.in)
	if err != nil {
		return err
	}
	for _, s := range expired(all, p.now.Add(-o.age)) {
		if _, err := fmt.Fprintln(p.out, s.ID); err != nil {
			return err
		}
	}
	return nil
}
