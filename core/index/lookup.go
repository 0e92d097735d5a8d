// SPDX-License-Identifier: Apache-2.0

package index

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// Nodes returns the Nodes with a provider ID.
func Nodes(ctx context.Context, r client.Reader, providerID string) ([]corev1.Node, error) {
	var list corev1.NodeList
	if err := by(ctx, r, &list, NodeProviderID, providerID); err != nil {
		return nil, fmt.Errorf("looking up nodes with provider ID %q: %w", providerID, err)
	}
	return list.Items, nil
}

// NodeClaims returns the NodeClaims with a provider ID, managed or not.
func NodeClaims(ctx context.Context, r client.Reader, providerID string) ([]v1.NodeClaim, error) {
	var list v1.NodeClaimList
	if err := by(ctx, r, &list, NodeClaimProviderID, providerID); err != nil {
		return nil, fmt.Errorf("looking up nodeclaims with provider ID %q: %w", providerID, err)
	}
	return list.Items, nil
}

// Pods returns the pods bound to the node of a name.
func Pods(ctx context.Context, r client.Reader, nodeName string) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := by(ctx, r, &list, PodNodeName, nodeName); err != nil {
		return nil, fmt.Errorf("looking up pods on node %q: %w", nodeName, err)
	}
	return list.Items, nil
}

// UnboundPods returns the pods that are on no node.
func UnboundPods(ctx context.Context, r client.Reader) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := by(ctx, r, &list, PodUnbound, unbound); err != nil {
		return nil, fmt.Errorf("looking up unbound pods: %w", err)
	}
	return list.Items, nil
}

// VolumeAttachments returns the attachments to the node of a name.
func VolumeAttachments(ctx context.Context, r client.Reader, nodeName string) ([]storagev1.VolumeAttachment, error) {
	var list storagev1.VolumeAttachmentList
	if err := by(ctx, r, &list, VolumeAttachmentNode, nodeName); err != nil {
		return nil, fmt.Errorf("looking up volume attachments of node %q: %w", nodeName, err)
	}
	return list.Items, nil
}

// by fills the list with the objects that have the value; the empty value
// matches nothing.
func by(ctx context.Context, r client.Reader, list client.ObjectList, name, value string) error {
	if value == "" {
		return nil
	}
	return r.List(ctx, list, client.MatchingFields{name: value}, client.UnsafeDisableDeepCopy)
}
