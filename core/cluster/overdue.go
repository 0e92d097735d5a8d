// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"time"

	v1 "karpenter.sh/core/apis/v1"
)

// How long a node that is not ready for pods is a target for them (LIF-056). What
// takes longer is no good promise: pods that could run elsewhere would wait for
// it for ever.
const (
	// registerWithin runs from the launch, as the liveness of LIF-110 does.
	registerWithin = 15 * time.Minute
	// initializeWithin runs from the registration, or from the creation of the
	// Node if that is later.
	initializeWithin = 5 * time.Minute
	// devicesWithin is initializeWithin where devices are all that is missing:
	// their drivers may have to be built first.
	devicesWithin = 10 * time.Minute
)

// Reasons of the condition Initialized that name devices.
const (
	reasonResources = "ResourceNotRegistered"
	reasonDrivers   = "DRADriverPoolsNotPublished"
)

// Overdue reports whether the node should have been ready for pods by now.
func (n *StateNode) Overdue(now time.Time) bool {
	if n.claim == nil || n.seen.Stage == Initialized {
		return false
	}
	since, patience := n.progress()
	return !since.IsZero() && now.Sub(since) >= patience
}

// progress is when the node came as far as it has, and how long the next step may
// take. A zero time is not known.
func (n *StateNode) progress() (since time.Time, patience time.Duration) {
	if !isTrue(n.claim, v1.ConditionTypeRegistered) {
		return changed(n.claim, v1.ConditionTypeLaunched), registerWithin
	}
	since, patience = changed(n.claim, v1.ConditionTypeRegistered), initializeWithin
	if n.node != nil && n.node.CreationTimestamp.After(since) {
		since = n.node.CreationTimestamp.Time // the Node was made anew (LIF-091)
	}
	if c := conditionOf(n.claim, v1.ConditionTypeInitialized); c != nil && (c.Reason == reasonResources || c.Reason == reasonDrivers) {
		patience = devicesWithin
	}
	return since, patience
}

// changed is when a condition took its status, or else when the object was made.
func changed(claim *v1.NodeClaim, kind string) time.Time {
	if c := conditionOf(claim, kind); c != nil && !c.LastTransitionTime.IsZero() {
		return c.LastTransitionTime.Time
	}
	return claim.CreationTimestamp.Time
}
