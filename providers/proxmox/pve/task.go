// SPDX-License-Identifier: Apache-2.0

package pve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// taskInterval is how often a task is asked about (PVE-012).
const taskInterval = time.Second

// The time that tasks are given (PVE-012).
const (
	// LimitMake is for clones, configurations and new machines.
	LimitMake = 5 * time.Minute
	// LimitPower is for starting, stopping, deleting and conversion to a template.
	LimitPower = time.Minute
	// LimitUpload is for media.
	LimitUpload = time.Minute
	// LimitDownload is for images.
	LimitDownload = 30 * time.Minute
	// LimitStop is for ending a task before its time.
	LimitStop = 15 * time.Second
)

// ErrTaskTimeout means that a task still runs: what it does may still come.
var ErrTaskTimeout = errors.New("the task still runs")

// wait waits for a task. The error is a TaskError if it failed, or wraps ErrTaskTimeout.
// A read that fails is tried again until then: another member of the cluster may not know
// the task yet (PVE-221).
func (c *Client) wait(ctx context.Context, upid string, limit time.Duration) error {
	host, err := taskHost(upid)
	if err != nil {
		return err
	}
	deadline := c.clock.Now().Add(limit)
	for {
		var state struct {
			Status string `json:"status"`
			Exit   string `json:"exitstatus"`
		}
		err := c.get(ctx, path("nodes", host, "tasks", upid, "status"), nil, &state)
		switch {
		case err == nil && state.Status == "stopped" && succeeded(state.Exit):
			return nil
		case err == nil && state.Status == "stopped":
			return &TaskError{Task: upid, Exit: state.Exit}
		case !c.clock.Now().Before(deadline):
			return fmt.Errorf("task %s after %s: %w", upid, limit, errors.Join(ErrTaskTimeout, err))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("task %s: %w", upid, errors.Join(ErrTaskTimeout, context.Cause(ctx)))
		case <-c.clock.After(taskInterval):
		}
	}
}

// stop ends a task that still runs, also for callers that have gone, and waits until it has
// ended: what it does may come until then.
func (c *Client) stop(ctx context.Context, upid string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LimitStop)
	defer cancel()
	host, err := taskHost(upid)
	if err == nil {
		err = c.delete(ctx, path("nodes", host, "tasks", upid), nil, nil)
	}
	if err == nil {
		err = c.wait(ctx, upid, LimitStop)
	}
	if stopped := (*TaskError)(nil); err != nil && !errors.As(err, &stopped) {
		return fmt.Errorf("stopping task %s: %w", upid, err)
	}
	return nil
}

// succeeded reports whether a task ended well: warnings do not count.
func succeeded(exit string) bool { return exit == "OK" || strings.HasPrefix(exit, "WARNINGS: ") }

// taskHost is the host that a task runs on: UPID:<host>:...
func taskHost(upid string) (string, error) {
	parts := strings.SplitN(upid, ":", 3)
	if len(parts) != 3 || parts[0] != "UPID" || parts[1] == "" {
		return "", fmt.Errorf("%q is no ID of a task", upid)
	}
	return parts[1], nil
}
