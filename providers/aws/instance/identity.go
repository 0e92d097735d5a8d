// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"strconv"

	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/providerid"
)

// ProviderID is what a Node of the machine carries (AWS-295).
func (i Instance) ProviderID() string { return providerid.New(i.Zone, i.ID) }

// Labels are those that the machine itself tells (CP-019, AWS-295). Those of its type
// come from elsewhere. A label without a value is left out, but for the partition of a
// group that has some and whose number is not known yet: that is empty, and holds the
// registration (AWS-363).
func (i Instance) Labels(partitioned bool) map[string]string {
	out := map[string]string{}
	set := func(key, value string) {
		if value != "" {
			out[key] = value
		}
	}
	set(label.InstanceType, i.Type)
	set(label.Zone, i.Zone)
	set(v1.LabelTopologyZoneID, i.ZoneID)
	set(label.CapacityType, i.CapacityType)
	set(label.NodePool, i.Tags[v1.TagNodePool])
	set(v1.LabelNodeClass, i.Tags[v1.TagNodeClass])
	set(v1.LabelInstanceTenancy, i.Tenancy)
	if i.CapacityType == label.Reserved {
		set(v1.LabelCapacityReservationID, i.ReservationID)
		set(v1.LabelCapacityReservationType, string(i.ReservationType))
		set(v1.LabelCapacityReservationInterruptible, strconv.FormatBool(i.Interruptible))
	}
	set(v1.LabelPlacementGroupID, i.PlacementGroupID)
	if i.PlacementGroupID != "" && partitioned {
		out[v1.LabelPlacementGroupPartition] = ""
		if i.Partition > 0 {
			out[v1.LabelPlacementGroupPartition] = strconv.Itoa(int(i.Partition))
		}
	}
	return out
}
