// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1alpha1 "karpenter.sh/core/apis/v1alpha1"

	karpenterv1 "karpenter.sh/core/apis/v1"
	v1 "karpenter.sh/providers/aws/apis/v1"
)

// closedToOverlays are the labels that a launch decides (AWS-016).
func closedToOverlays() []string {
	return []string{
		v1.LabelInstanceTenancy, v1.LabelCapacityReservationID, v1.LabelCapacityReservationType,
		v1.LabelCapacityReservationInterruptible, v1.LabelPlacementGroupID, v1.LabelPlacementGroupPartition,
	}
}

// restrictedDomain holds the published rules against the keys of the vocabulary,
// so that neither has a key that the other lacks.
func restrictedDomain(t *testing.T, api client.Client) {
	keys := map[string]bool{
		v1.Group + "/other":                 false,
		v1.Group + "/instance-cpu-and-more": false,
		v1.Group:                            false,
		"sub." + v1.Group + "/x":            false,
		"not" + v1.Group + "/x":             true,
		"example.com/team":                  true,
	}
	for _, key := range v1.WellKnownLabels() {
		keys[key] = true
	}
	for key, admitted := range keys {
		for kind, object := range withKey(key) {
			want := admitted && (kind != "NodeOverlay requirement" || !slices.Contains(closedToOverlays(), key))
			err := api.Create(t.Context(), object, client.DryRunAll)
			if want != (err == nil) || (err != nil && !strings.Contains(err.Error(), `label domain "karpenter.k8s.aws" is restricted`)) {
				t.Errorf("%s %s: %v", kind, key, err)
			}
		}
	}
}

// withKey returns objects that name a label key, each in another place.
func withKey(key string) map[string]client.Object {
	generated := metav1.ObjectMeta{GenerateName: "test-"}
	ref := karpenterv1.NodeClassReference{Group: v1.Group, Kind: v1.NodeClassKind, Name: "default"}
	requirements := []karpenterv1.NodeSelectorRequirementWithMinValues{{Key: key, Operator: karpenterv1.OperatorExists}}
	asked := &karpenterv1.NodePool{ObjectMeta: generated}
	asked.Spec.Template.Spec = karpenterv1.NodeClaimTemplateSpec{NodeClassRef: ref, Requirements: requirements}
	labelled := &karpenterv1.NodePool{ObjectMeta: generated}
	labelled.Spec.Template.Spec = karpenterv1.NodeClaimTemplateSpec{NodeClassRef: ref, Requirements: requirements[:0]}
	labelled.Spec.Template.ObjectMeta.Labels = map[string]string{key: "x"}
	return map[string]client.Object{
		"NodePool requirement":  asked,
		"NodePool label":        labelled,
		"NodeClaim requirement": &karpenterv1.NodeClaim{ObjectMeta: generated, Spec: karpenterv1.NodeClaimSpec{NodeClassRef: ref, Requirements: requirements}},
		"NodeOverlay requirement": &corev1alpha1.NodeOverlay{ObjectMeta: generated, Spec: corev1alpha1.NodeOverlaySpec{
			Requirements: []corev1alpha1.NodeSelectorRequirement{{Key: key, Operator: karpenterv1.OperatorExists}},
		}},
	}
}
