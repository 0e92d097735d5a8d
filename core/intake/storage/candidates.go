// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"karpenter.sh/core/engine/requirement"
)

// candidates are the volumes that the scheduler could bind to a claim, the
// smallest first. If one is kept for the claim, it is the only one (SCH-083).
func (r *Rules) candidates(c Claim) ([]candidate, error) {
	selector := labels.Everything()
	if c.Object.Spec.Selector != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(c.Object.Spec.Selector); err != nil {
			return nil, fmt.Errorf("reading its selector: %w", err)
		}
	}
	var fitting []*corev1.PersistentVolume
	for _, pv := range c.Candidates {
		switch {
		case !holds(pv, c.Object):
		case pv.Spec.ClaimRef != nil:
			if keptFor(pv, c) {
				return r.reachable(pv)
			}
		case pv.Status.Phase == corev1.VolumeAvailable && selector.Matches(labels.Set(pv.Labels)) && offersModes(pv, c.Object):
			fitting = append(fitting, pv)
		}
	}
	slices.SortStableFunc(fitting, func(a, b *corev1.PersistentVolume) int {
		return sizeOf(a).Cmp(*sizeOf(b))
	})
	return r.reachable(fitting...)
}

// reachable leaves out volumes whose node affinity admits no node.
func (r *Rules) reachable(volumes ...*corev1.PersistentVolume) ([]candidate, error) {
	var out []candidate
	for _, pv := range volumes {
		places, err := r.ofVolume(pv)
		if err == nil {
			out = append(out, candidate{name: pv.Name, places: places})
		}
	}
	return out, nil
}

func sizeOf(pv *corev1.PersistentVolume) *resource.Quantity { return pv.Spec.Capacity.Storage() }

// holds checks what even a volume that is kept for the claim must offer.
func holds(pv *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) bool {
	return pv.DeletionTimestamp == nil &&
		sizeOf(pv).Cmp(claim.Spec.Resources.Requests[corev1.ResourceStorage]) >= 0 &&
		modeOf(pv.Spec.VolumeMode) == modeOf(claim.Spec.VolumeMode) &&
		valueOf(pv.Spec.VolumeAttributesClassName) == valueOf(claim.Spec.VolumeAttributesClassName)
}

func modeOf(mode *corev1.PersistentVolumeMode) corev1.PersistentVolumeMode {
	if mode == nil {
		return corev1.PersistentVolumeFilesystem
	}
	return *mode
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func keptFor(pv *corev1.PersistentVolume, c Claim) bool {
	ref := pv.Spec.ClaimRef
	return ref.Namespace == c.Key.Namespace && ref.Name == c.Key.Name && (ref.UID == "" || ref.UID == c.Object.UID)
}

func offersModes(pv *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) bool {
	return !slices.ContainsFunc(claim.Spec.AccessModes, func(mode corev1.PersistentVolumeAccessMode) bool {
		return !slices.Contains(pv.Spec.AccessModes, mode)
	})
}

// roomFor are the topologies in which the driver of a claim has room for its
// volume. An error says that there are none.
func (r *Rules) roomFor(size resource.Quantity, c Claim) ([]requirement.Requirements, error) {
	var out []requirement.Requirements
	for _, room := range c.Room {
		if !suffices(room, size) || room.NodeTopology == nil {
			continue
		}
		topology, err := r.ofSelector(room.NodeTopology)
		if err != nil {
			return nil, fmt.Errorf("reading the topology of CSIStorageCapacity %s/%s: %w", room.Namespace, room.Name, err)
		}
		out = append(out, topology)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("its driver %q has no room for %s in any topology", c.Class.Provisioner, size.String())
	}
	return out, nil
}

// suffices compares the size with the largest volume that can be made, or else
// with all that is left.
func suffices(room *storagev1.CSIStorageCapacity, size resource.Quantity) bool {
	most := room.MaximumVolumeSize
	if most == nil {
		most = room.Capacity
	}
	return most != nil && most.Cmp(size) >= 0
}

func (r *Rules) ofSelector(s *metav1.LabelSelector) (requirement.Requirements, error) {
	expressions := make([]corev1.NodeSelectorRequirement, 0, len(s.MatchLabels)+len(s.MatchExpressions))
	for key, value := range s.MatchLabels {
		expressions = append(expressions, corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: []string{value}})
	}
	for _, e := range s.MatchExpressions {
		expressions = append(expressions, corev1.NodeSelectorRequirement{Key: e.Key, Operator: corev1.NodeSelectorOperator(e.Operator), Values: e.Values})
	}
	return r.term(expressions)
}
