// SPDX-License-Identifier: Apache-2.0

package host

import (
	"golang.org/x/sys/unix"
	"k8s.io/utils/cpuset"
)

// Kernel is the scheduler of the kernel.
type Kernel struct{}

// SetAffinity implements Scheduler.
func (Kernel) SetAffinity(thread int, cpus cpuset.CPUSet) error {
	var set unix.CPUSet
	for _, cpu := range cpus.UnsortedList() {
		set.Set(cpu)
	}
	return unix.SchedSetaffinity(thread, &set)
}
