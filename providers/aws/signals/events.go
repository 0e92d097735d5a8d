// SPDX-License-Identifier: Apache-2.0

package signals

import "karpenter.sh/core/events"

// Events lists what the provider publishes, without what the core and the kit publish.
func Events() []events.Kind {
	machine, pool := []string{"NodeClaim", "Node"}, []string{"NodePool"}
	return []events.Kind{
		{Reason: "SpotInterrupted", Type: events.Warning, Objects: machine, When: "EC2 takes the spot instance back in two minutes."},
		{Reason: "CapacityReservationInstanceInterrupted", Type: events.Warning, Objects: machine, When: "EC2 takes the instance of an interruptible capacity reservation back."},
		{Reason: "SpotRebalanceRecommendation", Type: events.Normal, Objects: machine, When: "The spot instance is more likely than others to be interrupted. Nothing is done."},
		{Reason: "InstanceStopping", Type: events.Warning, Objects: machine, When: "Somebody stops the instance."},
		{Reason: "InstanceTerminating", Type: events.Warning, Objects: machine, When: "Somebody terminates the instance."},
		{Reason: "InstanceUnhealthy", Type: events.Warning, Objects: machine, When: "A maintenance is scheduled, or status checks of the instance fail."},
		{Reason: "ZonalShiftActive", Type: events.Warning, Objects: pool, When: "A zonal shift keeps the pool out of a zone."},
		{Reason: "ZonalShiftCleared", Type: events.Normal, Objects: pool, When: "The zonal shift has ended, and the zone is used again."},
		{Reason: "SpotServiceLinkedRoleCreationFailure", Type: events.Warning, Objects: machine[:1], When: "The account lacks the service-linked role for spot instances, and may not make it."},
	}
}
