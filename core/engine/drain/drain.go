// SPDX-License-Identifier: Apache-2.0

package drain

import "time"

const (
	// MinimumTime is how long a drain lasts at least, so that pods bound in a
	// race with the taint are seen.
	MinimumTime = 5 * time.Second
	// Poll is the longest time between two looks at a node that is not drained.
	Poll = time.Second
)

// Input is one look at a node that is being drained.
type Input struct {
	// Pods are all pods bound to the node.
	Pods []Pod
	// Deadline is when the node is given up whatever still runs; zero for never.
	Deadline time.Time
	// Since is when draining began; zero when there is no minimum time to keep.
	Since time.Time
	// Now is the current time.
	Now time.Time
}

// Decision is what to do about one look. Pods are named by their index in the
// input, in ascending order.
type Decision struct {
	// Complete is set when the node is drained.
	Complete bool
	// Waiting counts the pods that hold the node open.
	Waiting int
	// Protected are those of them that do-not-disrupt keeps. Terminating counts
	// those that are on their way out, Later those whose turn has not come. All
	// others are in Evict or Force.
	Protected          []int
	Terminating, Later int
	// Evict are the pods to submit for eviction.
	Evict []int
	// Force are the pods to delete now for the sake of the deadline.
	Force []int
	// Recheck is when to look again; zero when Complete.
	Recheck time.Duration
}

// Decide tells what to do about the pods of a node (LIF-140..145).
//
// Waiting pods form four groups, of which only the first that is not empty is
// evicted: a group holds back the next until the last of its pods has ended.
// Pods that must be deleted for the deadline belong to no group: they go at
// once and hold nobody back.
func Decide(in Input) Decision {
	var d Decision
	first := groups
	var waiting []int
	for i, pod := range in.Pods {
		if !pod.Waiting(in.Now) {
			continue
		}
		d.Waiting++
		if MustDelete(pod, in.Deadline, in.Now) {
			d.Force = append(d.Force, i)
			continue
		}
		waiting = append(waiting, i)
		first = min(first, groupOf(pod))
	}
	for _, i := range waiting {
		switch pod := in.Pods[i]; {
		case pod.Terminating():
			d.Terminating++
		case pod.Protected(in.Now):
			d.Protected = append(d.Protected, i)
		case groupOf(pod) == first:
			d.Evict = append(d.Evict, i)
		default:
			d.Later++
		}
	}
	return d.scheduled(in)
}

// scheduled completes a decision with whether the drain is over and, if not,
// when to look again.
func (d Decision) scheduled(in Input) Decision {
	left := time.Duration(0)
	if !in.Since.IsZero() {
		left = MinimumTime - in.Now.Sub(in.Since)
	}
	switch {
	case d.Waiting > 0:
		d.Recheck = Poll
	case left > 0:
		d.Recheck = min(left, Poll)
	default:
		d.Complete = true
	}
	return d
}

// group is the place of a pod in the order of eviction (LIF-142).
type group int

const (
	ordinary group = iota
	ordinaryDaemon
	critical
	criticalDaemon
	groups
)

func groupOf(p Pod) group {
	switch {
	case p.Critical && p.Daemon:
		return criticalDaemon
	case p.Critical:
		return critical
	case p.Daemon:
		return ordinaryDaemon
	}
	return ordinary
}
