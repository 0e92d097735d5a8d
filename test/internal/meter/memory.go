// SPDX-License-Identifier: Apache-2.0

package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"karpenter.sh/test/internal/scrape"
)

// How often memory is looked at: the system answers at once, but metrics cost the
// process that is measured tens of milliseconds.
const (
	often  = 200 * time.Millisecond
	seldom = 5 * time.Second
)

// watchMemory returns the most resident memory seen until the context ends.
func (p Process) watchMemory(ctx context.Context) (peak int64) {
	look, every := func() (int64, bool) { return resident(p.PID) }, often
	if _, ok := look(); !ok {
		look, every = func() (int64, bool) { return p.reported(ctx) }, seldom
	}
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		if now, ok := look(); ok {
			peak = max(peak, now)
		}
		select {
		case <-ctx.Done():
			return peak
		case <-ticks.C:
		}
	}
}

// resident reads the resident memory of a process in bytes; false where the system
// does not tell.
func resident(pid int) (int64, bool) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(content), &size, &pages); err != nil {
		return 0, false
	}
	return pages * int64(os.Getpagesize()), true
}

// Gone tells that the process has ended; false where that cannot be known.
func (p Process) Gone() bool {
	return p.PID > 0 && errors.Is(syscall.Kill(p.PID, 0), syscall.ESRCH)
}

func (p Process) reported(ctx context.Context) (int64, bool) {
	now, err := scrape.Fetch(ctx, p.MetricsURL)
	if err != nil {
		return 0, false
	}
	memory, ok := now.Sum("process_resident_memory_bytes", nil)
	return int64(memory), ok
}
