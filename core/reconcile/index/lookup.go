// SPDX-License-Identifier: Apache-2.0

package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// Nodes returns the Nodes with a provider ID.
func Nodes(ctx context.Context, r client.Reader, providerID string) ([]corev1.Node, error) {
	var list corev1.NodeList
	if err := by(ctx, r, &list, field{NodeProviderID, providerID}); err != nil {
		return nil, fmt.Errorf("looking up nodes with provider ID %q: %w", providerID, err)
	}
	return list.Items, nil
}

// NodeClaims returns the NodeClaims with a provider ID, managed or not.
func NodeClaims(ctx context.Context, r client.Reader, providerID string) ([]v1.NodeClaim, error) {
	var list v1.NodeClaimList
	if err := by(ctx, r, &list, field{NodeClaimProviderID, providerID}); err != nil {
		return nil, fmt.Errorf("looking up nodeclaims with provider ID %q: %w", providerID, err)
	}
	return list.Items, nil
}

// Pods returns the pods bound to the node of a name.
func Pods(ctx context.Context, r client.Reader, nodeName string) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := by(ctx, r, &list, field{PodNodeName, nodeName}); err != nil {
		return nil, fmt.Errorf("looking up pods on node %q: %w", nodeName, err)
	}
	return list.Items, nil
}

// UnboundPods returns the pods that are on no node.
func UnboundPods(ctx context.Context, r client.Reader) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := by(ctx, r, &list, field{PodUnbound, unbound}); err != nil {
		return nil, fmt.Errorf("looking up unbound pods: %w", err)
	}
	return list.Items, nil
}

// VolumeAttachments returns the attachments to the node of a name.
func VolumeAttachments(ctx context.Context, r client.Reader, nodeName string) ([]storagev1.VolumeAttachment, error) {
	var list storagev1.VolumeAttachmentList
	if err := by(ctx, r, &list, field{VolumeAttachmentNode, nodeName}); err != nil {
		return nil, fmt.Errorf("looking up volume attachments of node %q: %w", nodeName, err)
	}
	return list.Items, nil
}

// ClaimUsers returns the pods that use a PersistentVolumeClaim by name.
func ClaimUsers(ctx context.Context, r client.Reader, claim types.NamespacedName) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := by(ctx, r, &list, field{PodClaim, claim.Name}, client.InNamespace(claim.Namespace)); err != nil {
		return nil, fmt.Errorf("looking up pods that use PersistentVolumeClaim %s: %w", claim, err)
	}
	return list.Items, nil
}

// OpenVolumes returns the PersistentVolumes of a class that are not bound, by name.
func OpenVolumes(ctx context.Context, r client.Reader, class string) ([]*corev1.PersistentVolume, error) {
	var list corev1.PersistentVolumeList
	if err := by(ctx, r, &list, field{OpenVolumeClass, class}); err != nil {
		return nil, fmt.Errorf("looking up PersistentVolumes of StorageClass %q: %w", class, err)
	}
	return byName(list.Items), nil
}

// Room returns where the driver of a class says that it has room, by name.
func Room(ctx context.Context, r client.Reader, class string) ([]*storagev1.CSIStorageCapacity, error) {
	var list storagev1.CSIStorageCapacityList
	if err := by(ctx, r, &list, field{RoomClass, class}); err != nil {
		return nil, fmt.Errorf("looking up CSIStorageCapacities of StorageClass %q: %w", class, err)
	}
	return byName(list.Items), nil
}

// byName points at the items, in an order that does not depend on the cache.
func byName[T any, P interface {
	*T
	client.Object
}](items []T) []P {
	out := make([]P, len(items))
	for i := range items {
		out[i] = &items[i]
	}
	slices.SortFunc(out, func(a, b P) int {
		return cmp.Or(strings.Compare(a.GetNamespace(), b.GetNamespace()), strings.Compare(a.GetName(), b.GetName()))
	})
	return out
}

// field is what an index is asked for.
type field struct{ index, value string }

// by fills the list with the objects that have the value; the empty value
// matches nothing.
func by(ctx context.Context, r client.Reader, list client.ObjectList, f field, more ...client.ListOption) error {
	if f.value == "" {
		return nil
	}
	return r.List(ctx, list, append(more, client.MatchingFields{f.index: f.value}, client.UnsafeDisableDeepCopy)...)
}
