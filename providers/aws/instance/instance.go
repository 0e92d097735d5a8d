// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Instance is a machine. Values are not changed once they are handed out.
type Instance struct {
	ID   string
	Type string
	Zone string
	// ZoneID names the zone equally in all accounts; empty if unknown.
	ZoneID string
	// CapacityType is a value of karpenter.sh/capacity-type (AWS-323).
	CapacityType string
	ImageID      string
	SubnetID     string
	// SecurityGroupIDs are those of the first interface, sorted.
	SecurityGroupIDs []string
	// ReservationID is the reservation that it was launched into; empty if
	// CapacityType is not reserved.
	ReservationID   string
	ReservationType v1.CapacityReservationType
	Interruptible   bool
	Tenancy         string
	// PlacementGroupID and Partition are where it was placed; Partition is 0 if unknown.
	PlacementGroupID string
	Partition        int32
	State            State
	LaunchTime       time.Time
	Tags             map[string]string
	// EFAs is how many interfaces are for EFA.
	EFAs int
}

// State is where a machine is in its life.
type State string

// The states of EC2.
const (
	StatePending      State = "pending"
	StateRunning      State = "running"
	StateStopping     State = "stopping"
	StateStopped      State = "stopped"
	StateShuttingDown State = "shutting-down"
	StateTerminated   State = "terminated"
)

// Ending reports whether the machine ends or has ended; its NodeClaim then carries a
// deletion timestamp (AWS-322).
func (s State) Ending() bool { return s == StateShuttingDown || s == StateTerminated }

// FromEC2 reads what EC2 tells. Reservations is the gate ReservedCapacity: without it a
// machine in a reservation is on-demand (AWS-323, AWS-433).
func FromEC2(in types.Instance, reservations bool) Instance {
	out := Instance{
		ID: aws.ToString(in.InstanceId), Type: string(in.InstanceType), ImageID: aws.ToString(in.ImageId),
		SubnetID: aws.ToString(in.SubnetId), CapacityType: label.OnDemand, LaunchTime: aws.ToTime(in.LaunchTime),
		Tags: make(map[string]string, len(in.Tags)),
	}
	if p := in.Placement; p != nil {
		out.Zone, out.ZoneID, out.Tenancy = aws.ToString(p.AvailabilityZone), aws.ToString(p.AvailabilityZoneId), string(p.Tenancy)
		out.PlacementGroupID, out.Partition = aws.ToString(p.GroupId), aws.ToInt32(p.PartitionNumber)
	}
	if in.State != nil {
		out.State = State(in.State.Name)
	}
	for _, t := range in.Tags {
		out.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	out.interfaces(in)
	out.market(in, reservations)
	return out
}

// interfaces are what the machine was launched with: groups are those of its first
// interface. Others may be attached later with groups of their own, by the network plugin
// or by people, and are nobody's drift.
func (i *Instance) interfaces(in types.Instance) {
	groups := in.SecurityGroups
	for _, n := range in.NetworkInterfaces {
		if len(groups) == 0 && primary(n) {
			groups = n.Groups
		}
		if kind := aws.ToString(n.InterfaceType); strings.HasPrefix(kind, "efa") {
			i.EFAs++
		}
	}
	ids := map[string]bool{}
	for _, g := range groups {
		ids[aws.ToString(g.GroupId)] = true
	}
	i.SecurityGroupIDs = slices.Sorted(maps.Keys(ids))
}

func primary(n types.InstanceNetworkInterface) bool {
	return n.Attachment != nil && aws.ToInt32(n.Attachment.NetworkCardIndex) == 0 && aws.ToInt32(n.Attachment.DeviceIndex) == 0
}

// market is AWS-323. A machine that runs in an open reservation which it did not target
// is on-demand.
func (i *Instance) market(in types.Instance, reservations bool) {
	if aws.ToString(in.SpotInstanceRequestId) != "" {
		i.CapacityType = label.Spot
		return
	}
	s := in.CapacityReservationSpecification
	if !reservations || aws.ToString(in.CapacityReservationId) == "" || s == nil ||
		s.CapacityReservationPreference != types.CapacityReservationPreferenceCapacityReservationsOnly {
		return
	}
	i.CapacityType, i.ReservationID = label.Reserved, aws.ToString(in.CapacityReservationId)
	i.ReservationType = v1.CapacityReservationTypeDefault
	switch in.InstanceLifecycle {
	case types.InstanceLifecycleTypeCapacityBlock:
		i.ReservationType = v1.CapacityReservationTypeCapacityBlock
	case types.InstanceLifecycleTypeInterruptibleCapacityReservation:
		i.Interruptible = true
	}
}
