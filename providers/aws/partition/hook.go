// SPDX-License-Identifier: Apache-2.0

// Package partition holds a Node's registration back until the partition of its
// placement group is known (AWS-363). EC2 chooses it when none was asked for, and pods
// that spread over partitions must see it from the start.
//
// It may import nothing of the provider but the API types and providerid.
//
// Cost: one fresh look at the instance for each attempt to register, only while the
// label is there and empty.
//
// Start reading at [Hook].
package partition

import (
	"context"
	"fmt"
	"strconv"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/providerid"
)

// Name is what users see while registration waits.
const Name = "placement-group-partition"

// Instances describes instances.
type Instances interface {
	// Partition describes an instance afresh and returns the number of its partition,
	// from 1; 0 if EC2 does not say yet.
	Partition(ctx context.Context, instanceID string) (int32, error)
}

// Hook is the registration hook.
type Hook struct{ instances Instances }

var _ cloudprovider.RegistrationHook = (*Hook)(nil)

// New returns the hook.
func New(instances Instances) *Hook { return &Hook{instances} }

// Name implements cloudprovider.RegistrationHook.
func (*Hook) Name() string { return Name }

// Registered sets the label to the number and passes; without a provider ID or a number
// it is to be asked again. NodeClaims without the label, or with a value, pass.
func (h *Hook) Registered(ctx context.Context, nodeClaim *v1.NodeClaim) (cloudprovider.HookResult, error) {
	if value, grouped := nodeClaim.Labels[awsv1.LabelPlacementGroupPartition]; !grouped || value != "" {
		return cloudprovider.HookResult{}, nil
	}
	wait := cloudprovider.HookResult{Requeue: true}
	if nodeClaim.Status.ProviderID == "" {
		return wait, nil
	}
	id, err := providerid.InstanceID(nodeClaim.Status.ProviderID)
	if err != nil {
		return wait, err
	}
	number, err := h.instances.Partition(ctx, id)
	if err != nil {
		return wait, fmt.Errorf("looking up the partition of instance %s: %w", id, err)
	}
	if number <= 0 {
		return wait, nil
	}
	nodeClaim.Labels[awsv1.LabelPlacementGroupPartition] = strconv.Itoa(int(number))
	return cloudprovider.HookResult{}, nil
}
