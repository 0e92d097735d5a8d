// SPDX-License-Identifier: Apache-2.0

package placement

// Group is a placement group.
type Group struct {
	ID, Name string
	// Strategy is cluster, partition or spread.
	Strategy string
	// Partitions is how many a group of strategy partition has; else 0.
	Partitions int32
}
