// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
	"k8s.io/utils/clock"

	"karpenter.sh/core/reconcile/pause"
	"karpenter.sh/providers/proxmox/hostagent/host"
)

// Watcher watches the directory of processes. All are required.
type Watcher struct {
	Dir   string
	Clock clock.Clock
	Log   *slog.Logger
}

// Watch tells of changes until the context ends. Where the directory cannot be watched, as
// while it does not exist, any machine may have changed now and then, and once it can be.
func (w Watcher) Watch(ctx context.Context, changes chan<- Change) {
	blind := false
	for wait := firstRetry; ctx.Err() == nil; wait = min(2*wait, lastRetry) {
		watched, err := w.watch(ctx, changes)
		if ctx.Err() != nil {
			return
		}
		if watched {
			wait = firstRetry
		} else if !blind { // once, not with each attempt
			w.Log.Warn("The directory of processes cannot be watched: its machines are looked at now and then", "dir", w.Dir, "err", err)
		}
		blind = !watched
		if !pause.For(ctx, w.Clock, wait) || !tell(ctx, changes, Change{All: true}) {
			return
		}
	}
}

func tell(ctx context.Context, changes chan<- Change, c Change) bool {
	select {
	case <-ctx.Done():
		return false
	case changes <- c:
		return true
	}
}

var errMoved = errors.New("the directory was removed")

// watch watches until that ends; the result says whether it ever began.
func (w Watcher) watch(ctx context.Context, changes chan<- Change) (bool, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return false, fmt.Errorf("watching files: %w", err)
	}
	defer watcher.Close() //nolint:errcheck // nothing was written
	dir := filepath.Clean(w.Dir)
	if err := watcher.Add(dir); err != nil {
		return false, fmt.Errorf("watching %s: %w", dir, err)
	}
	if !tell(ctx, changes, Change{All: true}) { // what changed before
		return true, nil
	}
	for {
		var change Change
		select {
		case <-ctx.Done():
			return true, nil
		case err := <-watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return true, fmt.Errorf("watching %s: %w", dir, err)
			}
			change.All = true // too many at once: some were lost
		case event := <-watcher.Events:
			if event.Name == dir && event.Has(fsnotify.Remove|fsnotify.Rename) {
				return true, errMoved
			}
			id, is := host.MachineOf(filepath.Base(event.Name))
			if !is || event.Op == fsnotify.Chmod {
				continue
			}
			change.Machine = id
		}
		if !tell(ctx, changes, change) {
			return true, nil
		}
	}
}
