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
	Subnets              []Subnet              `json:"subnets,omitempty"`
	SecurityGroups       []SecurityGroup       `json:"securityGroups,omitempty"`
	CapacityReservations []CapacityReservation `json:"capacityReservations,omitempty"`
	AMIs                 []AMI                 `json:"amis,omitempty"`
	// InstanceProfile is the name of the profile that machines get.
	InstanceProfile string `json:"instanceProfile,omitempty"`
	// Conditions say whether machines can be launched with it.
	Conditions []status.Condition `json:"conditions,omitempty"`
}

// Subnet is one that machines are launched into.
type Subnet struct {
	ID   string `json:"id"`
	Zone string `json:"zone"`
	// ZoneID names the zone equally in all accounts.
	ZoneID string `json:"zoneID,omitempty"`
}

// SecurityGroup is one that machines are in.
type SecurityGroup struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// AMI is an image that machines boot.
type AMI struct {
	ID         string `json:"id"`
	Name       string `json:"name,omitempty"`
	Deprecated bool   `json:"deprecated,omitempty"`
	// Requirements are those of the instance types that the image is for.
	Requirements []corev1.NodeSelectorRequirement `json:"requirements"`
}

// CapacityReservationType is how capacity was reserved.
type CapacityReservationType string

const (
	// CapacityReservationTypeDefault is an on-demand capacity reservation.
	CapacityReservationTypeDefault CapacityReservationType = "default"
	// CapacityReservationTypeCapacityBlock is a capacity block, which ends.
	CapacityReservationTypeCapacityBlock CapacityReservationType = "capacity-block"
)

// CapacityReservationState is whether machines are launched into a reservation.
type CapacityReservationState string

const (
	// CapacityReservationStateActive takes launches.
	CapacityReservationStateActive CapacityReservationState = "active"
	// CapacityReservationStateExpiring takes none any more (AWS-351).
	CapacityReservationStateExpiring CapacityReservationState = "expiring"
)

// CapacityReservation is capacity that machines can be launched into.
type CapacityReservation struct {
	AvailabilityZone      string                   `json:"availabilityZone"`
	EndTime               *metav1.Time             `json:"endTime,omitempty"`
	ID                    string                   `json:"id"`
	InstanceMatchCriteria string                   `json:"instanceMatchCriteria"`
	InstanceType          string                   `json:"instanceType"`
	OwnerID               string                   `json:"ownerID"`
	ReservationType       CapacityReservationType  `json:"reservationType,omitempty"`
	Interruptible         bool                     `json:"interruptible,omitempty"`
	State                 CapacityReservationState `json:"state,omitempty"`
}

// StatusConditions returns the set that reads and writes the conditions. Ready
// depends on all of AWS-080 but CapacityReservationsReady, which is never False.
func (c *EC2NodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions(
		ConditionTypeAMIsReady, ConditionTypePlacementGroupReady, ConditionTypeSubnetsReady,
		ConditionTypeSecurityGroupsReady, ConditionTypeInstanceProfileReady, ConditionTypeValidationSucceeded,
	).For(c, opts...)
}
