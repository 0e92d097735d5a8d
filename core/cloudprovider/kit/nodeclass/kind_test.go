// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/event"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/nodeclass"
)

func kind() nodeclass.Kind { return nodeclass.Kind{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass"} }

// CP-103, CP-106
func TestKeys(t *testing.T) {
	for want, got := range map[string]string{
		"karpenter.k8s.aws/termination":               kind().Finalizer(),
		"karpenter.k8s.aws/ec2nodeclass-hash":         kind().HashKey(),
		"karpenter.k8s.aws/ec2nodeclass-hash-version": kind().HashVersionKey(),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// KIT-103, CP-107
func TestNodeClaims(t *testing.T) {
	claim := func(name string, ref v1.NodeClassReference) *v1.NodeClaim {
		return &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1.NodeClaimSpec{NodeClassRef: ref}}
	}
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		claim("same", v1.NodeClassReference{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: "default"}),
		claim("other-name", v1.NodeClassReference{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: "other"}),
		claim("other-kind", v1.NodeClassReference{Group: "karpenter.k8s.aws", Kind: "Other", Name: "default"}),
		claim("other-group", v1.NodeClassReference{Group: "karpenter.azure.com", Kind: "EC2NodeClass", Name: "default"}),
	).Build()
	got, err := kind().NodeClaims(t.Context(), api, "default")
	if err != nil || len(got) != 1 || got[0].Name != "same" {
		t.Errorf("got %v, %v", got, err)
	}
}

// KIT-108, CP-106: only what is gone wakes a NodeClass.
func TestDeletions(t *testing.T) {
	p := nodeclass.Deletions()
	if p.Create(event.CreateEvent{}) || p.Update(event.UpdateEvent{}) || p.Generic(event.GenericEvent{}) || !p.Delete(event.DeleteEvent{}) {
		t.Error("passes other events than deletions")
	}
}
