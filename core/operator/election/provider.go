// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// Provider puts the fence around a provider: a replica that lost the lease
// launches and terminates nothing, for its successor may be doing so (OPS-059).
// What changes nothing passes.
func (f *Fence) Provider(provider cloudprovider.CloudProvider) cloudprovider.Layer {
	return &fencedProvider{CloudProvider: provider, fence: f}
}

type fencedProvider struct {
	cloudprovider.CloudProvider
	fence *Fence
}

// Unwrap implements cloudprovider.Layer.
func (p *fencedProvider) Unwrap() cloudprovider.CloudProvider { return p.CloudProvider }

// Create implements cloudprovider.CloudProvider.
func (p *fencedProvider) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	if err := p.fence.Check(); err != nil {
		return nil, err
	}
	return p.CloudProvider.Create(ctx, nodeClaim)
}

// Delete implements cloudprovider.CloudProvider.
func (p *fencedProvider) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	if err := p.fence.Check(); err != nil {
		return err
	}
	return p.CloudProvider.Delete(ctx, nodeClaim)
}
