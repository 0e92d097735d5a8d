// SPDX-License-Identifier: Apache-2.0

// Package label holds the node label keys that the engine itself must know by
// name. Everything else about labels (which keys are well-known, restricted or
// aliases) is data that arrives with the model. Imports nothing.
package label

// Keys with a meaning of their own in scheduling decisions.
const (
	Zone         = "topology.kubernetes.io/zone"
	Region       = "topology.kubernetes.io/region"
	Hostname     = "kubernetes.io/hostname"
	Arch         = "kubernetes.io/arch"
	OS           = "kubernetes.io/os"
	InstanceType = "node.kubernetes.io/instance-type"
	CapacityType = "karpenter.sh/capacity-type"
	NodePool     = "karpenter.sh/nodepool"
	Registered   = "karpenter.sh/registered"
	Initialized  = "karpenter.sh/initialized"
)

// Values of [CapacityType].
const (
	Spot     = "spot"
	OnDemand = "on-demand"
	Reserved = "reserved"
)

// SimulationOnly reports whether requirements on the key exist only inside a
// simulation and are never written to an object (SCH-123, SCH-232).
func SimulationOnly(key string) bool {
	return key == Hostname || key == Registered || key == Initialized
}
