// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
)

// The reasons beside the static hash's (AWS-376).
const (
	AMIDrift                 cloudprovider.DriftReason = "AMIDrift"
	SecurityGroupDrift       cloudprovider.DriftReason = "SecurityGroupDrift"
	SubnetDrift              cloudprovider.DriftReason = "SubnetDrift"
	CapacityReservationDrift cloudprovider.DriftReason = "CapacityReservationDrift"
	PlacementGroupDrift      cloudprovider.DriftReason = "PlacementGroupDrift"
)

// Instance is what of an instance is compared.
type Instance struct {
	SubnetID         string
	SecurityGroupIDs []string
	// CapacityType is that of AWS-323; only a reserved instance has lost something
	// with its reservation.
	CapacityType  string
	ReservationID string
}

// Inputs are the state that is judged. Nothing of it is changed.
type Inputs struct {
	NodeClaim *v1.NodeClaim
	NodeClass *awsv1.EC2NodeClass
	// Static is the reason of the static hash, from statichash.Scheme; empty: none.
	Static cloudprovider.DriftReason
	// TypeListed says that the NodeClaim's instance type is among those of its
	// NodeClass.
	TypeListed bool
	// ImageID is the image selected now for that type (AWS-147); empty: none is.
	ImageID string
	// Instance is nil if it is absent.
	Instance *Instance
	// PlacementGroupID is that of the group resolved last; empty: none.
	PlacementGroupID string
	// ReservedCapacity is the gate: without it reservations are not looked at
	// (AWS-433).
	ReservedCapacity bool
	// Fresh describes the instance past the caches. It is called only before a
	// reservation counts as lost.
	Fresh func(context.Context) (Instance, error)
}

// Of returns the first reason for which an instance has drifted; empty: none
// (AWS-376). The error is that of an input that is missing (AWS-377), or of Fresh.
func Of(ctx context.Context, in Inputs) (cloudprovider.DriftReason, error) {
	if err := in.missing(); err != nil {
		return "", fmt.Errorf("comparing nodeclaim %s with EC2NodeClass %s: %w", in.NodeClaim.Name, in.NodeClass.Name, err)
	}
	switch {
	case in.Static != "":
		return in.Static, nil
	case in.NodeClaim.Status.ImageID != in.ImageID:
		return AMIDrift, nil
	case in.otherGroups():
		return SecurityGroupDrift, nil
	case in.otherSubnet():
		return SubnetDrift, nil
	}
	if lost, err := in.reservationLost(ctx); err != nil || lost {
		if err != nil {
			return "", fmt.Errorf("describing the instance of nodeclaim %s again: %w", in.NodeClaim.Name, err)
		}
		return CapacityReservationDrift, nil
	}
	if in.NodeClaim.Labels[awsv1.LabelPlacementGroupID] != in.PlacementGroupID {
		return PlacementGroupDrift, nil
	}
	return "", nil
}

// The inputs that may be missing.
var (
	errNoType     = errors.New("its instance type is not listed")
	errNoImages   = errors.New("no images are resolved")
	errNoImage    = errors.New("no image is selected for its instance type")
	errNoSubnets  = errors.New("no subnets are resolved")
	errNoGroups   = errors.New("no security groups are resolved")
	errNoPlace    = errors.New("the placement group is not resolved")
	errNoImageID  = errors.New("the nodeclaim has no image ID")
	errNoProvider = errors.New("the nodeclaim has no provider ID")
	errNoInstance = errors.New("its instance is absent")
	errNoNetwork  = errors.New("its instance is described without subnet or security groups")
)

// missing is the first input that is (AWS-377).
func (in Inputs) missing() error {
	status := in.NodeClass.Status
	for _, check := range []struct {
		missing bool
		err     error
	}{
		{in.NodeClaim.Status.ImageID == "", errNoImageID},
		{in.NodeClaim.Status.ProviderID == "", errNoProvider},
		{!in.TypeListed, errNoType},
		{len(status.AMIs) == 0, errNoImages},
		{in.ImageID == "", errNoImage},
		{len(status.Subnets) == 0, errNoSubnets},
		{len(status.SecurityGroups) == 0, errNoGroups},
		{in.NodeClass.Spec.PlacementGroupSelector != nil && in.PlacementGroupID == "", errNoPlace},
		{in.Instance == nil, errNoInstance},
	} {
		if check.missing {
			return check.err
		}
	}
	if in.Instance.SubnetID == "" || len(in.Instance.SecurityGroupIDs) == 0 { // EC2 drops them when an instance ends
		return errNoNetwork
	}
	return nil
}

// otherGroups reports whether the groups are other ones, in either direction.
func (in Inputs) otherGroups() bool {
	wanted := make([]string, 0, len(in.NodeClass.Status.SecurityGroups))
	for _, g := range in.NodeClass.Status.SecurityGroups {
		wanted = append(wanted, g.ID)
	}
	return !slices.Equal(set(wanted), set(in.Instance.SecurityGroupIDs))
}

// set is what a list holds, in order.
func set(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

func (in Inputs) otherSubnet() bool {
	return !slices.ContainsFunc(in.NodeClass.Status.Subnets, func(s awsv1.Subnet) bool { return s.ID == in.Instance.SubnetID })
}

// reservationLost reports whether the instance is in a reservation that the NodeClass
// does not have, also when it is looked at again. An instance that has left its
// reservation runs on demand, which is no drift (AWS-353).
func (in Inputs) reservationLost(ctx context.Context) (bool, error) {
	if !in.ReservedCapacity || !in.unknownReservation(*in.Instance) {
		return false, nil
	}
	fresh, err := in.Fresh(ctx)
	if err != nil {
		return false, err
	}
	return in.unknownReservation(fresh), nil
}

func (in Inputs) unknownReservation(i Instance) bool {
	return i.CapacityType == v1.CapacityTypeReserved && i.ReservationID != "" &&
		!slices.ContainsFunc(in.NodeClass.Status.CapacityReservations, func(r awsv1.CapacityReservation) bool { return r.ID == i.ReservationID })
}
