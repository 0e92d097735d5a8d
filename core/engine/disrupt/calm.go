// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

// CoolDown is how long a pod counts as moved, and the time in which the pods of a
// workload are moved at most so often (DIS-171, DIS-172).
const CoolDown = time.Hour

// Evictable is how many more pods of a workload consolidation may move, given how
// many there are, how many it has moved within [CoolDown], and how often one may be
// moved on average (DIS-172).
func Evictable(pods, moved, each int) int { return max(0, pods*each-moved) }

// EvictionRate is how often consolidation moves a pod of a workload within
// [CoolDown], on average, unless users say otherwise.
const EvictionRate = 4
