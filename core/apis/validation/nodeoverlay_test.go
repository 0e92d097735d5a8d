// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/apis/v1alpha1"
	"karpenter.sh/core/apis/validation"
)

// API-161
func TestNodeOverlay(t *testing.T) {
	capacity := func(name corev1.ResourceName) corev1.ResourceList {
		return corev1.ResourceList{name: resource.MustParse("1")}
	}
	need := func(key string, operator corev1.NodeSelectorOperator, values ...string) []v1alpha1.NodeSelectorRequirement {
		return []v1alpha1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}}
	}
	for name, test := range map[string]struct {
		spec v1alpha1.NodeOverlaySpec
		want []string
	}{
		"an overlay that sets nothing":    {v1alpha1.NodeOverlaySpec{}, nil},
		"the pool may be named":           {v1alpha1.NodeOverlaySpec{Requirements: need("karpenter.sh/nodepool", "In", "a")}, nil},
		"a restricted domain":             {v1alpha1.NodeOverlaySpec{Requirements: need("karpenter.sh/x", "Exists")}, []string{forbidden("spec.requirements[0].key")}},
		"In of nothing":                   {v1alpha1.NodeOverlaySpec{Requirements: need("team", "In")}, []string{required("spec.requirements[0].values")}},
		"NotIn of nothing":                {v1alpha1.NodeOverlaySpec{Requirements: need("team", "NotIn")}, []string{required("spec.requirements[0].values")}},
		"NotIn of something":              {v1alpha1.NodeOverlaySpec{Requirements: need("team", "NotIn", "a")}, nil},
		"an integer that is none":         {v1alpha1.NodeOverlaySpec{Requirements: need("size", "Gte", "x")}, []string{invalid("spec.requirements[0].values[0]")}},
		"an extended resource":            {v1alpha1.NodeOverlaySpec{Capacity: capacity("example.com/gpu")}, nil},
		"cpu":                             {v1alpha1.NodeOverlaySpec{Capacity: capacity("cpu")}, []string{forbidden("spec.capacity[cpu]")}},
		"memory":                          {v1alpha1.NodeOverlaySpec{Capacity: capacity("memory")}, []string{forbidden("spec.capacity[memory]")}},
		"ephemeral-storage":               {v1alpha1.NodeOverlaySpec{Capacity: capacity("ephemeral-storage")}, []string{forbidden("spec.capacity[ephemeral-storage]")}},
		"pods":                            {v1alpha1.NodeOverlaySpec{Capacity: capacity("pods")}, []string{forbidden("spec.capacity[pods]")}},
		"a price":                         {v1alpha1.NodeOverlaySpec{Price: "1.5"}, nil},
		"a price that is none":            {v1alpha1.NodeOverlaySpec{Price: "cheap"}, []string{invalid("spec.price")}},
		"a price adjustment":              {v1alpha1.NodeOverlaySpec{PriceAdjustment: "-10%"}, nil},
		"a price adjustment that is none": {v1alpha1.NodeOverlaySpec{PriceAdjustment: "10%"}, []string{invalid("spec.priceAdjustment")}},
	} {
		t.Run(name, func(t *testing.T) {
			found := validation.NodeOverlay(&v1alpha1.NodeOverlay{Spec: test.spec}, words(t))
			if diff := cmp.Diff(test.want, texts(found.Errors)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
