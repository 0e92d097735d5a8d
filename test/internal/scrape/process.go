// SPDX-License-Identifier: Apache-2.0

package scrape

import "time"

// Usage is what a process used between two snapshots.
type Usage struct {
	// CPU is processor time spent, Elapsed the time that passed meanwhile.
	CPU, Elapsed time.Duration
	// Memory is the resident memory at the end, in bytes.
	Memory int64
}

// Cores is the mean number of processors kept busy.
func (u Usage) Cores() float64 {
	if u.Elapsed <= 0 {
		return 0
	}
	return u.CPU.Seconds() / u.Elapsed.Seconds()
}

// UsageBetween compares two snapshots of one process. It is false if the later
// one comes from another process, whose counter began anew, or from a platform
// that does not report on processes.
func UsageBetween(from, to Snapshot) (Usage, bool) {
	before, hadBefore := from.Sum("process_cpu_seconds_total", nil)
	after, hasAfter := to.Sum("process_cpu_seconds_total", nil)
	memory, hasMemory := to.Sum("process_resident_memory_bytes", nil)
	if !hadBefore || !hasAfter || !hasMemory || after < before {
		return Usage{}, false
	}
	return Usage{
		CPU:     time.Duration((after - before) * float64(time.Second)),
		Elapsed: to.At.Sub(from.At),
		Memory:  int64(memory),
	}, true
}
