// SPDX-License-Identifier: Apache-2.0

package crds_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// checkStatusUpdate writes each changed condition to the status of an object. The
// rejected field is one of the condition.
func checkStatusUpdate(t *testing.T, valid func() fields, rows map[string]row) {
	needsServer(t)
	stored := create(t, valid())
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			condition := fields{
				"type": "Ready", "status": "True", "reason": "Ready", "message": "all is well",
				"lastTransitionTime": "2026-01-01T00:00:00Z",
			}
			row.change(condition)
			object := stored.DeepCopy()
			put([]any{condition}, "status", "conditions")(object.Object)
			err := server.Status().Update(context.Background(), object, statusDryRun)
			field := row.rejected
			if field != "" {
				field = "status.conditions[0]." + field
			}
			checkRejection(t, err, field)
		})
	}
}

var statusDryRun = &client.SubResourceUpdateOptions{UpdateOptions: client.UpdateOptions{DryRun: []string{"All"}}}

// API-003
func TestStatusIsASubresource(t *testing.T) {
	needsServer(t)
	for _, valid := range []func() fields{validNodePool, validNodeClaim, validNodeOverlay, validCapacityBuffer} {
		content := valid()
		put([]any{}, "status", "conditions")(content)
		object := create(t, content)
		if _, found, _ := unstructured.NestedSlice(object.Object, "status", "conditions"); found {
			t.Errorf("creating a %s wrote its status", object.GetKind())
		}
		put([]any{}, "status", "conditions")(object.Object)
		if err := server.Update(context.Background(), object); err != nil {
			t.Fatal(err)
		}
		if _, found, _ := unstructured.NestedSlice(object.Object, "status", "conditions"); found {
			t.Errorf("updating a %s wrote its status", object.GetKind())
		}
	}
}

func TestDefaults(t *testing.T) {
	needsServer(t)
	defaultDisruption := fields{
		"consolidateAfter": "0s", "consolidationPolicy": "WhenEmptyOrUnderutilized", "budgets": []any{fields{"nodes": "10%"}},
	}
	for name, test := range map[string]struct {
		object fields
		at     []string
		want   any
	}{
		"API-018 expiry of a pool":            {validNodePool(), []string{"spec", "template", "spec", "expireAfter"}, "720h"},
		"API-104 expiry of a NodeClaim":       {validNodeClaim(), []string{"spec", "expireAfter"}, "720h"},
		"API-017 no grace period":             {validNodePool(), []string{"spec", "template", "spec", "terminationGracePeriod"}, nil},
		"API-019 API-035 API-036 disruption":  {validNodePool(), []string{"spec", "disruption"}, defaultDisruption},
		"API-037 disruption that is empty":    {with(validNodePool(), put(fields{}, "spec", "disruption")), []string{"spec", "disruption"}, defaultDisruption},
		"API-028 budgets that are empty":      {with(validNodePool(), put([]any{}, "spec", "disruption", "budgets")), []string{"spec", "disruption", "budgets"}, []any{}},
		"API-038 nodes of a budget":           {with(validNodePool(), put([]any{fields{}}, "spec", "disruption", "budgets")), []string{"spec", "disruption", "budgets"}, []any{fields{"nodes": "10%"}}},
		"API-054 an expiry of null":           {with(validNodePool(), put(nil, "spec", "template", "spec", "expireAfter")), []string{"spec", "template", "spec", "expireAfter"}, "720h"},
		"API-052 an expiry as it was written": {with(validNodePool(), put("60m", "spec", "template", "spec", "expireAfter")), []string{"spec", "template", "spec", "expireAfter"}, "60m"},
		"API-053 an expiry of Never":          {with(validNodeClaim(), put("Never", "spec", "expireAfter")), []string{"spec", "expireAfter"}, "Never"},
		"API-021 no weight":                   {validNodePool(), []string{"spec", "weight"}, nil},
		"API-022 no replicas":                 {validNodePool(), []string{"spec", "replicas"}, nil},
		"API-012 metadata is labels and annotations": {
			with(validNodePool(), put(fields{"name": "a", "labels": fields{"a": "b"}}, "spec", "template", "metadata")),
			[]string{"spec", "template", "metadata"}, fields{"labels": fields{"a": "b"}},
		},
		"API-164 strategy of a buffer": {validCapacityBuffer(), []string{"spec", "provisioningStrategy"}, "buffer.x-k8s.io/active-capacity"},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{Object: test.object}
			if err := server.Create(context.Background(), object, client.DryRunAll); err != nil {
				t.Fatal(err)
			}
			got, _, _ := unstructured.NestedFieldNoCopy(object.Object, test.at...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v (-want +got):\n%s", test.at, diff)
			}
		})
	}
}

// API-082
func TestNodesDefaultToZero(t *testing.T) {
	needsServer(t)
	pool := create(t, validNodePool())
	put("1", "status", "resources", "cpu")(pool.Object)
	if err := server.Status().Update(context.Background(), pool); err != nil {
		t.Fatal(err)
	}
	if nodes, _, _ := unstructured.NestedInt64(pool.Object, "status", "nodes"); nodes != 0 {
		t.Errorf("status.nodes = %d, want 0", nodes)
	}
	if _, found, _ := unstructured.NestedInt64(pool.Object, "status", "nodes"); !found {
		t.Error("status.nodes is absent, want 0")
	}
}

// API-001 API-023
func TestScale(t *testing.T) {
	needsServer(t)
	scale := func(pool *unstructured.Unstructured, replicas int64) (*unstructured.Unstructured, error) {
		scale := &unstructured.Unstructured{}
		scale.SetAPIVersion("autoscaling/v1")
		scale.SetKind("Scale")
		if err := server.SubResource("scale").Get(context.Background(), pool, scale); err != nil {
			return nil, err
		}
		put(replicas, "spec", "replicas")(scale.Object)
		return scale, server.SubResource("scale").Update(context.Background(), pool, client.WithSubResourceBody(scale))
	}
	t.Run("API-022 a static pool", func(t *testing.T) {
		pool := create(t, with(validNodePool(), put(int64(1), "spec", "replicas")))
		put(int64(7), "status", "nodes")(pool.Object)
		if err := server.Status().Update(context.Background(), pool); err != nil {
			t.Fatal(err)
		}
		got, err := scale(pool, 3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fields{"replicas": int64(7)}, got.Object["status"]); diff != "" {
			t.Errorf("status of the scale (-want +got):\n%s", diff)
		}
		if err := server.Get(context.Background(), client.ObjectKeyFromObject(pool), pool); err != nil {
			t.Fatal(err)
		}
		if replicas, _, _ := unstructured.NestedInt64(pool.Object, "spec", "replicas"); replicas != 3 {
			t.Errorf("spec.replicas = %d after scaling to 3", replicas)
		}
	})
	t.Run("API-023 a dynamic pool", func(t *testing.T) {
		if _, err := scale(create(t, validNodePool()), 3); err == nil {
			t.Error("a dynamic pool can be scaled")
		}
	})
}

func with(object fields, change change) fields {
	change(object)
	return object
}
