// SPDX-License-Identifier: Apache-2.0

package flock_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"karpenter.sh/tools/internal/flock"
)

// lines hands every write to the test.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestAcquireWaitsForTheHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "lock")
	release, err := flock.Acquire(path, lines(nil))
	if err != nil {
		t.Fatal(err)
	}
	said, acquired := make(lines), make(chan error)
	go func() {
		second, err := flock.Acquire(path, said)
		if err == nil {
			err = second()
		}
		acquired <- err
	}()
	if line := <-said; !strings.Contains(line, path) {
		t.Errorf("it waits without saying for what: %q", line)
	}
	select {
	case <-acquired:
		t.Error("two hold the lock")
	case <-time.After(20 * time.Millisecond):
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if err := <-acquired; err != nil {
		t.Errorf("the second never got it: %v", err)
	}
}
