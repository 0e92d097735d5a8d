// SPDX-License-Identifier: Apache-2.0

package blueprint

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/instancetype"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/network"
	"karpenter.sh/providers/aws/placement"
	"karpenter.sh/providers/aws/userdata"
)

// Facts are what all machines of the cluster have in common.
type Facts struct {
	Cluster userdata.Cluster
	Region  string
	// IPv6 says that the cluster's family is IPv6 (AWS-003).
	IPv6 bool
	// Reservations is the gate ReservedCapacity (AWS-264).
	Reservations bool
	// PodAddresses says that pods take addresses of their machine's subnet (AWS-432).
	PodAddresses bool
}

// Machines tells what a machine of a type is told; *instancetype.Provider does.
type Machines interface {
	Machine(nodeClass *v1.EC2NodeClass, instanceType string) (instancetype.Machine, error)
}

// Input is what a request is made from.
type Input struct {
	Facts
	NodeClass *v1.EC2NodeClass
	NodeClaim *karpv1.NodeClaim
	Choice    choice.Choice
	// Group is the placement group of the NodeClass; nil means none.
	Group    *placement.Group
	Machines Machines
}

// ErrNoImages is what a NodeClass without images in its status fails with (AWS-147).
var ErrNoImages = errors.New("no AMIs are present in the status")

// ErrNoSubnets is what a NodeClass without subnets in its status fails with (AWS-132).
var ErrNoSubnets = errors.New("no subnets are present in the status")

// keptTemplates bounds the templates that are kept: those of some dozen NodePools, since
// most launches of one need the same 20. With the longest user data that EC2 takes they
// are 25 MB.
const keptTemplates = 1000

// Maker makes requests. It keeps the templates of earlier ones by all that they are made
// from, because rendering user data is what most of the time goes into. It is safe for
// concurrent use.
type Maker struct {
	templates *catalogue.Memo[key, template]
}

// New returns a Maker that keeps nothing yet.
func New() *Maker { return &Maker{templates: catalogue.NewMemo[key, template](keptTemplates)} }

// Request returns what is asked of the cloud for a NodeClaim (AWS-290). Types for which
// the NodeClass has no image are left out; if it has none for any, that is an error. The
// contents of templates are shared with other requests and must not be changed.
func (m *Maker) Request(in Input) (fleet.Request, error) {
	switch {
	case len(in.NodeClass.Status.AMIs) == 0:
		return fleet.Request{}, fmt.Errorf("EC2NodeClass %s: %w", in.NodeClass.Name, ErrNoImages)
	case len(in.NodeClass.Status.Subnets) == 0:
		return fleet.Request{}, fmt.Errorf("EC2NodeClass %s: %w", in.NodeClass.Name, ErrNoSubnets)
	}
	b, err := newBuilder(m, in)
	if err != nil {
		return fleet.Request{}, fmt.Errorf("EC2NodeClass %s: %w", in.NodeClass.Name, err)
	}
	r := fleet.Request{UID: in.NodeClaim.UID, Terms: b.terms(), Templates: b.used}
	for _, candidate := range in.Choice.Candidates {
		offers, err := b.offers(candidate)
		if err != nil {
			return fleet.Request{}, fmt.Errorf("instance type %s for EC2NodeClass %s: %w", candidate.Type.Name, in.NodeClass.Name, err)
		}
		r.Offers = append(r.Offers, offers...)
	}
	if len(r.Offers) == 0 {
		return fleet.Request{}, fmt.Errorf("EC2NodeClass %s: no AMI of the status is for any of %d instance types", in.NodeClass.Name, len(in.Choice.Candidates))
	}
	return r, nil
}

// builder makes one request.
type builder struct {
	Input
	maker  *Maker
	common common
	// key is that of common.
	key key
	// used are the templates of the request, by their names.
	used map[string]launchtemplate.Content
}

func newBuilder(m *Maker, in Input) (*builder, error) {
	family, err := in.NodeClass.Family()
	if err != nil {
		return nil, err
	}
	b := &builder{Input: in, maker: m, common: in.common(family), used: map[string]launchtemplate.Content{}}
	b.key, err = keyOf(nil, b.common)
	return b, err
}

