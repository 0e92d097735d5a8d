// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/simulation/trace"
)

// amount is thousandths of a CPU, bytes of memory, and pods.
type amount [3]int64

func amountOf(list corev1.ResourceList) amount {
	return amount{list.Cpu().MilliValue(), list.Memory().Value(), list.Pods().Value()}
}

func needOf(s *trace.Shape) amount { return amount{s.CPU, s.Memory, 1} }

func (a amount) plus(b amount) amount  { return amount{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a amount) minus(b amount) amount { return amount{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func (a amount) fits(room amount) bool {
	return a[0] <= room[0] && a[1] <= room[1] && a[2] <= room[2]
}
