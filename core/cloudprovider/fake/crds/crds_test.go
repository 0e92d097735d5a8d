// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake/crds"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/testkit/testserver"
)

// CP-011, CP-096: a TestNodeClass can be launched with as soon as it exists, and
// after an edit only once somebody has looked at it.
func TestTestNodeClass(t *testing.T) {
	definition, err := crds.TestNodeClass()
	if err != nil {
		t.Fatal(err)
	}
	api := testserver.Client(t, testserver.Start(t, definition).Config, v1alpha1.AddToScheme)
	nodeClass := &v1alpha1.TestNodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	if err := api.Create(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	if err := cloudprovider.CheckReady(nodeClass); err != nil {
		t.Errorf("as created: %v", err)
	}
	nodeClass.Spec.Zones = []string{"test-zone-1"}
	if err := api.Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	if err := cloudprovider.CheckReady(nodeClass); !cloudprovider.IsNodeClassNotReadyError(err) {
		t.Errorf("edited: %v", err)
	}
	nodeClass.StatusConditions().SetTrue("Ready")
	if err := api.Status().Update(t.Context(), nodeClass); err != nil {
		t.Fatal(err)
	}
	if err := cloudprovider.CheckReady(nodeClass); err != nil {
		t.Errorf("looked at: %v", err)
	}
}
