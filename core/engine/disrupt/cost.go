// SPDX-License-Identifier: Apache-2.0

package disrupt

// The cost of disruption: an ordinary pod costs 1 to move, and giving up a node
// costs 1 beside its pods.
const (
	ordinaryPod = 1.0
	baseCost    = 1.0

	// Bounds and scales of what a pod costs to move (DIS-042).
	leastEvictionCost = -10
	mostEvictionCost  = 10
	deletionCostScale = 1 << 27
	priorityScale     = 1 << 25
)

// EvictionCost is what it costs to move a pod with a deletion cost, which must
// be finite, and a priority: 1 for an ordinary pod, from -10 to 10 in all
// (DIS-042).
func EvictionCost(deletionCost float64, priority int32) float64 {
	cost := ordinaryPod + deletionCost/deletionCostScale + float64(priority)/priorityScale
	return min(max(cost, leastEvictionCost), mostEvictionCost)
}

// RescheduleCost is what it costs to give up a node with these pods: 1, and the
// eviction cost of each pod that comes back elsewhere, where it is positive
// (DIS-043).
func RescheduleCost(pods []Pod) float64 {
	cost := baseCost
	for i := range pods {
		if pods[i].Reschedulable {
			cost += max(pods[i].EvictionCost, 0)
		}
	}
	return cost
}

// IsEmpty reports whether a node with these pods runs nothing worth keeping it
// for (DIS-044).
func IsEmpty(pods []Pod) bool {
	return RescheduleCost(pods) <= baseCost
}
