// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package host

import (
	"errors"

	"k8s.io/utils/cpuset"
)

// Kernel is the scheduler of the kernel. Hosts run Linux: elsewhere it refuses.
type Kernel struct{}

// SetAffinity implements Scheduler.
func (Kernel) SetAffinity(int, cpuset.CPUSet) error { return errors.ErrUnsupported }
