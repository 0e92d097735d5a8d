// SPDX-License-Identifier: Apache-2.0

package price

import (
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
)

// Source is where a price comes from.
type Source string

// The sources.
const (
	FromFile     Source = "file"
	FromCloud    Source = "cloud"
	FromTable    Source = "embedded"
	FromEstimate Source = "estimate"
)

// Quote is a price per hour.
type Quote struct {
	Price float64
	// Source of the price. A discount of the user's file leaves it as it is.
	Source Source
	// Row of the user's file that decided, counted from 1; 0 without one.
	Row int
}

// Offering is what is asked about.
type Offering struct {
	InstanceType string
	// CapacityType is one of the values of karpenter.sh/capacity-type.
	CapacityType string
	Zone         string
}

// Snapshot is prices at a moment. It is immutable.
type Snapshot struct {
	generation uint64
	opts       *Options
	table      Table
	onDemand   map[string]float64
	spot       map[Spot]float64
	estimates  map[string]float64
	families   map[string]string // by type
	file       *File
}

func newSnapshot(b *Book) *Snapshot {
	s := &Snapshot{
		generation: b.generation, opts: &b.opts, table: b.table, onDemand: b.onDemand, spot: b.spot, file: b.file,
		families: make(map[string]string, len(b.shapes)),
	}
	known := map[string]float64{}
	for name, shape := range b.shapes {
		s.families[name] = shape.Family
		if q, ok := s.said(name); ok {
			known[name] = q.Price
		}
	}
	s.estimates = estimates(b.shapes, known, b.opts.Rates)
	return s
}

// Generation changes when a price can have changed (KIT-045).
func (s *Snapshot) Generation() uint64 { return s.generation }

// Price is what an offering costs; false if that cannot be said, in which case a
// spot or on-demand offering is not to be offered (CP-066). Reserved capacity
// always has a price (KIT-043).
func (s *Snapshot) Price(o Offering) (Quote, bool) {
	switch o.CapacityType {
	case label.Spot:
		return s.decided(o, s.listSpot)
	case label.Reserved:
		o.CapacityType = label.OnDemand
		q, ok := s.decided(o, s.listOnDemand)
		if !ok {
			q.Source = FromEstimate
		}
		q.Price = cloudprovider.ReservedPrice(q.Price)
		return q, true
	case label.OnDemand:
		return s.decided(o, s.listOnDemand)
	}
	return Quote{}, false
}

// decided lets the user's file decide over the list price.
func (s *Snapshot) decided(o Offering, list func(Offering) (Quote, bool)) (Quote, bool) {
	q, ok := list(o)
	if s.file == nil {
		return q, ok
	}
	row, found := s.file.last(o, s.families[o.InstanceType])
	switch {
	case !found:
		return q, ok
	case row.price != nil:
		return Quote{Price: *row.price, Source: FromFile, Row: row.number}, true
	}
	q.Price *= 1 - row.discount
	q.Row = row.number
	return q, ok
}

// said is the on-demand price that somebody said.
func (s *Snapshot) said(instanceType string) (Quote, bool) {
	if price, ok := s.onDemand[instanceType]; ok {
		return Quote{Price: price, Source: FromCloud}, true
	}
	price, ok := s.table.OnDemand[instanceType]
	return Quote{Price: price, Source: FromTable}, ok
}

func (s *Snapshot) listOnDemand(o Offering) (Quote, bool) {
	if q, ok := s.said(o.InstanceType); ok {
		return q, true
	}
	price, ok := s.estimates[o.InstanceType]
	return Quote{Price: price, Source: FromEstimate}, ok
}

// listSpot follows KIT-042.
func (s *Snapshot) listSpot(o Offering) (Quote, bool) {
	priced := s.spot != nil
	if price, ok := spotOf(s.spot, o); ok {
		return Quote{Price: price, Source: FromCloud}, true
	}
	if priced && !s.opts.SpotEverywhere {
		return Quote{}, false
	}
	if price, ok := spotOf(s.table.Spot, o); ok && !priced {
		return Quote{Price: price, Source: FromTable}, true
	}
	q, ok := s.listOnDemand(o)
	q.Price *= s.opts.SpotRatio
	q.Source = FromEstimate
	return q, ok
}

func spotOf(prices map[Spot]float64, o Offering) (float64, bool) {
	if price, ok := prices[Spot{o.InstanceType, o.Zone}]; ok {
		return price, true
	}
	price, ok := prices[Spot{o.InstanceType, ""}]
	return price, ok
}
