// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	karpv1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/providerid"
)

var errNoID = errors.New("nothing was launched")

// Get implements cloudprovider.CloudProvider (AWS-321).
func (p *Provider) Get(ctx context.Context, providerID string) (*karpv1.NodeClaim, error) {
	if providerID == "" {
		return nil, errNoID
	}
	id, err := providerid.InstanceID(providerID)
	if err != nil {
		return nil, cloudprovider.NewNodeClaimNotFoundError(err) // CP-027: no machine has such an ID
	}
	machine, err := p.opts.Instances.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return p.describe(machine), nil
}

// List implements cloudprovider.CloudProvider.
func (p *Provider) List(ctx context.Context) ([]*karpv1.NodeClaim, error) {
	machines, err := p.opts.Instances.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]*karpv1.NodeClaim, len(machines))
	for i, machine := range machines {
		out[i] = p.describe(machine)
	}
	return out, nil
}

// Delete implements cloudprovider.CloudProvider (AWS-324). It looks first: one that is
// ending costs no second call, one that is gone is not found.
func (p *Provider) Delete(ctx context.Context, nodeClaim *karpv1.NodeClaim) error {
	id := nodeClaim.Status.ProviderID
	if id == "" {
		return cloudprovider.NewNodeClaimNotFoundError(errNoID)
	}
	instanceID, err := providerid.InstanceID(id)
	if err != nil {
		return cloudprovider.NewNodeClaimNotFoundError(err)
	}
	p.opts.Launcher.Forget(instanceID)
	if err := p.opts.Instances.Terminate(ctx, instanceID); err != nil {
		return p.gone(nodeClaim, fmt.Errorf("terminating instance %s of NodeClaim %s: %w", instanceID, nodeClaim.Name, err))
	}
	return nil
}

// gone tells a reservation of a machine that is found to be gone (AWS-324).
func (p *Provider) gone(nodeClaim *karpv1.NodeClaim, err error) error {
	if id := nodeClaim.Labels[v1.LabelCapacityReservationID]; id != "" && p.opts.Reservations != nil && cloudprovider.IsNodeClaimNotFoundError(err) {
		p.opts.Reservations.Ended(id)
	}
	return err
}
