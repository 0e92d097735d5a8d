// SPDX-License-Identifier: Apache-2.0

package selection_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"karpenter.sh/providers/clusterapi/apis/v1alpha1"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/selection"
)

func deployment(cluster string, labels map[string]string) *capi.MachineDeployment {
	return &capi.MachineDeployment{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: capi.MachineDeploymentSpec{ClusterName: cluster}}
}

// CAPI-014
func TestMember(t *testing.T) {
	for reason, tc := range map[string]struct {
		scope  string
		labels map[string]string
		want   bool
	}{
		"the value is empty":        {"", map[string]string{v1alpha1.LabelMember: ""}, true},
		"the value is anything":     {"", map[string]string{v1alpha1.LabelMember: "yes"}, true},
		"the value is false":        {"", map[string]string{v1alpha1.LabelMember: "false"}, false},
		"without the label":         {"", nil, false},
		"its cluster is in scope":   {"c", map[string]string{v1alpha1.LabelMember: ""}, true},
		"another cluster is wanted": {"d", map[string]string{v1alpha1.LabelMember: ""}, false},
	} {
		if got := (selection.Scope{ClusterName: tc.scope}).Member(deployment("c", tc.labels)); got != tc.want {
			t.Errorf("%s: %t", reason, got)
		}
	}
}

// CAPI-002, CAPI-060
func TestSelector(t *testing.T) {
	for reason, tc := range map[string]struct {
		text          string
		invalid       bool
		selects, omit map[string]string
	}{
		"absent":           {text: `{}`, selects: map[string]string{}},
		"empty":            {text: `{"spec":{"scalableResourceSelector":{}}}`, selects: map[string]string{"a": "b"}},
		"labels":           {text: `{"spec":{"scalableResourceSelector":{"matchLabels":{"a":"b"}}}}`, selects: map[string]string{"a": "b"}, omit: map[string]string{"a": "c"}},
		"no such operator": {text: `{"spec":{"scalableResourceSelector":{"matchExpressions":[{"key":"a","operator":"Like","values":["b"]}]}}}`, invalid: true},
		"not readable":     {text: `{"spec":{"scalableResourceSelector":{"matchLabels":{"a":1}}}}`, invalid: true},
	} {
		nodeClass := &v1alpha1.ClusterAPINodeClass{}
		if err := json.Unmarshal([]byte(tc.text), nodeClass); err != nil {
			t.Fatal(err)
		}
		selector, err := selection.Selector(nodeClass)
		if tc.invalid != errors.Is(err, selection.ErrInvalid) {
			t.Errorf("%s: %v", reason, err)
		}
		if err != nil {
			continue
		}
		if !selector.Matches(labels.Set(tc.selects)) || (tc.omit != nil && selector.Matches(labels.Set(tc.omit))) {
			t.Errorf("%s: selects by %s", reason, selector)
		}
	}
}

// CAPI-015
func TestClusters(t *testing.T) {
	deployments := []*capi.MachineDeployment{deployment("b", nil), deployment("a", nil), deployment("b", nil), deployment("b", nil)}
	for i, namespace := range []string{"x", "x", "x", "y"} {
		deployments[i].Namespace = namespace
	}
	if got := selection.Clusters(deployments); !slices.Equal(got, []string{"x/a", "x/b", "y/b"}) {
		t.Errorf("got %v", got)
	}
}
