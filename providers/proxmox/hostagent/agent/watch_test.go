// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"

	"karpenter.sh/providers/proxmox/hostagent/agent"
)

// watching watches a directory and returns what tells the next change that it takes.
func watching(t *testing.T, dir string, c clock.Clock) func() agent.Change {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	changes, ended := make(chan agent.Change), make(chan struct{})
	go func() {
		agent.Watcher{Dir: dir, Clock: c, Log: slog.New(slog.DiscardHandler)}.Watch(ctx, changes)
		close(ended)
	}()
	t.Cleanup(func() {
		end()
		<-ended // PVE-120: it ends with its context, whatever it waits for
	})
	return func() agent.Change {
		t.Helper()
		select {
		case change := <-changes:
			return change
		case <-time.After(30 * time.Second):
			t.Fatal("no change was told")
			return agent.Change{}
		}
	}
}

// PVE-121: the file of a process that comes, changes or goes is told, and no other file.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	next := watching(t, dir, clock.RealClock{})
	if got := next(); !got.All {
		t.Fatalf("what was there before: %+v", got)
	}
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("100.qmp")
	write("100.pid.tmp")
	write("100.pid")
	if got := next(); got != (agent.Change{Machine: 100}) {
		t.Errorf("got %+v", got)
	}
	write("101.pid")
	for next() != (agent.Change{Machine: 101}) {
		continue // 100 was created, then written
	}
	if err := os.Remove(filepath.Join(dir, "100.pid")); err != nil {
		t.Fatal(err)
	}
	for next() != (agent.Change{Machine: 100}) {
		continue // 101 was
	}
}

// PVE-121: a directory that comes later, or anew, is watched then.
func TestWatchLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "qemu-server")
	clock := testclock.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	next := watching(t, dir, clock)
	asleep := func() {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); !clock.HasWaiters(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("nothing waits")
			}
		}
	}
	asleep()
	clock.Step(time.Minute)
	if got := next(); !got.All {
		t.Errorf("while it cannot be watched any may change: %+v", got)
	}
	for range 2 {
		asleep()
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		clock.Step(time.Minute)
		if first, second := next(), next(); !first.All || !second.All {
			t.Errorf("got %+v, %+v", first, second)
		}
		if err := os.WriteFile(filepath.Join(dir, "100.pid"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := next(); got.Machine != 100 {
			t.Errorf("got %+v", got)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if got := next(); got.Machine != 100 {
			t.Errorf("got %+v", got)
		}
	}
}
