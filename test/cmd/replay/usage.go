// SPDX-License-Identifier: Apache-2.0

package main

import (
	"syscall"
	"time"
)

// cpu is how much processor time the program has taken; other programs do not slow
// it down.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
