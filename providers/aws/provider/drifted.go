// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/drift"
	"karpenter.sh/providers/aws/image"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/providerid"
)

// IsDrifted implements cloudprovider.CloudProvider (AWS-376, AWS-377).
func (p *Provider) IsDrifted(ctx context.Context, nodeClaim *karpv1.NodeClaim) (cloudprovider.DriftReason, error) {
	if nodeClaim.Labels[karpv1.NodePoolLabelKey] == "" {
		return "", nil // CP-037
	}
	nodeClass, found, err := p.lookup().ForDrift(ctx, nodeClaim)
	if err != nil || !found {
		return "", err
	}
	in := drift.Inputs{NodeClaim: nodeClaim, NodeClass: nodeClass, ReservedCapacity: p.opts.Reservations != nil}
	if in.Static, err = p.opts.Hash.Drifted(nodeClaim, nodeClass); err != nil {
		return "", err
	}
	types, err := p.types(ctx, nodeClass)
	if err != nil {
		return "", err
	}
	in.ImageID, in.TypeListed = imageFor(nodeClass, types, nodeClaim.Labels[corev1.LabelInstanceTypeStable])
	if group, _ := p.opts.Groups.Last(nodeClass); group != nil {
		in.PlacementGroupID = group.ID
	}
	id, err := providerid.InstanceID(nodeClaim.Status.ProviderID)
	if err != nil {
		return drift.Of(ctx, in) // which says what is missing
	}
	machine, err := p.opts.Instances.Get(ctx, id)
	if err != nil {
		return "", err
	}
	compared := driftable(machine)
	in.Instance = &compared
	in.Fresh = func(ctx context.Context) (drift.Instance, error) {
		machine, err := p.opts.Instances.Fresh(ctx, id)
		return driftable(machine), err
	}
	return drift.Of(ctx, in)
}

// driftable is what of a machine can drift.
func driftable(machine instance.Instance) drift.Instance {
	return drift.Instance{
		SubnetID: machine.SubnetID, SecurityGroupIDs: machine.SecurityGroupIDs,
		CapacityType: machine.CapacityType, ReservationID: machine.ReservationID,
	}
}

// ImageFor is the ID of the image that a NodeClass selects now for an instance type
// (AWS-147); empty if it selects none, or the type is not sold.
func (p *Provider) ImageFor(ctx context.Context, nodeClass *v1.EC2NodeClass, instanceType string) (string, error) {
	types, err := p.types(ctx, nodeClass)
	if err != nil {
		return "", err
	}
	id, _ := imageFor(nodeClass, types, instanceType)
	return id, nil
}

// imageFor also reports whether the type is listed.
func imageFor(nodeClass *v1.EC2NodeClass, types []*cloudprovider.InstanceType, instanceType string) (id string, listed bool) {
	i := slices.IndexFunc(types, func(it *cloudprovider.InstanceType) bool { return it.Name == instanceType })
	if i < 0 {
		return "", false
	}
	ami, _ := image.For(nodeClass.Status.AMIs, types[i].Requirements)
	return ami.ID, true
}
