// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
)

// caller is the view that one controller has of the provider: it names the
// controller to the metrics layer below, which labels calls with it (CP-076).
// The name travels with the context between these two only.
type caller struct {
	cloudprovider.CloudProvider
	controller string
}

var _ cloudprovider.Layer = (*caller)(nil)

type callerKey struct{}

// calledBy returns the provider as a controller sees it.
func calledBy(provider cloudprovider.CloudProvider, controller string) cloudprovider.CloudProvider {
	cloudprovider.ExpectCalls(provider, controller)
	return &caller{CloudProvider: provider, controller: controller}
}

// callerOf reads the name of the calling controller.
func callerOf(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

func (c *caller) named(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, c.controller) //nolint:forbidigo // read by the layer below, and nowhere else
}

// Unwrap implements cloudprovider.Layer.
func (c *caller) Unwrap() cloudprovider.CloudProvider { return c.CloudProvider }

func (c *caller) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	return c.CloudProvider.Create(c.named(ctx), nodeClaim)
}

func (c *caller) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	return c.CloudProvider.Delete(c.named(ctx), nodeClaim)
}

func (c *caller) Get(ctx context.Context, providerID string) (*v1.NodeClaim, error) {
	return c.CloudProvider.Get(c.named(ctx), providerID)
}

func (c *caller) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	return c.CloudProvider.List(c.named(ctx))
}

func (c *caller) GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	return c.CloudProvider.GetInstanceTypes(c.named(ctx), nodePool)
}

func (c *caller) IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	return c.CloudProvider.IsDrifted(c.named(ctx), nodeClaim)
}
