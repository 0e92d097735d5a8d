// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/price"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/kubeletconfig"
)

// Prices are what offerings cost at a moment; a *price.Snapshot is one.
type Prices interface {
	// Generation changes when a price can have changed.
	Generation() uint64
	// Price is false where it cannot be said.
	Price(price.Offering) (price.Quote, bool)
}

// Reservations tell how many more machines reservations take.
type Reservations interface {
	// Left is for the reservation with an ID; 0 if it is not known.
	Left(id string) int
	// Generation changes when an answer can have changed.
	Generation() uint64
}

// Addresses count the free addresses of subnets.
type Addresses interface {
	// Free is what a subnet has left, launches in flight subtracted; false if that is not
	// known.
	Free(subnet string) (int64, bool)
}

// Quotas are what the account may launch.
type Quotas interface {
	// Left is what is left of a limit, launches in flight subtracted; false if that is not
	// known.
	Left(limit string) (int64, bool)
}

// Options is what a Provider is made of.
type Options struct {
	API   API
	Clock clock.PassiveClock
	// Region is the value of topology.kubernetes.io/region.
	Region string
	// Kubelet reads spec.kubelet.
	Kubelet *kubeletconfig.Reader
	// Prices are those of the moment.
	Prices func() Prices
	// Health says what cannot be had (AWS-235).
	Health *health.Record
	// Reservations is nil when the gate ReservedCapacity is off: then nothing about
	// reservations is offered (AWS-433).
	Reservations Reservations
	// Addresses tell which zones are full; nil means none is (AWS-432).
	Addresses Addresses
	// Quotas tell what is left of the limits that offerings draw on; nil means that there
	// are none (AWS-450).
	Quotas Quotas
	// PodAddresses reports whether pods have addresses of the subnet of their node: so it
	// is with the VPC network plugin, on IPv4. The answer may change. Nil means they do not.
	PodAddresses func() bool
	// Shifted reports whether traffic is shifted away from a zone, by its ID; nil means
	// from none (AWS-368).
	Shifted func(zoneID string) bool
	// ImageFor finds the image for a type with these labels (AWS-147). A type without one
	// is unavailable, unless no images are known at all. Nil means that any will do.
	ImageFor func(amis []v1.AMI, labels requirement.Requirements) (v1.AMI, bool)
	// MemoryOverhead is the share of memory that nodes do not see; ReservedENIs are
	// interfaces that pods do not use (AWS-001).
	MemoryOverhead float64
	ReservedENIs   int64
}
