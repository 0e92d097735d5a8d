// SPDX-License-Identifier: Apache-2.0

// Package flock keeps two runs of one tool from working on the same directory
// at once. The lock belongs to the process: the kernel drops it when the
// process ends, however it ends, so a lock file left behind never blocks.
package flock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Acquire takes the lock on path, creating the file and its directory. While
// another process holds it, Acquire says so on out once and waits. The caller
// releases it with the returned function or by ending.
func Acquire(path string, out io.Writer) (release func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("create the directory of lock %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock %s: %w", path, err)
	}
	if err := lock(file, out); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	return file.Close, nil
}

func lock(file *os.File, out io.Writer) error {
	fd := int(file.Fd())
	err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	fmt.Fprintf(out, "waiting: another run holds %s\n", file.Name())
	return syscall.Flock(fd, syscall.LOCK_EX)
}
