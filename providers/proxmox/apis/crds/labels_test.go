// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpenterv1 "karpenter.sh/core/apis/v1"
	corev1alpha1 "karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/providers/proxmox/apis/v1alpha1"
)

// restrictedDomain holds the published rules against the keys of the vocabulary,
// so that neither has a key that the other lacks.
func restrictedDomain(t *testing.T, api client.Client) {
	keys := map[string]bool{
		v1alpha1.Group + "/other":      false,
		"sub." + v1alpha1.Group + "/x": false,
		"not" + v1alpha1.Group + "/x":  true,
		"example.com/team":             true,
	}
	for _, key := range v1alpha1.WellKnownLabels() {
		keys[key] = true
	}
	decidedByLaunch := []string{v1alpha1.LabelInstanceCPUType, v1alpha1.LabelInstanceImageID}
	for key, admitted := range keys {
		for kind, object := range withKey(key) {
			want := admitted && (kind != "NodeOverlay requirement" || !slices.Contains(decidedByLaunch, key))
			err := api.Create(t.Context(), object, client.DryRunAll)
			if want != (err == nil) || (err != nil && !strings.Contains(err.Error(), `label domain "`+v1alpha1.Group+`" is restricted`)) {
				t.Errorf("%s %s: %v", kind, key, err)
			}
		}
	}
}

// withKey returns objects that name a label key, each in another place.
func withKey(key string) map[string]client.Object {
	generated := metav1.ObjectMeta{GenerateName: "test-"}
	ref := karpenterv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.NodeClassKind, Name: "default"}
	asked := &karpenterv1.NodePool{ObjectMeta: generated}
	asked.Spec.Template.Spec = karpenterv1.NodeClaimTemplateSpec{
		NodeClassRef: ref, Requirements: []karpenterv1.NodeSelectorRequirementWithMinValues{{Key: key, Operator: karpenterv1.OperatorExists}},
	}
	labelled := &karpenterv1.NodePool{ObjectMeta: generated}
	labelled.Spec.Template.Spec = karpenterv1.NodeClaimTemplateSpec{NodeClassRef: ref, Requirements: []karpenterv1.NodeSelectorRequirementWithMinValues{}}
	labelled.Spec.Template.ObjectMeta.Labels = map[string]string{key: "x"}
	return map[string]client.Object{
		"NodePool requirement": asked,
		"NodePool label":       labelled,
		"NodeOverlay requirement": &corev1alpha1.NodeOverlay{ObjectMeta: generated, Spec: corev1alpha1.NodeOverlaySpec{
			Requirements: []corev1alpha1.NodeSelectorRequirement{{Key: key, Operator: karpenterv1.OperatorExists}},
		}},
	}
}
