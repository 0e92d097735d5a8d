// SPDX-License-Identifier: Apache-2.0

package installation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Kill ends the controller as a crash would, and returns when it answers no
// more.
func (i *Installation) Kill(ctx context.Context) error {
	if !i.Local() {
		return fmt.Errorf("kill the controller: %w", ErrNotLocal)
	}
	c, err := i.controller()
	if err != nil {
		return err
	}
	if err := healthy(ctx, c.ProbeURL); err != nil {
		return fmt.Errorf("kill the controller: it is not up: %w", err)
	}
	if c.Process.PID <= 0 { // which would signal every process of a group
		return errors.New("kill the controller: no process is on record")
	}
	if err := syscall.Kill(c.Process.PID, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the controller: %w", err)
	}
	for healthy(ctx, c.ProbeURL) == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("kill the controller: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// Start starts the controller with the settings it had, and extra ones in the
// form NAME=value; one that runs is replaced. It returns when the probe answers.
func (i *Installation) Start(ctx context.Context, extra ...string) error {
	r, err := i.read()
	if err != nil {
		return err
	}
	args := []string{"run", "./tools/cluster", "restart", "-name", r.Name}
	for _, setting := range r.settings(extra) {
		args = append(args, "-env", setting)
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = i.root, &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("start the controller: %w\n%s", err, output.String())
	}
	return nil
}

// Ensure restarts the controller unless it runs with the settings already.
func (i *Installation) Ensure(ctx context.Context, settings ...string) error {
	c, err := i.controller()
	if err != nil {
		return err
	}
	have := byName(c.Env)
	missing := slices.ContainsFunc(settings, func(s string) bool {
		name, value, _ := strings.Cut(s, "=")
		return have[name] != value
	})
	if !missing && healthy(ctx, c.ProbeURL) == nil {
		return nil
	}
	return i.Start(ctx, settings...)
}

// settings are the recorded ones with the extra ones on top, sorted.
func (r record) settings(extra []string) []string {
	var recorded []string
	if r.Controller != nil {
		recorded = r.Controller.Env
	}
	merged := byName(slices.Concat(recorded, extra))
	delete(merged, "KUBECONFIG") // tools/cluster sets it
	out := make([]string, 0, len(merged))
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		out = append(out, name+"="+merged[name])
	}
	return out
}

// byName maps names to values; of several entries the last wins.
func byName(env []string) map[string]string {
	out := map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		out[name] = value
	}
	return out
}

func healthy(ctx context.Context, probeURL string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, probeURL+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", probeURL, response.Status)
	}
	return nil
}
