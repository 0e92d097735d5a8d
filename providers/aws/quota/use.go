// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
)

// sizes are how many vCPUs a machine of a type has; false if nobody knows the type.
type sizes func(instanceType string) (int64, bool)

// ofInstance is what an instance uses; false if it counts on no quota of vCPUs. One that
// is ending counts until it has ended: EC2 admits no other in its place before.
func (s sizes) ofInstance(i types.Instance) (use, bool) {
	if i.State != nil && (i.State.Name == types.InstanceStateNameTerminated || i.State.Name == types.InstanceStateNameStopped) {
		return use{}, false
	}
	if i.Placement != nil && i.Placement.Tenancy == types.TenancyHost {
		return use{}, false // hosts have quotas of their own
	}
	var capacityType string
	switch i.InstanceLifecycle {
	case "":
		capacityType = label.OnDemand
	case types.InstanceLifecycleTypeSpot:
		capacityType = label.Spot
	default:
		return use{}, false // bought ahead, as capacity blocks are
	}
	return use{
		instance: aws.ToString(i.InstanceId), limit: Limit(capacityType, string(i.InstanceType)), vcpus: s.ofMachine(i),
	}, true
}

// ofMachine is how many vCPUs count for an instance.
func (s sizes) ofMachine(i types.Instance) int64 {
	if vcpus, known := s(string(i.InstanceType)); known {
		return vcpus
	}
	if o := i.CpuOptions; o != nil { // a type that cannot be launched into the cluster
		return int64(aws.ToInt32(o.CoreCount)) * int64(max(aws.ToInt32(o.ThreadsPerCore), 1))
	}
	return 0
}

// ofReservation is what a reservation of the account holds that no instance uses; false if
// it counts on no quota of vCPUs.
func (s sizes) ofReservation(r types.CapacityReservation, account string) (use, bool) {
	vcpus, known := s(aws.ToString(r.InstanceType))
	open := int64(aws.ToInt32(r.AvailableInstanceCount))
	if !known || open <= 0 || aws.ToString(r.OwnerId) != account || r.State != types.CapacityReservationStateActive ||
		r.ReservationType == types.CapacityReservationTypeCapacityBlock {
		return use{}, false
	}
	return use{limit: Limit(label.OnDemand, aws.ToString(r.InstanceType)), vcpus: open * vcpus}, true
}
