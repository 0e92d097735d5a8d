// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/launchtemplate"
)

// Request asks for one machine. It is not changed once it is handed over.
type Request struct {
	// UID is that of the NodeClaim.
	UID   types.UID
	Terms Terms
	// Offers are the ways to launch it, at least one. Of those with equal type and zone the
	// cheapest is asked for, of equal ones the first; the others are tried once it fails.
	Offers []Offer
	// Templates are the contents that offers name.
	Templates map[string]launchtemplate.Content
}

// Terms are what requests have in common that share a fleet. They are compared by
// their JSON.
type Terms struct {
	// NodeClass is its name.
	NodeClass string
	// CapacityType is a value of karpenter.sh/capacity-type.
	CapacityType string
	// Reservation is the kind of reservation, if CapacityType is reserved.
	Reservation choice.Reservation
	// ByPrice says that our prices decide and not the cloud's: an overlay has set them
	// (CP-017).
	ByPrice bool
	// Context of the fleet; empty means none (AWS-291).
	Context string
	// Tags of machine, volume, interface, fleet (AWS-124).
	Tags map[string]string
	// Subnets are those of the NodeClass, in the order of its status.
	Subnets []v1.Subnet
	// SecurityGroupIDs are those that machines are in.
	SecurityGroupIDs []string
	Tenancy          string
	// PlacementGroupID and Partition narrow where machines run; Partition 0 leaves it
	// to the cloud.
	PlacementGroupID string
	Partition        int32
}

func (t Terms) key() (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("comparing the terms of a launch: %w", err)
	}
	return string(text), nil
}

// Offer is one way to launch a machine. Requests share a fleet by offers that are equal in
// all fields but Addresses.
type Offer struct {
	Type string
	// VCPUs of the type; 0 if unknown.
	VCPUs   int64
	Zone    string
	ImageID string
	// Template is the name of the launch template.
	Template string
	// ReservationID is that of the template, for reserved machines.
	ReservationID string
	// Price per hour, overlays applied.
	Price float64
	// Addresses is how many a machine takes from its subnet, its pods included if they
	// get theirs from it; at least 1.
	Addresses int64
	// EFAs is how many EFA interfaces the template attaches.
	EFAs int
}

// compare orders offers by price, then by their names.
func compare(a, b Offer) int {
	return cmp.Or(
		cmp.Compare(a.Price, b.Price), strings.Compare(a.Type, b.Type), strings.Compare(a.Zone, b.Zone),
		strings.Compare(a.Template, b.Template), strings.Compare(a.ReservationID, b.ReservationID),
		strings.Compare(a.ImageID, b.ImageID), cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.EFAs, b.EFAs),
	)
}

// place is what a fleet must not have twice.
type place struct{ kind, zone string }

func (o Offer) place() place { return place{o.Type, o.Zone} }

// sorted returns the offers in order, each type and zone once.
func sorted(offers []Offer) []Offer {
	out, _ := choices(offers)
	return out
}

// choices also returns what may take the place of an offer that fails.
func choices(offers []Offer) (out []Offer, others map[place][]Offer) {
	out = slices.SortedStableFunc(slices.Values(offers), func(a, b Offer) int { return cmp.Compare(a.Price, b.Price) })
	seen := make(map[place]bool, len(out))
	out = slices.DeleteFunc(out, func(o Offer) bool {
		if p := o.place(); seen[p] {
			if others == nil {
				others = map[place][]Offer{}
			}
			others[p] = append(others[p], bare([]Offer{o})...)
			return true
		}
		seen[o.place()] = true
		return false
	})
	slices.SortFunc(out, compare)
	return out, others
}

// strategy is how EC2 chooses among the offers of a fleet, which decides how far
// different lists may share one.
type strategy int

const (
	// inOrder launches the cheapest that there is: by list price, by our priority, or
	// from a single reservation.
	inOrder strategy = iota
	// byDepth weighs prices against how much is left, among many.
	byDepth
	// atRandom has no order.
	atRandom
)

func (t Terms) strategy() strategy {
	switch {
	case t.CapacityType == label.Spot:
		return byDepth
	case t.Reservation == choice.ReservationInterruptible:
		return atRandom
	}
	return inOrder
}
