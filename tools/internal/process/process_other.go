// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package process

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// startOf returns the date and time at which the process started.
func startOf(pid int) (string, error) {
	state, err := ps(pid, "state=")
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(state, "Z") {
		return "", ErrGone
	}
	return ps(pid, "lstart=")
}

// running returns the IDs of all processes.
func running() ([]int, error) {
	out, err := exec.Command("ps", "-axo", "pid=").Output()
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, field := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// executable returns the path under which the process was started (its
// argument 0), or ErrGone.
func executable(pid int) (string, error) {
	line, err := ps(pid, "command=")
	name, _, _ := strings.Cut(line, " ")
	return name, err
}

func ps(pid int, column string) (string, error) {
	out, err := exec.Command("ps", "-o", column, "-p", strconv.Itoa(pid)).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", ErrGone
	}
	if err != nil {
		return "", fmt.Errorf("look up process %d: %w", pid, err)
	}
	return strings.TrimSpace(string(out)), nil
}
