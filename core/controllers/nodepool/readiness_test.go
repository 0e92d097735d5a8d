// SPDX-License-Identifier: Apache-2.0

package nodepool_test

import (
	"testing"
	"time"

	"github.com/awslabs/operatorpkg/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake/v1alpha1"
	"karpenter.sh/core/controllers/nodepool"
)

func ready(s metav1.ConditionStatus, reason, message string) status.Condition {
	return status.Condition{Type: status.ConditionReady, Status: s, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(start)}
}

// terminating is a NodeClass under deletion that something holds back.
func terminating() *v1alpha1.TestNodeClass {
	n := nodeClass(ready("True", "Ready", ""))
	now := metav1.NewTime(start)
	n.DeletionTimestamp, n.Finalizers = &now, []string{"example.com/hold"}
	return n
}

// LIF-220, API-085, CP-099
func TestReadiness(t *testing.T) {
	tests := []struct {
		name      string
		pool      *v1.NodePool
		nodeClass *v1alpha1.TestNodeClass
		want      condition
	}{
		{"no NodeClass", pool(), nil, condition{"False", "NodeClassNotFound", "NodeClass not found on cluster"}},
		{"a NodeClass of another name", pool(func(p *v1.NodePool) { p.Spec.Template.Spec.NodeClassRef.Name = "other" }), nodeClass(ready("True", "Ready", "")),
			condition{"False", "NodeClassNotFound", "NodeClass not found on cluster"}},
		{"deletion comes before readiness", pool(), terminating(), condition{"False", "NodeClassTerminating", "NodeClass is Terminating"}},
		{"no condition yet", pool(), nodeClass(), condition{"False", "NodeClassReadinessUnknown", "Node Class Readiness Unknown"}},
		{"not decided", pool(), nodeClass(ready("Unknown", "Resolving", "soon")), condition{"False", "NodeClassReadinessUnknown", "Node Class Readiness Unknown"}},
		{"not ready: the reason is passed on", pool(), nodeClass(ready("False", "SubnetsNotFound", "no subnet matches")), condition{"False", "SubnetsNotFound", "no subnet matches"}},
		{"ready", pool(), nodeClass(ready("True", "Ready", "")), condition{"True", "NodeClassReady", ""}},
		{"LIF-001: a pool of another provider", pool(foreign), nodeClass(ready("True", "Ready", "")), condition{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects := []client.Object{tt.pool}
			if tt.nodeClass != nil {
				objects = append(objects, tt.nodeClass)
			}
			w := newWorld(t, objects...)
			if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
			if got := w.stored(t, v1.ConditionTypeNodeClassReady); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// A pool is ready when both of its dependents are.
func TestReadyPool(t *testing.T) {
	w := newWorld(t, pool(), nodeClass(ready("True", "Ready", "")))
	if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(t, status.ConditionReady).status; got != metav1.ConditionUnknown {
		t.Errorf("API-118: Ready is %s before validation", got)
	}
	if _, err := nodepool.NewValidation(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	if got := w.stored(t, status.ConditionReady).status; got != metav1.ConditionTrue {
		t.Errorf("API-115: Ready is %s after both", got)
	}
}

// LIF-006
func TestReadinessUsesTheClock(t *testing.T) {
	stored := func(p *v1.NodePool) {
		p.Status.Conditions = []status.Condition{{Type: v1.ConditionTypeNodeClassReady, Status: "True", Reason: "NodeClassReady", ObservedGeneration: 1, LastTransitionTime: metav1.NewTime(start.Add(-time.Hour))}}
	}
	w := newWorld(t, pool(stored))
	if _, err := nodepool.NewReadiness(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
		t.Fatal(err)
	}
	got := get(t, w.Client, &v1.NodePool{}, "general").StatusConditions().Get(v1.ConditionTypeNodeClassReady)
	if !got.LastTransitionTime.Time.Equal(start) {
		t.Errorf("transition at %s, want %s", got.LastTransitionTime, start)
	}
}

// LIF-225, API-080
func TestValidation(t *testing.T) {
	restricted := func(p *v1.NodePool) {
		p.Spec.Template.ObjectMeta.Labels = map[string]string{v1.NodePoolLabelKey: "other"}
	}
	tests := []struct {
		name           string
		pool           *v1.NodePool
		status, reason string
		message        bool
	}{
		{"a valid pool", pool(), "True", "ValidationSucceeded", false},
		{"a pool with a restricted label", pool(restricted), "False", "NodePoolValidationFailed", true},
		{"LIF-001: a pool of another provider", pool(foreign, restricted), "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.pool)
			if _, err := nodepool.NewValidation(w.Options).Reconcile(t.Context(), get(t, w.Client, &v1.NodePool{}, "general")); err != nil {
				t.Fatal(err)
			}
			got := w.stored(t, v1.ConditionTypeValidationSucceeded)
			if string(got.status) != tt.status || got.reason != tt.reason || (got.message != "") != tt.message {
				t.Errorf("got %v", got)
			}
		})
	}
}
