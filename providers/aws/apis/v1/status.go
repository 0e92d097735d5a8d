// SPDX-License-Identifier: Apache-2.0

package v1

import (
	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The types of conditions (AWS-080).
const (
	ConditionTypeAMIsReady                 = "AMIsReady"
	ConditionTypeCapacityReservationsReady = "CapacityReservationsReady"
	ConditionTypePlacementGroupReady       = "PlacementGroupReady"
	ConditionTypeSubnetsReady              = "SubnetsReady"
	ConditionTypeSecurityGroupsReady       = "SecurityGroupsReady"
	ConditionTypeInstanceProfileReady      = "InstanceProfileReady"
	ConditionTypeValidationSucceeded       = "ValidationSucceeded"
)

// EC2NodeClassStatus is what the spec means in the account (AWS-015).
type EC2NodeClassStatus struct {
	// Subnets that machines are launched into, those with the most free addresses
	// first.
	// +optional
	Subnets []Subnet `json:"subnets,omitempty"`
	// SecurityGroups that machines are in, by ID.
	// +optional
	SecurityGroups []SecurityGroup `json:"securityGroups,omitempty"`
	// CapacityReservations that machines may be launched into, by ID.
	// +optional
	CapacityReservations []CapacityReservation `json:"capacityReservations,omitempty"`
	// AMIs that machines boot, the newest first. A machine boots the first one whose
	// requirements its type meets.
	// +optional
	AMIs []AMI `json:"amis,omitempty"`
	// InstanceProfile is the name of the instance profile that machines get.
	// +optional
	InstanceProfile string `json:"instanceProfile,omitempty"`
	// Conditions say whether machines can be launched with it, and why not.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []status.Condition `json:"conditions,omitempty"`
}

// Subnet is one that machines are launched into.
type Subnet struct {
	// ID of the subnet.
	// +required
	ID string `json:"id"`
	// Zone is the name of the availability zone in this account.
	// +required
	Zone string `json:"zone"`
	// ZoneID names the zone equally in all accounts.
	// +optional
	ZoneID string `json:"zoneID,omitempty"`
}

// SecurityGroup is one that machines are in.
type SecurityGroup struct {
	// ID of the security group.
	// +required
	ID string `json:"id"`
	// Name of the security group.
	// +optional
	Name string `json:"name,omitempty"`
}

// AMI is an image that machines boot.
type AMI struct {
	// ID of the image.
	// +required
	ID string `json:"id"`
	// Name of the image.
	// +optional
	Name string `json:"name,omitempty"`
	// Deprecated says that the owner has deprecated the image, and that there was no
	// other.
	// +optional
	Deprecated bool `json:"deprecated,omitempty"`
	// Requirements are those of the instance types that the image is for.
	// +required
	Requirements []corev1.NodeSelectorRequirement `json:"requirements"`
}

// CapacityReservationType is how capacity was reserved.
//
// +kubebuilder:validation:Enum:={default,capacity-block}
type CapacityReservationType string

const (
	// CapacityReservationTypeDefault is an on-demand capacity reservation.
	CapacityReservationTypeDefault CapacityReservationType = "default"
	// CapacityReservationTypeCapacityBlock is a capacity block, which ends.
	CapacityReservationTypeCapacityBlock CapacityReservationType = "capacity-block"
)

// CapacityReservationState is whether machines are launched into a reservation.
//
// +kubebuilder:validation:Enum:={active,expiring}
type CapacityReservationState string

const (
	// CapacityReservationStateActive takes launches.
	CapacityReservationStateActive CapacityReservationState = "active"
	// CapacityReservationStateExpiring takes none any more (AWS-351).
	CapacityReservationStateExpiring CapacityReservationState = "expiring"
)

// CapacityReservation is capacity that machines can be launched into.
type CapacityReservation struct {
	// AvailabilityZone is the name of the zone of the capacity.
	// +required
	AvailabilityZone string `json:"availabilityZone"`
	// EndTime is when the reservation ends. Unset means that it is open-ended.
	// +optional
	EndTime *metav1.Time `json:"endTime,omitempty"`
	// ID of the reservation.
	// +kubebuilder:validation:Pattern:=`^cr-[0-9a-z]+$`
	// +required
	ID string `json:"id"`
	// InstanceMatchCriteria is open for reservations that any matching machine
	// uses, targeted for those that only machines sent into them use.
	// +kubebuilder:validation:Enum:={open,targeted}
	// +required
	InstanceMatchCriteria string `json:"instanceMatchCriteria"`
	// InstanceType of the capacity.
	// +required
	InstanceType string `json:"instanceType"`
	// OwnerID is the account that owns the reservation.
	// +kubebuilder:validation:Pattern:=`^[0-9]{12}$`
	// +required
	OwnerID string `json:"ownerID"`
	// ReservationType is how the capacity was reserved.
	// +kubebuilder:default:=default
	// +optional
	ReservationType CapacityReservationType `json:"reservationType,omitempty"`
	// Interruptible says that the owner may take the capacity back from machines
	// that use it.
	// +optional
	Interruptible bool `json:"interruptible,omitempty"`
	// State is active while machines are launched into the reservation, expiring
	// once its end is near.
	// +kubebuilder:default:=active
	// +optional
	State CapacityReservationState `json:"state,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions. Ready
// depends on all of AWS-080 but CapacityReservationsReady, which is never False.
func (c *EC2NodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(
		ConditionTypeAMIsReady, ConditionTypePlacementGroupReady, ConditionTypeSubnetsReady,
		ConditionTypeSecurityGroupsReady, ConditionTypeInstanceProfileReady, ConditionTypeValidationSucceeded,
	).For(c, opts...)
}
