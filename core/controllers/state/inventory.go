// SPDX-License-Identifier: Apache-2.0

package state

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
)

// Inventory lists what the API server has, for the first sync of the model. It
// is read from the watch caches, which hold everything before any controller
// runs.
type Inventory struct {
	Reader      client.Reader
	NodeClasses cloudprovider.NodeClassKinds
}

var _ cluster.Inventory = Inventory{}

// NodeNames implements [cluster.Inventory].
func (i Inventory) NodeNames(ctx context.Context) ([]string, error) {
	var list corev1.NodeList
	if err := i.Reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	names := make([]string, len(list.Items))
	for n := range list.Items {
		names[n] = list.Items[n].Name
	}
	return names, nil
}

// NodeClaimNames implements [cluster.Inventory].
func (i Inventory) NodeClaimNames(ctx context.Context) ([]string, error) {
	var list v1.NodeClaimList
	if err := i.Reader.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	var names []string
	for n := range list.Items {
		if i.NodeClasses.Manages(list.Items[n].Spec.NodeClassRef) {
			names = append(names, list.Items[n].Name)
		}
	}
	return names, nil
}
