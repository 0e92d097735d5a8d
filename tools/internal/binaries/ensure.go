// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"karpenter.sh/tools/internal/flock"
)

// Options say where things are.
type Options struct {
	// Root is the directory that Set.Module is relative to.
	Root string
	// Out is the output directory; it is created.
	Out string
	// Assets is a directory of binaries to use in place of own builds; empty
	// means none, and so does the output directory itself.
	Assets string
	// Progress receives what a person watching wants to know.
	Progress io.Writer
}

// Ensure makes every program of the set available in the output directory.
// When all is in place it costs a hash over a few files.
func Ensure(ctx context.Context, set Set, opts Options) error {
	release, err := flock.Acquire(filepath.Join(opts.Out, ".stamps", set.Name+".lock"), opts.Progress)
	if err != nil {
		return err
	}
	return errors.Join(ensure(ctx, set, opts), release())
}

func ensure(ctx context.Context, set Set, opts Options) error {
	module, err := readModule(ctx, set, opts.Root)
	if err != nil {
		return err
	}
	found, err := observe(set, opts)
	if err != nil {
		return err
	}
	steps := Plan(set, module.key, found)
	if steps.Empty() {
		return nil
	}
	start := time.Now()
	if len(steps.Build) > 0 {
		b := build{set: set, module: module, opts: opts}
		if err := b.run(ctx, steps.Build); err != nil {
			return err
		}
	}
	for name, target := range steps.Link {
		if err := link(filepath.Join(opts.Out, name), target); err != nil {
			return err
		}
	}
	fmt.Fprintf(opts.Progress, "%s: ready in %s\n", set.Name, elapsed(time.Since(start)))
	return nil
}

// observe reads what Plan wants to know from the disk.
func observe(set Set, opts Options) (Found, error) {
	found := Found{AssetsDir: opts.Assets, Assets: map[string]bool{}, Stamps: map[string]string{}, Links: map[string]string{}}
	if found.AssetsDir != "" && sameFile(found.AssetsDir, opts.Out) {
		found.AssetsDir = ""
	}
	for _, p := range set.Programs {
		for _, name := range p.names() {
			if found.AssetsDir != "" && executable(filepath.Join(found.AssetsDir, name)) {
				found.Assets[name] = true
			}
			if target, err := os.Readlink(filepath.Join(opts.Out, name)); err == nil {
				found.Links[name] = target
			}
		}
		if err := readStamp(p.Name, opts.Out, found.Stamps); err != nil {
			return Found{}, err
		}
	}
	return found, nil
}

func readStamp(name, out string, stamps map[string]string) error {
	info, err := os.Lstat(filepath.Join(out, name))
	if err != nil || !info.Mode().IsRegular() {
		return nil //nolint:nilerr // an output that is not there has no stamp
	}
	stamp, err := os.ReadFile(stampPath(out, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the stamp of %s: %w", name, err)
	}
	stamps[name] = strings.TrimSpace(string(stamp))
	return nil
}

func stampPath(out, name string) string { return filepath.Join(out, ".stamps", name) }

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// link replaces whatever is at path by a symbolic link.
func link(path, target string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	if err := os.Symlink(target, path); err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	return nil
}
