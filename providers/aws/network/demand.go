// SPDX-License-Identifier: Apache-2.0

package network

import "math"

// Demand is what decides how many addresses a machine takes from its subnet.
type Demand struct {
	// Capacity is how many pods the machine can hold: for a launch the least among the
	// launchable types of the zone and capacity type, for a machine that of its type.
	Capacity int64
	// Asked is how many pods the NodeClaim asks room for; 0 is not known.
	Asked int64
	// PodsTakeAddresses says that pods get theirs from the machine's subnet.
	PodsTakeAddresses bool
}

// Addresses is how many addresses are taken; at least 1, the machine's own (AWS-131).
// Of pods those count that the NodeClaim asks room for, as far as the machine holds
// them: a large type is not refused for pods that nobody has.
func (d Demand) Addresses() int64 {
	if !d.PodsTakeAddresses {
		return 1
	}
	pods := max(d.Capacity, 0)
	if d.Asked > 0 {
		pods = min(pods, d.Asked)
	}
	return 1 + min(pods, math.MaxInt64-1)
}