// terms are what the request shares with others that can be served by one fleet.
func (b *builder) terms() fleet.Terms {
	t := fleet.Terms{
		NodeClass: b.NodeClass.Name, CapacityType: b.Choice.CapacityType, Reservation: b.Choice.Reservation,
		Tags: v1.Tags(b.NodeClass, b.Cluster.Name, b.common.NodePool), Subnets: b.NodeClass.Status.Subnets, Tenancy: b.Choice.Tenancy, Partition: b.Choice.Partition,
	}
	_, t.ByPrice = b.NodeClaim.Annotations[karpv1.PriceOverlayAppliedAnnotationKey]
	if b.NodeClass.Spec.Context != nil && b.NodeClaim.Annotations[karpv1.NodeClaimMinValuesRelaxedAnnotationKey] != "true" {
		t.Context = *b.NodeClass.Spec.Context // AWS-291
	}
	for _, group := range b.NodeClass.Status.SecurityGroups {
		t.SecurityGroupIDs = append(t.SecurityGroupIDs, group.ID)
	}
	slices.Sort(t.SecurityGroupIDs)
	t.PlacementGroupID = b.common.Placement.GroupID
	return t
}

// offers are the ways to launch a type; none if no image is for it (AWS-147).
func (b *builder) offers(candidate choice.Candidate) ([]fleet.Offer, error) {
	ami, found := image.For(b.NodeClass.Status.AMIs, candidate.Type.Requirements)
	if !found {
		return nil, nil
	}
	machine, err := b.Machines.Machine(b.NodeClass, candidate.Type.Name)
	if err != nil {
		return nil, err
	}
	efas := b.efas(machine)
	demand := network.Demand{Capacity: machine.Settings.Pods, Asked: b.pods(), PodsTakeAddresses: b.PodAddresses}
	names := map[string]string{} // of templates, by reservation: zones share them
	var out []fleet.Offer
	for _, o := range candidate.Offerings {
		reservation := b.reservationOf(o)
		offer := fleet.Offer{
			Type: candidate.Type.Name, VCPUs: machine.VCPUs, Zone: o.Zone(), ImageID: ami.ID,
			Price: o.Price, Addresses: demand.Addresses(), EFAs: efas,
		}
		if reservation != nil {
			offer.ReservationID = reservation.ID
		}
		name, known := names[offer.ReservationID]
		if !known {
			if name, err = b.template(specialOf(b.common.Family, ami, machine, efas, reservation)); err != nil {
				return nil, err
			}
			names[offer.ReservationID] = name
		}
		offer.Template = name
		out = append(out, offer)
	}
	return out, nil
}

// efas is how many interfaces for EFA are attached: those that the NodeClass lists, or
// all of the type if the NodeClaim asks for some (AWS-266, AWS-295).
func (b *builder) efas(machine instancetype.Machine) int {
	if len(b.NodeClass.Spec.NetworkInterfaces) > 0 || b.asks(v1.ResourceEFA) {
		return int(machine.EFAs)
	}
	return 0
}

// asks reports whether the NodeClaim requests some of a resource.
func (in Input) asks(name corev1.ResourceName) bool {
	quantity, asked := in.NodeClaim.Spec.Resources.Requests[name]
	return asked && quantity.Sign() > 0
}

// pods is how many pods the NodeClaim asks room for; 0 is not known.
func (b *builder) pods() int64 {
	quantity := b.NodeClaim.Spec.Resources.Requests[corev1.ResourcePods]
	return quantity.Value()
}

// reservationOf is the reservation of an offering, as the NodeClass has it; nil if it is
// none.
func (b *builder) reservationOf(o *cloudprovider.Offering) *launchtemplate.Reservation {
	if o.CapacityType() != label.Reserved {
		return nil
	}
	id := o.ReservationID(v1.LabelCapacityReservationID)
	out := &launchtemplate.Reservation{ID: id}
	for _, r := range b.NodeClass.Status.CapacityReservations {
		if r.ID == id {
			out.Type, out.Interruptible = r.ReservationType, r.Interruptible
		}
	}
	return out
}

// template returns the name of the template for a machine, which the request uses then.
func (b *builder) template(s special) (string, error) {
	key, err := keyOf(b.key[:], s)
	if err != nil {
		return "", err
	}
	t := b.maker.templates.Get(key, func() template { return newTemplate(b.common, s) })
	if t.err != nil {
		return "", t.err
	}
	b.used[t.name] = t.content
	return t.name, nil
}
