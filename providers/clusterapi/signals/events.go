// SPDX-License-Identifier: Apache-2.0

package signals

import "karpenter.sh/core/events"

// Reasons of the events of the provider.
const (
	// MachineDeploymentMalformed: an annotation of a MachineDeployment cannot be read.
	MachineDeploymentMalformed = "MachineDeploymentMalformed"
	// MachinesOutnumberReplicas: a MachineDeployment does not do what it is told.
	MachinesOutnumberReplicas = "MachinesOutnumberReplicas"
	// ReplicasOverwritten: somebody else writes replicas too.
	ReplicasOverwritten = "ReplicasOverwritten"
)

// Events lists what the provider publishes, without what the core and the kit publish.
func Events() []events.Kind {
	nodeClass := []string{"NodeClass"}
	return []events.Kind{
		{Reason: MachineDeploymentMalformed, Type: events.Warning, Objects: nodeClass, When: "The CPU, the memory or an annotation of a selected MachineDeployment is missing or cannot be read."},
		{Reason: MachinesOutnumberReplicas, Type: events.Warning, Objects: nodeClass, When: "A selected MachineDeployment has had more Machines than its replicas and a roll-out explain for a minute. Nothing is launched from it until that is over."},
		{Reason: ReplicasOverwritten, Type: events.Warning, Objects: nodeClass, When: "Somebody else has changed the replicas of a selected MachineDeployment within a minute after Karpenter wrote them. Repeated after 10 minutes."},
	}
}
