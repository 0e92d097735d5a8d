// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"strconv"

	"karpenter.sh/core/cloudprovider/kit/health"
)

// Attempt is what was tried: one override of a fleet, or one offering.
type Attempt struct {
	// CapacityType is the value of karpenter.sh/capacity-type.
	CapacityType string
	InstanceType string
	// VCPUs of the type; 0 if unknown, and then nothing but the type is marked for a
	// quota.
	VCPUs int64
	// Zone is its name.
	Zone string
	// SubnetID is that of the launch.
	SubnetID string
	// PlacementGroupID is that of the NodeClass's group; empty: none.
	PlacementGroupID string
	// Partition of the group that the launch targeted; 0: none.
	Partition int32
}

// Offering is the attempt as health knows it. Who asks about offerings builds the
// question likewise, with all usable subnets of the zone in Networks.
func (a Attempt) Offering() health.Offering {
	o := health.Offering{
		CapacityType: a.CapacityType, InstanceType: a.InstanceType, Family: QuotaGroup(a.InstanceType),
		VCPUs: a.VCPUs, Zone: a.Zone, Places: Places(a.PlacementGroupID, a.Partition),
	}
	if a.SubnetID != "" {
		o.Networks = []string{a.SubnetID}
	}
	return o
}

// Places are a placement group and a partition of it as marks name them, the narrowest
// last: "pg-1", "pg-1/2". None without group; the group alone for partition 0.
func Places(groupID string, partition int32) []string {
	switch {
	case groupID == "":
		return nil
	case partition == 0:
		return []string{groupID}
	}
	return []string{groupID, groupID + "/" + strconv.Itoa(int(partition))}
}
