// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"context"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/reconcile/patch"
)

// earlier is the CRD of NodePools as it was before quantities were bounded, under
// another group so that it is served beside the present one.
func earlier(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	definition := definitions(t)["NodePool"].DeepCopy()
	definition.Spec.Group, definition.Name = "earlier.sh", "nodepools.earlier.sh"
	version := &definition.Spec.Versions[0]
	spec := version.Schema.OpenAPIV3Schema.Properties["spec"]
	limits := spec.Properties["limits"]
	limits.XValidations, limits.MaxProperties = nil, nil
	limits.AdditionalProperties.Schema.Pattern = ""
	limits.AdditionalProperties.Schema.MaxLength, limits.AdditionalProperties.Schema.Minimum = nil, nil
	spec.Properties["limits"] = limits
	version.Schema.OpenAPIV3Schema.Properties["spec"] = spec
	return definition
}

// API-177: a pool that was stored before admission bounded its quantities hides
// no other pool, can be read but for the limit, and its status can be written.
func TestStoredBeforeAdmissionWasTightened(t *testing.T) {
	typedServer(t)
	definition := earlier(t)
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{definition}}); err != nil {
		t.Fatal(err)
	}
	limited := func(name, limit string) fields {
		return with(validNodePool(), all(
			put("earlier.sh/v1", "apiVersion"), put(fields{"name": name}, "metadata"), put(limit, "spec", "limits", "cpu")))
	}
	create(t, limited("fine", "5"))
	create(t, limited("odd", "1e-1999999999"))
	tightened := definitions(t)["NodePool"].DeepCopy()
	tightened.Spec.Group, tightened.Name = definition.Spec.Group, definition.Name
	if _, err := envtest.InstallCRDs(config, envtest.CRDInstallOptions{CRDs: []*apiextensionsv1.CustomResourceDefinition{tightened}}); err != nil {
		t.Fatal(err)
	}
	taken := func(ctx context.Context) (bool, error) {
		another := &unstructured.Unstructured{Object: limited("another", "1e-1999999999")}
		return apierrors.IsInvalid(server.Create(ctx, another, client.DryRunAll)), nil
	}
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, taken); err != nil {
		t.Fatalf("the server does not take up the change: %v", err)
	}
	checkReadThroughClient(t, map[string]bool{"fine": true, "odd": false})
	// Unchanged fields of an object are not held against its status.
	odd := &unstructured.Unstructured{}
	odd.SetAPIVersion("earlier.sh/v1")
	odd.SetKind("NodePool")
	odd.SetName("odd")
	told := client.RawPatch("application/merge-patch+json", []byte(`{"status":{"conditions":[{"type":"ValidationSucceeded","status":"False",
		"reason":"NodePoolValidationFailed","message":"spec.limits[cpu]","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`))
	if err := server.Status().Patch(t.Context(), odd, told); err != nil {
		t.Fatal(err)
	}
}

// checkReadThroughClient reads the pools of the earlier group as controllers do,
// in a list and in a watch, and compares which of them are whole.
func checkReadThroughClient(t *testing.T, want map[string]bool) {
	t.Helper()
	types, group := runtime.NewScheme(), schema.GroupVersion{Group: "earlier.sh", Version: "v1"}
	types.AddKnownTypes(group, &v1.NodePool{}, &v1.NodePoolList{})
	metav1.AddToGroupVersion(types, group)
	typed, err := client.NewWithWatch(config, client.Options{Scheme: types})
	if err != nil {
		t.Fatal(err)
	}
	pools, listed, watched := &v1.NodePoolList{}, map[string]bool{}, map[string]bool{}
	if err := typed.List(t.Context(), pools); err != nil {
		t.Fatal(err)
	}
	for _, pool := range pools.Items {
		listed[pool.Name] = len(pool.Unreadable) == 0
	}
	changes, err := typed.Watch(t.Context(), &v1.NodePoolList{})
	if err != nil {
		t.Fatal(err)
	}
	defer changes.Stop()
	for range want { // a watch begins with what there is
		change := <-changes.ResultChan()
		pool, ok := change.Object.(*v1.NodePool)
		if !ok {
			t.Fatalf("watched %s %v", change.Type, change.Object)
		}
		watched[pool.Name] = len(pool.Unreadable) == 0
	}
	for how, got := range map[string]map[string]bool{"listed": listed, "watched": watched} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", how, diff)
		}
	}
}

// API-003: conditions are written for the version that they were judged by; who
// comes too late conflicts and writes nothing.
func TestConditionsAreNotWrittenLate(t *testing.T) {
	typed := typedServer(t)
	key := client.ObjectKeyFromObject(create(t, validNodePool()))
	read := func() *v1.NodePool {
		t.Helper()
		pool := &v1.NodePool{}
		if err := typed.Get(context.Background(), key, pool); err != nil {
			t.Fatal(err)
		}
		return pool
	}
	judged := func(pool *v1.NodePool, reason string) error {
		before := pool.DeepCopy()
		pool.Status.Conditions = []status.Condition{{
			Type: "Ready", Status: metav1.ConditionFalse, Reason: reason, LastTransitionTime: metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		}}
		_, err := patch.Status(context.Background(), typed, before, pool)
		return err
	}
	late := read()
	if err := judged(read(), "InTime"); err != nil {
		t.Fatal(err)
	}
	err := judged(late, "TooLate")
	if !apierrors.IsConflict(err) {
		t.Errorf("the late write ends with %v", err)
	}
	if result, err := patch.Outcome(err); err != nil || result.RequeueAfter == 0 {
		t.Errorf("the late pass ends with %v, %v", result, err)
	}
	if got := read().Status.Conditions; len(got) != 1 || got[0].Reason != "InTime" {
		t.Errorf("stored is %v", got)
	}
}
