// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// startOf returns the boot's ID and the clock ticks from boot to the start of
// the process.
func startOf(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if gone(err) {
		return "", ErrGone
	}
	if err != nil {
		return "", fmt.Errorf("read the start time of process %d: %w", pid, err)
	}
	// The second field is the program's name in parentheses and may hold
	// anything, so counting starts behind the last parenthesis: there stand
	// the state (field 3) and, 19 further on, the start time (field 22).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return "", fmt.Errorf("read the start time of process %d: unknown format %q", pid, stat)
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return "", ErrGone
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot's ID: %w", err)
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19], nil
}

// running returns the IDs of all processes.
func running() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// executable returns the path under which the process was started (its
// argument 0), or ErrGone.
func executable(pid int) (string, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if gone(err) {
		return "", ErrGone
	}
	if err != nil {
		return "", fmt.Errorf("read the command line of process %d: %w", pid, err)
	}
	name, _, _ := strings.Cut(string(line), "\x00")
	return name, nil
}

func gone(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) }
