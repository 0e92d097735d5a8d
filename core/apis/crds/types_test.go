// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/apis/autoscaling/v1beta1"
	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/v1alpha1"
)

func typedServer(t *testing.T) client.Client {
	needsServer(t)
	for _, add := range []func(*runtime.Scheme) error{v1.AddToScheme, v1alpha1.AddToScheme, v1beta1.AddToScheme} {
		if err := add(server.Scheme()); err != nil {
			t.Fatal(err)
		}
	}
	return server
}

// API-028 API-052 API-053: reading a pool into its Go type and writing it back
// changes nothing.
func TestTypedUpdateKeepsThePool(t *testing.T) {
	server := typedServer(t)
	object := create(t, with(validNodePool(), all(
		put([]any{}, "spec", "disruption", "budgets"),
		put("Never", "spec", "disruption", "consolidateAfter"),
		put("60m", "spec", "template", "spec", "expireAfter"),
		put("90s", "spec", "template", "spec", "terminationGracePeriod"),
		put([]any{}, "spec", "template", "spec", "taints"),
		put(fields{}, "spec", "template", "metadata", "labels"),
		put(fields{}, "spec", "limits"),
		put(int64(5), "spec", "weight"),
	)))
	pool := &v1.NodePool{}
	if err := server.Get(context.Background(), client.ObjectKeyFromObject(object), pool); err != nil {
		t.Fatal(err)
	}
	pool.Annotations = map[string]string{"example.com/touched": "true"}
	if err := server.Update(context.Background(), pool); err != nil {
		t.Fatal(err)
	}
	after := &unstructured.Unstructured{}
	after.SetGroupVersionKind(object.GroupVersionKind())
	if err := server.Get(context.Background(), client.ObjectKeyFromObject(object), after); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(object.Object["spec"], after.Object["spec"]); diff != "" {
		t.Errorf("spec (-before +after):\n%s", diff)
	}
}

// The Go types and the CRDs agree on every field.
func TestTypedObjects(t *testing.T) {
	server := typedServer(t)
	resources := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	taints := []corev1.Taint{{Key: "a", Value: "b", Effect: corev1.TaintEffectNoSchedule}}
	requirements := []v1.NodeSelectorRequirementWithMinValues{
		{Key: "a", Operator: v1.OperatorIn, Values: []string{"b"}, MinValues: new(1)},
		{Key: "c", Operator: v1.OperatorGte, Values: []string{"1"}},
		{Key: "d", Operator: v1.OperatorLte, Values: []string{"1"}},
	}
	ref := v1.NodeClassReference{Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "default"}
	for name, object := range map[string]client.Object{
		"NodePool": &v1.NodePool{Spec: v1.NodePoolSpec{
			Template: v1.NodeClaimTemplate{
				ObjectMeta: v1.ObjectMeta{Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"a": "b"}},
				Spec: v1.NodeClaimTemplateSpec{
					Taints: taints, StartupTaints: taints, Requirements: requirements, NodeClassRef: ref,
					TerminationGracePeriod: "1h", ExpireAfter: v1.Never,
				},
			},
			Disruption: v1.Disruption{
				ConsolidateAfter: "1m", ConsolidationPolicy: v1.ConsolidationPolicyBalanced,
				Budgets: []v1.Budget{{
					Nodes: "1", Reasons: []v1.DisruptionReason{v1.DisruptionReasonDrifted}, Schedule: "@daily", Duration: "1h",
				}},
			},
			Limits: v1.Limits(resources), Weight: new(int32(1)),
		}},
		"NodeClaim": &v1.NodeClaim{Spec: v1.NodeClaimSpec{
			Taints: taints, StartupTaints: taints, Requirements: requirements, NodeClassRef: ref,
			Resources: v1.ResourceRequirements{Requests: resources}, TerminationGracePeriod: "1h", ExpireAfter: "2h",
		}},
		"NodeOverlay": &v1alpha1.NodeOverlay{Spec: v1alpha1.NodeOverlaySpec{
			Requirements: []v1alpha1.NodeSelectorRequirement{{Key: "a", Operator: v1.OperatorNotIn, Values: []string{"b"}}},
			Price:        "1", Capacity: corev1.ResourceList{"example.com/gpu": resource.MustParse("1")}, Weight: new(int32(1)),
		}},
		"CapacityBuffer": &v1beta1.CapacityBuffer{ObjectMeta: metav1.ObjectMeta{Namespace: "default"}, Spec: v1beta1.CapacityBufferSpec{
			ProvisioningStrategy: v1beta1.ActiveCapacityStrategy, Replicas: new(int32(1)), Percentage: new(int32(1)), Limits: resources,
			ScalableRef: &v1beta1.ScalableRef{APIGroup: "apps", Kind: "Deployment", Name: "web"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			object.SetGenerateName("typed-")
			want := partOf(t, object, "spec")
			if err := server.Create(context.Background(), object, client.DryRunAll, client.FieldValidation("Strict")); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, partOf(t, object, "spec")); diff != "" {
				t.Errorf("spec (-sent +received):\n%s", diff)
			}
		})
	}
}

// API-081 API-083 API-105..110 API-155 API-169
func TestTypedStatus(t *testing.T) {
	server := typedServer(t)
	resources := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	conditions := []status.Condition{{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "Ready", Message: "all is well", ObservedGeneration: 1,
		LastTransitionTime: metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
	}}
	for name, test := range map[string]struct {
		valid  func() fields
		object client.Object
	}{
		"NodePool": {validNodePool, &v1.NodePool{Status: v1.NodePoolStatus{
			Resources: resources, Nodes: 3, NodeClassObservedGeneration: 2, Conditions: conditions,
		}}},
		"NodeClaim": {validNodeClaim, &v1.NodeClaim{Status: v1.NodeClaimStatus{
			NodeName: "a", ProviderID: "b", ImageID: "c", Capacity: resources, Allocatable: resources,
			LastPodEventTime: conditions[0].LastTransitionTime, Conditions: conditions,
		}}},
		"NodeOverlay": {validNodeOverlay, &v1alpha1.NodeOverlay{Status: v1alpha1.NodeOverlayStatus{Conditions: conditions}}},
		"CapacityBuffer": {validCapacityBuffer, &v1beta1.CapacityBuffer{Status: v1beta1.CapacityBufferStatus{
			PodTemplateRef: &v1beta1.LocalObjectRef{Name: "a"}, Replicas: new(int32(0)), PodTemplateGeneration: new(int64(1)),
			ProvisioningStrategy: new(v1beta1.ActiveCapacityStrategy), Conditions: []metav1.Condition{metav1.Condition(conditions[0])},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			stored := create(t, test.valid())
			want := partOf(t, test.object, "status")
			test.object.SetName(stored.GetName())
			test.object.SetNamespace(stored.GetNamespace())
			patch := client.RawPatch(types.MergePatchType, encode(t, map[string]any{"status": want}))
			if err := server.Status().Patch(context.Background(), test.object, patch); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, partOf(t, test.object, "status")); diff != "" {
				t.Errorf("status (-sent +received):\n%s", diff)
			}
		})
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func partOf(t *testing.T, object client.Object, part string) any {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	return content[part]
}
