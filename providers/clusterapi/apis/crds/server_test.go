// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "karpenter.sh/core/apis/v1"
	corev1alpha1 "karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/testkit/testserver"
	"karpenter.sh/providers/clusterapi/apis/crds"
	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
)

func TestAdmission(t *testing.T) {
	definitions, err := crds.All()
	if err != nil {
		t.Fatal(err)
	}
	api := testserver.Client(t, testserver.Start(t, definitions...).Config, karpv1.AddToScheme, corev1alpha1.AddToScheme, v1alpha1.AddToScheme)
	t.Run("CAPI-002 what may be selected", func(t *testing.T) { selectors(t, api) })
	t.Run("CAPI-004 restricted domain", func(t *testing.T) { restrictedDomain(t, api) })
}

// CAPI-001, CAPI-002: a spec may be empty, and a selector is kept as it was written.
func selectors(t *testing.T, api client.Client) {
	for name, selector := range map[string]*metav1.LabelSelector{
		"absent": nil,
		"empty":  {},
		"labels": {MatchLabels: map[string]string{"pool": "a"}},
		"expressions": {MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: "pool", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"b"}},
			{Key: "pool", Operator: metav1.LabelSelectorOpExists},
		}},
	} {
		nodeClass := &v1alpha1.ClusterAPINodeClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
		nodeClass.Spec.ScalableResourceSelector = selector
		if err := api.Create(t.Context(), nodeClass); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		stored := &v1alpha1.ClusterAPINodeClass{}
		if err := api.Get(t.Context(), client.ObjectKeyFromObject(nodeClass), stored); err != nil {
			t.Fatal(err)
		}
		if got, want := metav1.FormatLabelSelector(stored.Spec.ScalableResourceSelector), metav1.FormatLabelSelector(selector); got != want {
			t.Errorf("%s: stored %s, want %s", name, got, want)
		}
		if len(stored.Status.Conditions) != 0 {
			t.Errorf("%s: born with conditions %v", name, stored.Status.Conditions)
		}
	}
}

// restrictedDomain holds the published rules against the keys of the vocabulary, so that
// neither has a key that the other lacks.
func restrictedDomain(t *testing.T, api client.Client) {
	keys := map[string]bool{
		v1alpha1.Group + "/other":           false,
		v1alpha1.AnnotationNodeClaim:        false,
		"sub." + v1alpha1.Group + "/x":      false,
		"not" + v1alpha1.Group + "/x":       true,
		v1alpha1.LabelMember:                true,
		"capacity.cluster.x-k8s.io/example": true,
	}
	for _, key := range v1alpha1.WellKnownLabels() {
		keys[key] = true
	}
	ref := karpv1.NodeClassReference{Group: v1alpha1.Group, Kind: v1alpha1.Kind, Name: "default"}
	for key, admitted := range keys {
		pool := &karpv1.NodePool{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
		pool.Spec.Template.Spec.NodeClassRef = ref
		pool.Spec.Template.Spec.Requirements = []karpv1.NodeSelectorRequirementWithMinValues{{Key: key, Operator: karpv1.OperatorExists}}
		err := api.Create(t.Context(), pool, client.DryRunAll)
		if admitted != (err == nil) || (err != nil && !strings.Contains(err.Error(), `label domain "karpenter.cluster.x-k8s.io" is restricted`)) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
