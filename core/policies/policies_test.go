// SPDX-License-Identifier: Apache-2.0

package policies_test

import (
	"context"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/crds"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/policies"
	"karpenter.sh/core/testkit/testserver"
)

const (
	controller = "system:serviceaccount:kube-system:karpenter"
	somebody   = "somebody"
)

// installation is an API server with the policies and the example of parameters.
type installation struct{ config *rest.Config }

func (i installation) as(t *testing.T, user string) client.Client {
	t.Helper()
	return testserver.Client(t, testserver.As(i.config, user), v1.AddToScheme, corev1.AddToScheme)
}

// allow changes a parameter, and waits until try says that it counts.
func (i installation) allow(t *testing.T, key, value string, try func() bool) {
	t.Helper()
	parameters := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "karpenter-admission"}}
	api := i.as(t, "admin")
	if err := api.Get(t.Context(), client.ObjectKeyFromObject(parameters), parameters); err != nil {
		t.Fatal(err)
	}
	parameters.Data[key] = value
	if err := api.Update(t.Context(), parameters); err != nil {
		t.Fatal(err)
	}
	eventually(t, try)
}

// eventually waits for the API server, which takes policies in beside its requests.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	done := func(context.Context) (bool, error) { return ok(), nil }
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, done); err != nil {
		t.Fatalf("the policy does not take effect: %v", err)
	}
}

func TestPolicies(t *testing.T) {
	definitions, err := crds.Core()
	if err != nil {
		t.Fatal(err)
	}
	i := installation{testserver.Start(t, definitions...).Config}
	before := pool("before", nil)
	create(t, i.as(t, somebody), before) // there before the policies
	testserver.Create(t, i.as(t, "admin"), policies.Files())
	eventually(t, func() bool { return apierrors.IsForbidden(try(t, i.as(t, somebody), claim())) })
	t.Run("OPS-320 NodeClaims", func(t *testing.T) { nodeClaims(t, i) })
	t.Run("OPS-321 status", func(t *testing.T) { status(t, i, before) })
	t.Run("OPS-322 NodePools", func(t *testing.T) { nodePools(t, i, before) })
	t.Run("OPS-323 without parameters", func(t *testing.T) {
		parameters := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "karpenter-admission"}}
		if err := i.as(t, "admin").Delete(t.Context(), parameters); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return try(t, i.as(t, controller), claim()) != nil })
	})
}

func nodeClaims(t *testing.T, i installation) {
	if err := try(t, i.as(t, controller), claim()); err != nil {
		t.Errorf("the controller: %v", err)
	}
	err := try(t, i.as(t, somebody), claim())
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "user somebody may not create NodeClaims") || !strings.Contains(err.Error(), "nodeClaimCreators") {
		t.Errorf("somebody: %v", err)
	}
	i.allow(t, "nodeClaimCreators", "ci, somebody", func() bool { return try(t, i.as(t, somebody), claim()) == nil })
}

func status(t *testing.T, i installation, np *v1.NodePool) {
	write := func(user string) error {
		changed := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: np.Name}}
		changed.StatusConditions().SetTrue("Ready")
		patch := []byte(`{"status":{"nodes":1}}`)
		return i.as(t, user).Status().Patch(t.Context(), changed, client.RawPatch("application/merge-patch+json", patch), client.DryRunAll)
	}
	if err := write(controller); err != nil {
		t.Errorf("the controller: %v", err)
	}
	eventually(t, func() bool {
		err := write(somebody)
		return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "may not write the status of nodepools")
	})
}

func nodePools(t *testing.T, i installation, before *v1.NodePool) {
	api := i.as(t, somebody)
	eventually(t, func() bool { return try(t, api, pool("new", nil)) != nil })
	for _, tt := range []struct {
		why      string
		limits   map[string]string
		admitted bool
	}{
		{"all that is asked for", map[string]string{"cpu": "1000", "memory": "4Ti", "nodes": "100"}, true},
		{"less, and one that is not asked for", map[string]string{"cpu": "500m", "memory": "1Gi", "nodes": "1", "example.com/gpu": "9"}, true},
		{"none", nil, false},
		{"one is missing", map[string]string{"cpu": "1", "nodes": "100"}, false},
		{"one is more", map[string]string{"cpu": "1001", "memory": "4Ti", "nodes": "100"}, false},
		{"one is more in another unit", map[string]string{"cpu": "1", "memory": "5000Gi", "nodes": "100"}, false},
	} {
		err := try(t, api, pool("new", tt.limits))
		if tt.admitted != (err == nil) || err != nil && !strings.Contains(err.Error(), "spec.limits has to have all of these, or less: cpu=1000, memory=4Ti, nodes=100") {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
	annotate := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"example.com/seen":"yes"}}}`))
	if err := i.as(t, controller).Patch(t.Context(), before.DeepCopy(), annotate); err != nil {
		t.Errorf("the annotation of a pool that was there before: %v", err)
	}
	if err := api.Patch(t.Context(), before.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"weight":7}}`))); err == nil {
		t.Error("a pool that was there before got a new spec without limits")
	}
	i.allow(t, "limits", "cpu", func() bool {
		err := try(t, api, pool("new", map[string]string{"cpu": "1"}))
		return err != nil && strings.Contains(err.Error(), "limits of the ConfigMap karpenter-admission are malformed")
	})
	i.allow(t, "limits", "", func() bool { return try(t, api, pool("new", nil)) == nil })
}

// try asks whether an object would be admitted.
func try(t *testing.T, api client.Client, object client.Object) error {
	t.Helper()
	return api.Create(t.Context(), object, client.DryRunAll)
}

func create(t *testing.T, api client.Client, object client.Object) {
	t.Helper()
	if err := api.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}

func template() v1.NodeClaimTemplateSpec {
	return v1.NodeClaimTemplateSpec{
		NodeClassRef: v1.NodeClassReference{Group: "karpenter.example.com", Kind: "ExampleNodeClass", Name: "default"},
		Requirements: []v1.NodeSelectorRequirementWithMinValues{},
	}
}

func claim() *v1.NodeClaim {
	of := template()
	return &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{GenerateName: "one-"}, Spec: v1.NodeClaimSpec{NodeClassRef: of.NodeClassRef, Requirements: of.Requirements}}
}

func pool(name string, limits map[string]string) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	np.Spec.Template.Spec = template()
	for of, amount := range limits {
		if np.Spec.Limits == nil {
			np.Spec.Limits = v1.Limits{}
		}
		np.Spec.Limits[corev1.ResourceName(of)] = resource.MustParse(amount)
	}
	return np
}
