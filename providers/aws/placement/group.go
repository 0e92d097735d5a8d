// SPDX-License-Identifier: Apache-2.0

package placement

// Group is a placement group as it was resolved last.
type Group struct {
	ID   string
	Name string
	// Strategy is cluster, partition or spread.
	Strategy string
	// Partitions is how many the group has; 0 unless the strategy is partition.
	Partitions int32
}
