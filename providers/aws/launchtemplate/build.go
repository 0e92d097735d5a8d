// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/utils/ptr"

	v1 "karpenter.sh/providers/aws/apis/v1"
)

// Input is what the content of a template is made from.
type Input struct {
	NodeClass *v1.EC2NodeClass
	// Cluster is its name, Region its region, IPv6 whether that is the cluster's family
	// (AWS-003).
	Cluster, Region string
	IPv6            bool
	// NodePool is its name; empty for NodeClaims without one.
	NodePool string
	// Reservations is the gate ReservedCapacity (AWS-264).
	Reservations bool

	ImageID string
	// UserData in base64.
	UserData string
	// DefaultBlockDevices are those of the image family (AWS-170), for NodeClasses that
	// say nothing.
	DefaultBlockDevices []*v1.BlockDeviceMapping
	Spot                bool
	// Reservation is the one that machines are launched into; nil means none.
	Reservation *Reservation
	// Placement is what the launch has settled.
	Placement Placement
	// EFAs is how many interfaces of the type are for EFA, if the NodeClaim requests
	// vpc.amazonaws.com/efa; else 0.
	EFAs int
	// Enclaves says that the NodeClaim requests them.
	Enclaves bool
}

// Reservation is one that machines are launched into.
type Reservation struct {
	ID            string
	Type          v1.CapacityReservationType
	Interruptible bool
}

// ErrNoSecurityGroups is what a NodeClass without any in its status fails with
// (AWS-265).
var ErrNoSecurityGroups = errors.New("no security groups are present in the status")

// Of makes the content (AWS-263 to AWS-266).
func Of(in Input) (Content, error) {
	spec, status := in.NodeClass.Spec, in.NodeClass.Status
	if len(status.SecurityGroups) == 0 {
		return Content{}, fmt.Errorf("launch template of EC2NodeClass %s: %w", in.NodeClass.Name, ErrNoSecurityGroups)
	}
	c := Content{
		ImageID: in.ImageID, InstanceProfile: status.InstanceProfile, UserData: in.UserData,
		DetailedMonitoring: ptr.Deref(spec.DetailedMonitoring, false),
		Metadata:           in.metadata(), BlockDevices: spec.BlockDeviceMappings,
		Enclaves: in.Enclaves, Placement: in.Placement, Market: in.market(), Interfaces: in.interfaces(),
		Tags: v1.Tags(in.NodeClass, in.Cluster, in.NodePool),
	}
	if len(c.BlockDevices) == 0 {
		c.BlockDevices = in.DefaultBlockDevices
	}
	if spec.CPUOptions != nil {
		c.NestedVirtualization = ptr.Deref(spec.CPUOptions.NestedVirtualization, "")
	}
	return c, nil
}

// withoutIPv6Metadata are the regions that do not know httpProtocolIpv6.
func withoutIPv6Metadata() []string {
	return []string{"us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "us-isof-south-1", "us-isof-east-1"}
}

// metadata completes the options key by key, as admission does (AWS-011).
func (in Input) metadata() v1.MetadataOptions {
	given := ptr.Deref(in.NodeClass.Spec.MetadataOptions, v1.MetadataOptions{})
	or := func(value *string, fallback string) *string { return ptr.To(ptr.Deref(value, fallback)) }
	out := v1.MetadataOptions{
		HTTPEndpoint:            or(given.HTTPEndpoint, "enabled"),
		HTTPProtocolIPv6:        or(given.HTTPProtocolIPv6, "disabled"),
		HTTPPutResponseHopLimit: ptr.To(ptr.Deref(given.HTTPPutResponseHopLimit, 1)),
		HTTPTokens:              or(given.HTTPTokens, "required"),
	}
	if slices.Contains(withoutIPv6Metadata(), in.Region) {
		out.HTTPProtocolIPv6 = nil
	}
	return out
}

// market is AWS-264.
func (in Input) market() Market {
	m := Market{Spot: in.Spot}
	if !in.Reservations {
		return m
	}
	if in.Reservation == nil {
		m.Preference = "none" // a launch never joins an open reservation by accident
		return m
	}
	m.Preference, m.ReservationID = "capacity-reservations-only", in.Reservation.ID
	switch {
	case in.Reservation.Type == v1.CapacityReservationTypeCapacityBlock:
		m.Type = "capacity-block"
	case in.Reservation.Interruptible:
		m.Type = "interruptible-capacity-reservation"
	}
	return m
}

// interfaces is AWS-266.
func (in Input) interfaces() []Interface {
	spec := in.NodeClass.Spec
	var out []Interface
	switch {
	case len(spec.NetworkInterfaces) > 0:
		for _, n := range spec.NetworkInterfaces {
			i := Interface{Card: n.NetworkCardIndex, Device: n.DeviceIndex}
			if n.InterfaceType == v1.InterfaceTypeEFAOnly {
				i.Type = string(n.InterfaceType)
			}
			out = append(out, i)
		}
	case in.EFAs > 0:
		for card := range in.EFAs {
			out = append(out, Interface{Card: int32(card), Device: int32(min(card, 1)), Type: "efa"})
		}
	default:
		out = []Interface{{}}
	}
	var groups []string
	for _, g := range in.NodeClass.Status.SecurityGroups {
		groups = append(groups, g.ID)
	}
	slices.Sort(groups) // the order has no meaning, and must not make another template
	for i := range out {
		out[i].SecurityGroups = groups
		if out[i].Type != string(v1.InterfaceTypeEFAOnly) {
			in.address(&out[i])
		}
	}
	return out
}

// address sets what concerns IP traffic.
func (in Input) address(i *Interface) {
	spec := in.NodeClass.Spec
	i.PublicIP, i.Tracking = spec.AssociatePublicIPAddress, spec.ConnectionTracking
	if !in.IPv6 {
		i.IPv4Prefixes = spec.IPPrefixCount
		return
	}
	i.IPv6Prefixes = spec.IPPrefixCount
	i.PrimaryIPv6, i.IPv6Addresses = ptr.To(true), ptr.To(int32(1))
}
