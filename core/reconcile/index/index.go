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

// Names of the indexes, which are the paths of the indexed fields.
const (
	NodeProviderID       = "spec.providerID"
	NodeClaimProviderID  = "status.providerID"
	PodNodeName          = "spec.nodeName"
	PodUnbound           = "unbound"
	VolumeAttachmentNode = "spec.nodeName"
	PodClaim             = "spec.volumes.persistentVolumeClaim.claimName"
	OpenVolumeClass      = "open/spec.storageClassName"
	RoomClass            = "storageClassName"
)

// unbound is the one value of the index PodUnbound.
const unbound = "true"

// Field is one index.
type Field struct {
	Object  client.Object
	Name    string
	Extract client.IndexerFunc
}

// Fields lists the indexes that the lookups of this package need.
func Fields() []Field {
	return []Field{
		{&corev1.Node{}, NodeProviderID, func(o client.Object) []string {
			return present(o.(*corev1.Node).Spec.ProviderID)
		}},
		{&v1.NodeClaim{}, NodeClaimProviderID, func(o client.Object) []string {
			return present(o.(*v1.NodeClaim).Status.ProviderID)
		}},
		{&corev1.Pod{}, PodNodeName, func(o client.Object) []string {
			return present(o.(*corev1.Pod).Spec.NodeName)
		}},
		{&corev1.Pod{}, PodUnbound, func(o client.Object) []string {
			if o.(*corev1.Pod).Spec.NodeName == "" {
				return present(unbound)
			}
			return nil
		}},
		{&storagev1.VolumeAttachment{}, VolumeAttachmentNode, func(o client.Object) []string {
			return present(o.(*storagev1.VolumeAttachment).Spec.NodeName)
		}},
		{&corev1.Pod{}, PodClaim, func(o client.Object) []string { return namedClaims(o.(*corev1.Pod)) }},
		{&corev1.PersistentVolume{}, OpenVolumeClass, func(o client.Object) []string { return openClass(o.(*corev1.PersistentVolume)) }},
		{&storagev1.CSIStorageCapacity{}, RoomClass, func(o client.Object) []string {
			return present(o.(*storagev1.CSIStorageCapacity).StorageClassName)
		}},
	}
}

// namedClaims are the claims that a pod uses by name.
func namedClaims(pod *corev1.Pod) []string {
	var out []string
	for i := range pod.Spec.Volumes {
		if source := pod.Spec.Volumes[i].PersistentVolumeClaim; source != nil {
			out = append(out, source.ClaimName)
		}
	}
	return out
}

// openClass is the class of a volume that is not bound.
func openClass(pv *corev1.PersistentVolume) []string {
	if pv.Status.Phase == corev1.VolumeBound {
		return nil
	}
	if class, ok := pv.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return present(class)
	}
	return present(pv.Spec.StorageClassName)
}

func present(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// Setup adds the indexes to a cache. It must run before the cache starts.
func Setup(ctx context.Context, indexer client.FieldIndexer) error {
	for _, f := range Fields() {
		if err := indexer.IndexField(ctx, f.Object, f.Name, f.Extract); err != nil {
			return fmt.Errorf("indexing %T by %s: %w", f.Object, f.Name, err)
		}
	}
	return nil
}
