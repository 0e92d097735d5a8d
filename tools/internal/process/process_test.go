// SPDX-License-Identifier: Apache-2.0

package process_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"karpenter.sh/tools/internal/process"
)

// start runs a program that sleeps, and reaps it when it ends.
func start(t *testing.T, name string, args ...string) process.Identity {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	id, err := process.Of(cmd.Process.Pid)
	if err != nil {
		t.Fatalf("identify %s: %v", name, err)
	}
	reaped := make(chan struct{})
	go func() { defer close(reaped); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-reaped })
	return id
}

func TestStopEndsTheProcess(t *testing.T) {
	tests := []struct {
		reason string
		grace  time.Duration
		script string
	}{
		{"a process that obeys ends within the grace period", 5 * time.Second, "sleep 60"},
		{"a process that ignores the request is killed", 50 * time.Millisecond, "trap '' TERM; while :; do sleep 0.1; done"},
		{"without grace it is killed at once", 0, "trap '' TERM; while :; do sleep 0.1; done"},
	}
	for _, tc := range tests {
		t.Run(tc.reason, func(t *testing.T) {
			id := start(t, "sh", "-c", tc.script)
			if !id.Alive() {
				t.Fatal("not alive right after its start")
			}
			if err := id.Stop(t.Context(), tc.grace); err != nil {
				t.Fatalf("stop: %v", err)
			}
			if id.Alive() {
				t.Error("alive after Stop")
			}
		})
	}
}

func TestStopLeavesStrangersAlone(t *testing.T) {
	running := start(t, "sleep", "60")
	stale := process.Identity{PID: running.PID, Started: "long ago"}
	if stale.Alive() {
		t.Error("another process with the same ID counts as this one")
	}
	if err := stale.Stop(t.Context(), 0); err != nil {
		t.Errorf("stop of a process that is gone: %v", err)
	}
	if !running.Alive() {
		t.Error("a stranger with a reused ID was killed")
	}
}

func TestOfReportsProcessesThatAreGone(t *testing.T) {
	if _, err := process.Of(0); !errors.Is(err, process.ErrGone) {
		t.Errorf("Of(0) = %v, want ErrGone", err)
	}
	id := start(t, "sleep", "60")
	if err := id.Stop(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := process.Of(id.PID); !errors.Is(err, process.ErrGone) {
		t.Errorf("Of(ended) = %v, want ErrGone", err)
	}
}

func TestUnderFindsProcessesByTheDirectoryOfTheirProgram(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mine, other := filepath.Join(dir, "mine"), filepath.Join(dir+"-other", "mine")
	for _, link := range []string{mine, other} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(sleep, link)); err != nil {
			t.Fatal(err)
		}
	}
	want := start(t, mine, "60")
	start(t, other, "60") // its directory only begins with the same letters
	found, err := process.Under(dir)
	if err != nil || len(found) != 1 || !slices.Equal(found["mine"], []process.Identity{want}) {
		t.Errorf("Under = %v, %v, want mine: %v", found, err, want)
	}
}
