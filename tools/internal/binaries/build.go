// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// build is one run of go build for some programs of a set.
type build struct {
	set    Set
	module module
	opts   Options
}

func (b build) run(ctx context.Context, programs []Program) (err error) {
	aside, err := os.MkdirTemp(b.opts.Out, ".building-")
	if err != nil {
		return fmt.Errorf("build %s: %w", b.set.Name, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(aside)) }()

	packages := make([]string, 0, len(programs))
	for _, p := range programs {
		packages = append(packages, p.Package)
	}
	total, err := b.count(ctx, packages)
	if err != nil {
		return err
	}
	if err := b.compile(ctx, packages, aside, total); err != nil {
		return err
	}
	for _, p := range programs {
		if err := b.install(p, aside); err != nil {
			return err
		}
	}
	return nil
}

// count returns how many packages the build has, downloading their modules.
func (b build) count(ctx context.Context, packages []string) (int, error) {
	var list strings.Builder
	report := newReport(b.opts.Progress, b.set.Name+": modules downloaded", 0)
	cmd := goCommand(ctx, b.module.dir, append([]string{"list", "-deps", "-f", "{{.ImportPath}}"}, packages...)...)
	cmd.Stdout = &list
	if err := report.watch(cmd, isDownload); err != nil {
		return 0, fmt.Errorf("list the packages of %s: %w", b.set.Name, err)
	}
	return strings.Count(list.String(), "\n"), nil
}

func (b build) compile(ctx context.Context, packages []string, aside string, total int) error {
	report := newReport(b.opts.Progress, b.set.Name+": packages compiled", total)
	args := append([]string{"build", "-v", "-o", aside + string(filepath.Separator), "-ldflags", b.module.ldflags}, packages...)
	cmd := goCommand(ctx, b.module.dir, args...)
	cmd.Stdout = io.Discard
	if err := report.watch(cmd, isPackage); err != nil {
		return fmt.Errorf("build %s: %w", b.set.Name, err)
	}
	return nil
}

// install moves a finished program to its place and stamps it. The stamp is a new file,
// as the program is: the old one may be linked into another checkout, whose program is
// not this one.
func (b build) install(p Program, aside string) error {
	if err := os.Rename(filepath.Join(aside, cmp.Or(p.Built, p.Name)), filepath.Join(b.opts.Out, p.Name)); err != nil {
		return fmt.Errorf("install %s: %w", p.Name, err)
	}
	stamp := filepath.Join(aside, p.Name+".stamp")
	if err := os.WriteFile(stamp, []byte(b.module.key+"\n"), 0o644); err != nil {
		return fmt.Errorf("stamp %s: %w", p.Name, err)
	}
	if err := os.Rename(stamp, stampPath(b.opts.Out, p.Name)); err != nil {
		return fmt.Errorf("stamp %s: %w", p.Name, err)
	}
	return nil
}
