// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/errortable"
)

// capacity are failures that other offerings may not have: insufficient capacity, with
// marks (AWS-293, AWS-300, AWS-430, AWS-441).
func capacity() []errortable.Row {
	const (
		offering = errortable.Offering | errortable.Place
		quota    = errortable.CapacityType | errortable.FamilyFrom
	)
	rows := []errortable.Row{
		unfulfillable(RowSpreadLimit, text(spreadLimit), "SpreadPlacementGroupFull", errortable.Zone|errortable.Place),
		unfulfillable(RowSubnetFull, text("InsufficientFreeAddressesInSubnet"), "InsufficientFreeAddressesInSubnet", errortable.Network),
		unfulfillable("price-too-low", spotOnly(code("SpotMaxPriceTooLow")), "SpotMaxPriceTooLow", offering),
	}
	for _, u := range []struct {
		name   string
		when   errortable.Match
		reason string
		marks  []errortable.Parts
	}{
		{"fleet-quota", text("MaxFleetCountExceeded"), "FleetQuotaExceeded", []errortable.Parts{offering}},
		{"spot-quota", text("MaxSpotInstanceCountExceeded"), "SpotQuotaExceeded", []errortable.Parts{offering, quota}},
		{"vcpu-quota", text("VcpuLimitExceeded"), "VCPULimitExceeded", []errortable.Parts{offering, quota}},
		{"instance-quota", code("InstanceLimitExceeded"), "InstanceLimitExceeded", []errortable.Parts{offering, quota}},
		{"no-instances", code("InsufficientInstanceCapacity"), "InsufficientInstanceCapacity", []errortable.Parts{offering}},
		{"no-capacity", code("Insufficient*Capacity*"), "InsufficientCapacity", []errortable.Parts{offering}},
		{"no-fulfilment", code("UnfulfillableCapacity"), "UnfulfillableCapacity", []errortable.Parts{offering}},
		{"unsupported", code("Unsupported"), "Unsupported", []errortable.Parts{offering}},
		{"reservation", code("ReservationCapacityExceeded"), "ReservationCapacityExceeded", []errortable.Parts{offering}},
	} {
		// What a reservation lacks is said by its count, not by a mark (CP-085).
		reserved := u.when
		reserved.CapacityType = v1.CapacityTypeReserved
		rows = append(rows, unfulfillable(reservedPrefix+u.name, reserved, u.reason), unfulfillable(u.name, u.when, u.reason, u.marks...))
	}
	return rows
}

// reservedPrefix begins the names of rows by which a reservation is used up.
const reservedPrefix = "reserved-"

const spreadLimit = "limit of instances in this spread placement group"

func unfulfillable(name string, when errortable.Match, reason string, marks ...errortable.Parts) errortable.Row {
	row := errortable.Row{Name: name, When: when, Class: ice, Reason: reason, Message: messages(reason), Marks: marks}
	if len(marks) > 0 {
		row.TTL = TTL
	}
	return row
}

// messages are those of AWS-302; empty: the cloud's own.
func messages(reason string) string {
	switch reason {
	case "FleetQuotaExceeded":
		return "A fleet launch was requested but this would exceed your fleet request quota"
	case "SpotQuotaExceeded":
		return "A spot instance launch was requested but this would exceed your spot instance quota"
	case "VCPULimitExceeded":
		return "An instance was requested that would exceed your VCPU quota"
	case "InsufficientFreeAddressesInSubnet":
		return "There are not enough free IP addresses to launch an instance in this subnet"
	}
	return ""
}
