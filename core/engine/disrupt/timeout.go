// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

const (
	timeoutPerNode = 80 * time.Millisecond
	leastTimeout   = 10 * time.Minute
	mostTimeout    = time.Hour
)

// Timeout is how old a started command may grow while the commands in the queue
// are about a number of nodes in all (DIS-128).
func Timeout(nodes int) time.Duration {
	return min(max(time.Duration(nodes)*timeoutPerNode, leastTimeout), mostTimeout)
}
