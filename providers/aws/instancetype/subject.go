// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/placement"
)

// subject is a NodeClass with its placement group, as far as types depend on them.
type subject struct {
	family string
	spec   *v1.EC2NodeClassSpec
	status *v1.EC2NodeClassStatus
	group  *placement.Group
}

// newSubject fails when the image family cannot be told.
func newSubject(nodeClass *v1.EC2NodeClass, group *placement.Group) (subject, error) {
	family, err := nodeClass.Family()
	if err != nil {
		return subject{}, fmt.Errorf("reading EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	return subject{family: family, spec: &nodeClass.Spec, status: &nodeClass.Status, group: group}, nil
}

// zone is where machines of a NodeClass can be.
type zone struct {
	id      string // empty if the status does not tell
	subnets []string
}

// zones are those with a subnet, by name.
func (s subject) zones() map[string]zone {
	out := map[string]zone{}
	for _, subnet := range s.status.Subnets {
		z := out[subnet.Zone]
		z.subnets = append(z.subnets, subnet.ID)
		if z.id == "" {
			z.id = subnet.ZoneID
		}
		out[subnet.Zone] = z
	}
	return out
}

// images are the IDs of the AMIs, as one text.
func (s subject) images() string {
	ids := make([]string, len(s.status.AMIs))
	for i, ami := range s.status.AMIs {
		ids[i] = ami.ID
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), ",")
}

// reservations are those of a type that machines may be launched into, each once.
func (s subject) reservations(instanceType string) []*v1.CapacityReservation {
	var out []*v1.CapacityReservation
	for i := range s.status.CapacityReservations {
		r := &s.status.CapacityReservations[i]
		known := func(other *v1.CapacityReservation) bool { return other.ID == r.ID }
		if r.InstanceType == instanceType && !slices.ContainsFunc(out, known) {
			out = append(out, r)
		}
	}
	return out
}

// key writes all that the types depend on, so that two subjects have equal keys only
// if they have equal types (AWS-200, AWS-236). It leaves out when reservations end.
func (s subject) key(k key) key {
	k = k.text(s.family)
	k = k.truth(s.spec.Kubelet != nil)
	if s.spec.Kubelet != nil {
		k = k.bytes(s.spec.Kubelet.Raw)
	}
	k = k.optional(s.spec.InstanceStorePolicy)
	k = k.count(len(s.spec.BlockDeviceMappings))
	for _, m := range s.spec.BlockDeviceMappings {
		k = k.mapping(m)
	}
	k = k.count(len(s.spec.NetworkInterfaces))
	for _, n := range s.spec.NetworkInterfaces {
		k = k.truth(n != nil)
		if n != nil {
			k = k.number(int64(n.NetworkCardIndex)).number(int64(n.DeviceIndex)).text(string(n.InterfaceType))
		}
	}
	k = k.truth(s.spec.ConnectionTracking != nil).truth(s.spec.PlacementGroupSelector != nil).truth(s.nests())
	k = k.truth(s.group != nil)
	if s.group != nil {
		k = k.text(s.group.ID).text(s.group.Strategy).number(int64(s.group.Partitions))
	}
	return s.statusKey(k)
}

func (s subject) statusKey(k key) key {
	k = k.count(len(s.status.Subnets))
	for i := range s.status.Subnets {
		subnet := &s.status.Subnets[i]
		k = k.text(subnet.ID).text(subnet.Zone).text(subnet.ZoneID)
	}
	k = k.count(len(s.status.AMIs))
	for i := range s.status.AMIs {
		ami := &s.status.AMIs[i]
		k = k.text(ami.ID).count(len(ami.Requirements))
		for _, r := range ami.Requirements {
			k = k.text(r.Key).text(string(r.Operator)).count(len(r.Values))
			for _, value := range r.Values {
				k = k.text(value)
			}
		}
	}
	k = k.count(len(s.status.CapacityReservations))
	for i := range s.status.CapacityReservations {
		r := &s.status.CapacityReservations[i]
		k = k.text(r.ID).text(r.AvailabilityZone).text(r.InstanceType).
			text(string(r.ReservationType)).truth(r.Interruptible).text(string(r.State))
	}
	return k
}

// nests reports whether machines must be able to run virtual machines (AWS-212).
func (s subject) nests() bool {
	options := s.spec.CPUOptions
	return options != nil && options.NestedVirtualization != nil && *options.NestedVirtualization == "enabled"
}

// key is written field by field; texts carry their length, so that no two different
// lists of fields are the same bytes.
type key []byte

func (k key) number(n int64) key { return binary.AppendVarint(k, n) }
func (k key) count(n int) key    { return k.number(int64(n)) }
func (k key) text(s string) key  { return append(k.count(len(s)), s...) }
func (k key) bytes(b []byte) key { return append(k.count(len(b)), b...) }

func (k key) truth(b bool) key {
	if b {
		return append(k, 1)
	}
	return append(k, 0)
}

func (k key) optional(s *string) key {
	if s == nil {
		return k.truth(false)
	}
	return k.truth(true).text(*s)
}

func (k key) mapping(m *v1.BlockDeviceMapping) key {
	k = k.truth(m != nil)
	if m == nil {
		return k
	}
	k = k.truth(m.RootVolume).optional(m.DeviceName)
	if m.EBS == nil || m.EBS.VolumeSize == nil {
		return k.truth(false)
	}
	return k.truth(true).number(m.EBS.VolumeSize.Value())
}
