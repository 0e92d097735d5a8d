// SPDX-License-Identifier: Apache-2.0

package gauges

import (
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// stock is what is sold to any of several pools. Once filled it does not change.
type stock struct {
	unreserved bool // show where nothing is reserved
	machines   map[string]machine
	offers     map[offerKey]offer
	// seen are the types that were added: equal pointers are equal types (CP-009).
	seen map[*cloudprovider.InstanceType]bool
}

type machine struct{ cores, memory float64 }

type offerKey struct{ instanceType, capacityType, zone string }

type offer struct {
	available bool
	price     float64
}

func newStock(unreserved bool) stock {
	return stock{
		unreserved: unreserved, machines: map[string]machine{}, offers: map[offerKey]offer{},
		seen: map[*cloudprovider.InstanceType]bool{},
	}
}

func (s stock) add(types []*cloudprovider.InstanceType) {
	for _, it := range types {
		if s.seen[it] {
			continue
		}
		s.seen[it] = true
		s.machines[it.Name] = machine{
			cores: amount(corev1.ResourceCPU, it.Capacity[corev1.ResourceCPU]), memory: amount(corev1.ResourceMemory, it.Capacity[corev1.ResourceMemory]),
		}
		for _, o := range it.Offerings {
			s.put(offerKey{it.Name, o.CapacityType(), o.Zone()}, offer{o.Available, o.Price})
		}
		if s.unreserved {
			s.addUnreserved(it)
		}
	}
}

// put joins offers that differ in what the key does not tell: available if any
// is, at the lowest price.
func (s stock) put(key offerKey, o offer) {
	if known, ok := s.offers[key]; ok {
		o = offer{o.available || known.available, min(o.price, known.price)}
	}
	s.offers[key] = o
}

// addUnreserved shows an unavailable offer for nothing in every zone without a
// reservation (CP-079).
func (s stock) addUnreserved(it *cloudprovider.InstanceType) {
	for _, o := range it.Offerings {
		key := offerKey{it.Name, label.Reserved, o.Zone()}
		if _, known := s.offers[key]; !known {
			s.offers[key] = offer{}
		}
	}
}
