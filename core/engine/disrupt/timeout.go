// SPDX-License-Identifier: Apache-2.0

package disrupt

import "time"

const (
	timeoutPerNode = 80 * time.Millisecond
	leastTimeout   = 10 * time.Minute
	mostTimeout    = time.Hour
)

// Timeout is how old a started command may grow while the commands in the queue
// are about a number of nodes in all, of a provider whose launches may take launch: no
// replacement that is still being launched is given up (DIS-128).
func Timeout(nodes int, launch time.Duration) time.Duration {
	return min(max(time.Duration(nodes)*timeoutPerNode, leastTimeout, 2*launch), mostTimeout)
}
