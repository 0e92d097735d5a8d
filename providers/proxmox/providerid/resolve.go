// SPDX-License-Identifier: Apache-2.0

package providerid

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/reconcile/index"
)

// ErrRegionless means that nobody tells the region of a provider ID without one.
var ErrRegionless = errors.New("the ID names no region, and neither do a NodeClaim or a Node with it")

// Resolve reads a provider ID, and finds its region. One that the provider cannot have issued
// is a NodeClaimNotFoundError (CP-025). The region of one without may be told by the
// NodeClaim, given or found, or by the Node with the ID (PVE-003). nodeClaim may be nil;
// cached has the fields of karpenter.sh/core/reconcile/index.
func Resolve(ctx context.Context, cached client.Reader, text string, nodeClaim *v1.NodeClaim) (ID, error) {
	id, err := Parse(text)
	if err != nil {
		return id, cloudprovider.NewNodeClaimNotFoundError(err)
	}
	if id.Region == "" && nodeClaim != nil {
		id.Region = nodeClaim.Labels[label.Region]
	}
	if id.Region == "" {
		if id.Region, err = regionOf(ctx, cached, text); err != nil {
			return id, err
		}
	}
	if id.Region == "" {
		return id, fmt.Errorf("%q: %w", text, ErrRegionless)
	}
	return id, nil
}

// regionOf is the region that a NodeClaim or Node with a provider ID is labelled with;
// empty: none is.
func regionOf(ctx context.Context, cached client.Reader, text string) (string, error) {
	nodeClaims, err := index.NodeClaims(ctx, cached, text)
	if err != nil {
		return "", err
	}
	for i := range nodeClaims {
		if region := nodeClaims[i].Labels[label.Region]; region != "" {
			return region, nil
		}
	}
	nodes, err := index.Nodes(ctx, cached, text)
	if err != nil {
		return "", err
	}
	for i := range nodes {
		if region := nodes[i].Labels[label.Region]; region != "" {
			return region, nil
		}
	}
	return "", nil
}
