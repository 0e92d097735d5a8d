// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
	"karpenter.sh/core/metrics"
)

// The kinds of notices (AWS-387, AWS-389): the reasons that deletions are counted by.
const (
	SpotInterrupted                metrics.Reason = "spot_interrupted"
	CapacityReservationInterrupted metrics.Reason = "capacity_reservation_interrupted"
	RebalanceRecommendation        metrics.Reason = "rebalance_recommendation"
	InstanceStopped                metrics.Reason = "instance_stopped"
	InstanceTerminated             metrics.Reason = "instance_terminated"
	ScheduledChange                metrics.Reason = "scheduled_change"
	// NoOp is a message of no interest.
	NoOp metrics.Reason = "no_op"

	InstanceStatus metrics.Reason = "instance_status"
	SystemStatus   metrics.Reason = "system_status"
	EventStatus    metrics.Reason = "event_status"
)

// messageKinds are the kinds that a message of the queue can have.
func messageKinds() []metrics.Reason {
	return []metrics.Reason{
		SpotInterrupted, CapacityReservationInterrupted, RebalanceRecommendation,
		InstanceStopped, InstanceTerminated, ScheduledChange, NoOp,
	}
}

// notice is what a kind means for some instances: the action and what users read
// (AWS-387, AWS-389, AWS-403).
func notice(kind metrics.Reason, instances ...string) kit.Notice {
	n := kit.Notice{Kind: kind, Action: kit.Delete, Machines: instances}
	switch kind {
	case SpotInterrupted:
		n.Reason, n.Message = "SpotInterrupted", "Spot interruption warning was triggered"
	case CapacityReservationInterrupted:
		n.Reason, n.Message = "CapacityReservationInstanceInterrupted", "Capacity Reservation interruption warning was triggered"
	case RebalanceRecommendation:
		n.Action = kit.Inform
		n.Reason, n.Message = "SpotRebalanceRecommendation", "Spot rebalance recommendation was triggered"
	case InstanceStopped:
		n.Reason, n.Message = "InstanceStopping", "Instance is stopping"
	case InstanceTerminated:
		n.Reason, n.Message = "InstanceTerminating", "Instance is terminating"
	case InstanceStatus, SystemStatus:
		n.Action = kit.Terminate // nothing drains from a machine that does not answer
		fallthrough
	default: // ScheduledChange, EventStatus
		n.Reason, n.Message = "InstanceUnhealthy", "An unhealthy warning was triggered for the instance"
	}
	return n
}
