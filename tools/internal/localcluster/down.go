// SPDX-License-Identifier: Apache-2.0

package localcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"karpenter.sh/tools/internal/flock"
	"karpenter.sh/tools/internal/process"
)

// controllerGrace lets the controller give its lease back.
const controllerGrace = 5 * time.Second

// DownOptions say what Down should take down.
type DownOptions struct {
	Layout
	// KeepLogs is a directory that the logs are moved to; empty drops them.
	KeepLogs string
	// Out receives progress.
	Out io.Writer
}

// Down stops every process of the cluster and removes its directory. There
// being no such cluster is success.
func Down(ctx context.Context, opts DownOptions) error {
	if err := opts.Validate(); err != nil {
		return err
	}
	release, err := flock.Acquire(opts.lock(), opts.Out)
	if err != nil {
		return err
	}
	return errors.Join(down(ctx, opts), release())
}

func down(ctx context.Context, opts DownOptions) error {
	if _, err := os.Stat(opts.Dir()); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(opts.Out, "cluster %s: there is none\n", opts.Name)
		return nil
	}
	if opts.KeepLogs != "" {
		if err := exportLogs(ctx, opts.Layout); err != nil { // which must not keep the cluster up
			fmt.Fprintf(opts.Out, "cluster %s: %v\n", opts.Name, err)
		}
	}
	if err := stop(ctx, opts.Layout); err != nil {
		return err
	}
	if opts.KeepLogs != "" {
		if err := keepLogs(opts.Layout, opts.KeepLogs); err != nil {
			return err
		}
	}
	if err := clearDir(opts.Layout); err != nil {
		return err
	}
	fmt.Fprintf(opts.Out, "cluster %s: stopped and removed\n", opts.Name)
	return nil
}

// remove stops what there is of a cluster and clears its directory.
func remove(ctx context.Context, layout Layout) error {
	if err := stop(ctx, layout); err != nil {
		return err
	}
	return clearDir(layout)
}

func clearDir(layout Layout) error {
	if err := os.RemoveAll(layout.Dir()); err != nil {
		return fmt.Errorf("remove cluster %s: %w", layout.Name, err)
	}
	return nil
}

// stop ends every process that was started from a program in the cluster's
// directory, on record or left by an unfinished start. The components get no
// grace: nothing of theirs is kept.
func stop(ctx context.Context, layout Layout) error {
	found, err := process.Under(layout.Dir())
	if err != nil {
		return err
	}
	for _, p := range providers() {
		for _, id := range found[p.controller] {
			if err := id.Stop(ctx, controllerGrace); err != nil {
				return fmt.Errorf("stop the controller of cluster %s: %w", layout.Name, err)
			}
		}
	}
	if err := kill(ctx, slices.Concat(slices.Collect(maps.Values(found))...)); err != nil {
		return fmt.Errorf("stop cluster %s: %w", layout.Name, err)
	}
	return stopKind(ctx, layout)
}

func kill(ctx context.Context, all []process.Identity) error {
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, id := range all {
		group.Go(func() { errs[i] = id.Stop(ctx, 0) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// keepLogs moves the logs of a stopped cluster to dir, replacing older ones.
func keepLogs(layout Layout, dir string) error {
	logs := filepath.Dir(layout.Log("any"))
	if _, err := os.Stat(logs); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("replace the logs in %s: %w", dir, err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("keep the logs of cluster %s: %w", layout.Name, err)
	}
	if err := os.Rename(logs, dir); err != nil {
		return fmt.Errorf("keep the logs of cluster %s: %w", layout.Name, err)
	}
	return nil
}
