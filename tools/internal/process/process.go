// SPDX-License-Identifier: Apache-2.0

// Package process names running processes so that one can be stopped long
// after it was started, by another program, without ever hitting a stranger.
//
// # What it decides or holds
//
// An [Identity] is a process ID together with the moment its process started.
// Process IDs are reused; the pair is not.
//
// # What it never does
//
// It does not look for processes by name, only by the path of a program inside
// a directory that the caller owns, and signals nothing whose identity does not
// match.
//
// # Where to start reading
//
// [Of], [Under], [Identity.Alive], [Identity.Stop].
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrGone says that no process has this ID, or that it has ended already and
// only waits for its parent to notice.
var ErrGone = errors.New("no such process")

// pollInterval is how often Stop looks whether the process has ended.
const pollInterval = 20 * time.Millisecond

// Identity tells one process from all others on this machine. The zero value
// names none.
type Identity struct {
	// PID is the process ID.
	PID int `json:"pid"`
	// Started tells when the process started, in a form that only this
	// package reads; it differs across reboots too.
	Started string `json:"started"`
}

// Of returns the identity of the process that has the ID now, or ErrGone.
func Of(pid int) (Identity, error) {
	if pid <= 0 {
		return Identity{}, ErrGone
	}
	started, err := startOf(pid)
	if err != nil {
		return Identity{}, err
	}
	return Identity{PID: pid, Started: started}, nil
}

// Under returns the processes that were started from a program inside the
// directory, an absolute path, by the program's base name. Of several with one
// name, all are returned.
func Under(dir string) (map[string][]Identity, error) {
	pids, err := running()
	if err != nil {
		return nil, fmt.Errorf("list the running processes: %w", err)
	}
	prefix := filepath.Clean(dir) + string(filepath.Separator)
	found := map[string][]Identity{}
	for _, pid := range pids {
		program, err := executable(pid)
		if err != nil || !strings.HasPrefix(program, prefix) {
			continue // gone, another user's, or none of ours
		}
		if id, err := Of(pid); err == nil {
			found[filepath.Base(program)] = append(found[filepath.Base(program)], id)
		}
	}
	return found, nil
}

// Alive reports whether this very process still runs.
func (id Identity) Alive() bool {
	now, err := Of(id.PID)
	return err == nil && now == id
}

// Stop asks the process to terminate, kills it when it is still there after
// the grace period (at once if that is 0), and returns when it is gone. A
// process that is gone already is success.
func (id Identity) Stop(ctx context.Context, grace time.Duration) error {
	if grace > 0 {
		if err := id.signal(syscall.SIGTERM); err != nil {
			return err
		}
		if id.waitGone(ctx, grace) {
			return nil
		}
	}
	if err := id.signal(syscall.SIGKILL); err != nil {
		return err
	}
	if !id.waitGone(ctx, 5*time.Second) {
		return fmt.Errorf("process %d is still there after it was killed", id.PID)
	}
	return nil
}

// signal sends to this process only: the handle is taken before the identity
// is compared, and it stays with the process even if the ID is reused.
func (id Identity) signal(sig syscall.Signal) error {
	handle, err := os.FindProcess(id.PID)
	if err != nil {
		return fmt.Errorf("find process %d: %w", id.PID, err)
	}
	if !id.Alive() {
		return nil
	}
	if err := handle.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %s to process %d: %w", sig, id.PID, err)
	}
	return nil
}

func (id Identity) waitGone(ctx context.Context, limit time.Duration) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return false
		case <-deadline.C:
			return !id.Alive()
		case <-time.After(pollInterval):
		}
	}
	return true
}
