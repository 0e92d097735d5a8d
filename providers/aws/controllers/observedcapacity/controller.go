// SPDX-License-Identifier: Apache-2.0

// Package observedcapacity passes on how much memory registered nodes have, since EC2
// does not say how much of a machine's memory its hypervisor and kernel take (AWS-203).
// Which nodes are looked at is the kit's (package observed); whether they count is said
// here.
//
// What becomes of an observation is for others to say. It may import nothing of the
// provider but the API types.
//
// Start reading at [New].
package observedcapacity

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/observed"
	awsv1 "karpenter.sh/providers/aws/apis/v1"
)

// Images selects images.
type Images interface {
	// Selected is the ID of the image that a NodeClass selects now for an instance type
	// (AWS-147); empty: none.
	Selected(ctx context.Context, nodeClass *awsv1.EC2NodeClass, instanceType string) (string, error)
}

// Memory takes observations.
type Memory interface {
	// Observe is told how much memory a node of an instance type has with one of the
	// images of a NodeClass. It may be told the same again, and in any order.
	Observe(nodeClass *awsv1.EC2NodeClass, instanceType string, capacity resource.Quantity)
}

// Options are what the controller works with; all are required.
type Options struct {
	// Client reads from the cache, with the indexes of package index.
	Client client.Client
	// Kinds of NodeClasses that the provider manages.
	Kinds  cloudprovider.NodeClassKinds
	Images Images
	Memory Memory
}

// New returns the controller providers.instancetype.capacity.
func New(o Options) *observed.Controller {
	return observed.New(observed.Options{Client: o.Client, Kinds: o.Kinds, Observe: o.observe})
}

// observe passes on the memory of a NodeClaim's Node, if its image is still the one that
// is selected.
func (o Options) observe(ctx context.Context, claim *v1.NodeClaim, memory resource.Quantity) error {
	nodeClass := &awsv1.EC2NodeClass{}
	if err := o.Client.Get(ctx, client.ObjectKey{Name: claim.Spec.NodeClassRef.Name}, nodeClass); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil
		}
		return fmt.Errorf("reading EC2NodeClass %s: %w", claim.Spec.NodeClassRef.Name, err)
	}
	instanceType := claim.Labels[corev1.LabelInstanceTypeStable]
	image, err := o.Images.Selected(ctx, nodeClass, instanceType)
	if err != nil {
		return fmt.Errorf("selecting the image of EC2NodeClass %s for %s: %w", nodeClass.Name, instanceType, err)
	}
	if image == claim.Status.ImageID {
		o.Memory.Observe(nodeClass, instanceType, memory)
	}
	return nil
}
