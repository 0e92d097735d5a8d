// SPDX-License-Identifier: Apache-2.0

//nolint:staticcheck // what is deprecated is read for as long as servers send it
package capi_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	capierrors "sigs.k8s.io/cluster-api/api/deprecated/errors"

	"karpenter.sh/providers/clusterapi/capi"

	clusterv1beta1 "sigs.k8s.io/cluster-api/api/core/v1beta1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
)

// read decodes what an API server would send.
func read[T any](t *testing.T, sent any) T {
	t.Helper()
	text, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("reading %s: %v", text, err)
	}
	return got
}

// same fails unless two objects that were read are equal.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read otherwise (-want +got):\n%s", diff)
	}
}

// CAPI-007, CAPI-121: Cluster API's own types, written in either version, are read
// the same.
func TestJudgeOfDeployments(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "md", Namespace: "ns", Annotations: map[string]string{clusterv1.RevisionAnnotation: "2"}}
	labels := map[string]string{"a": "b"}
	newer := read[capi.MachineDeployment](t, clusterv1.MachineDeployment{
		ObjectMeta: meta,
		Spec: clusterv1.MachineDeploymentSpec{
			ClusterName: "c", Replicas: new(int32(3)), Paused: new(true),
			Rollout: clusterv1.MachineDeploymentRolloutSpec{Strategy: clusterv1.MachineDeploymentRolloutStrategy{
				Type:          clusterv1.RollingUpdateMachineDeploymentStrategyType,
				RollingUpdate: clusterv1.MachineDeploymentRolloutStrategyRollingUpdate{MaxSurge: new(intstr.FromInt32(2))},
			}},
			Template: clusterv1.MachineTemplateSpec{
				ObjectMeta: clusterv1.ObjectMeta{Labels: labels},
				Spec: clusterv1.MachineSpec{InfrastructureRef: clusterv1.ContractVersionedObjectReference{
					APIGroup: "infrastructure.cluster.x-k8s.io", Kind: "ThingTemplate", Name: "t",
				}},
			},
		},
		Status: clusterv1.MachineDeploymentStatus{ObservedGeneration: 4},
	})
	older := read[capi.MachineDeployment](t, clusterv1beta1.MachineDeployment{
		ObjectMeta: meta,
		Spec: clusterv1beta1.MachineDeploymentSpec{
			ClusterName: "c", Replicas: new(int32(3)), Paused: true,
			Strategy: &clusterv1beta1.MachineDeploymentStrategy{
				Type:          clusterv1beta1.RollingUpdateMachineDeploymentStrategyType,
				RollingUpdate: &clusterv1beta1.MachineRollingUpdateDeployment{MaxSurge: new(intstr.FromInt32(2))},
			},
			Template: clusterv1beta1.MachineTemplateSpec{ObjectMeta: clusterv1beta1.ObjectMeta{Labels: labels}},
		},
		Status: clusterv1beta1.MachineDeploymentStatus{ObservedGeneration: 4},
	})
	if older.Surge() != 2 || newer.Surge() != 2 || !older.Paused() || !newer.Paused() {
		t.Errorf("surges %d and %d, paused %t and %t", older.Surge(), newer.Surge(), older.Paused(), newer.Paused())
	}
	same(t, newer.Spec.Template.Spec.InfrastructureRef, capi.InfrastructureRef{
		APIGroup: "infrastructure.cluster.x-k8s.io", Kind: "ThingTemplate", Name: "t",
	})
	for _, d := range []*capi.MachineDeployment{&newer, &older} {
		d.Spec.Rollout, d.Spec.Strategy, d.Spec.Template.Spec = capi.Rollout{}, capi.Strategy{}, capi.MachineTemplateSpec{}
	}
	same(t, newer, older)
	if newer.Replicas() != 3 || newer.Spec.ClusterName != "c" || newer.Spec.Template.ObjectMeta.Labels["a"] != "b" ||
		newer.Status.ObservedGeneration != 4 || newer.Annotations[capi.AnnotationRevision] != "2" {
		t.Errorf("got %+v", newer)
	}
}

// CAPI-007, CAPI-121
func TestJudgeOfMachines(t *testing.T) {
	meta := metav1.ObjectMeta{Name: "m", Namespace: "ns"}
	why, text := capierrors.CreateMachineError, "no quota"
	newer := read[capi.Machine](t, clusterv1.Machine{
		ObjectMeta: meta,
		Spec:       clusterv1.MachineSpec{ClusterName: "c", ProviderID: "thing://1"},
		Status: clusterv1.MachineStatus{
			NodeRef: clusterv1.MachineNodeReference{Name: "n"}, Phase: "Running",
			Deprecated: &clusterv1.MachineDeprecatedStatus{V1Beta1: &clusterv1.MachineV1Beta1DeprecatedStatus{
				FailureReason: &why, FailureMessage: &text,
			}},
		},
	})
	older := read[capi.Machine](t, clusterv1beta1.Machine{
		ObjectMeta: meta,
		Spec:       clusterv1beta1.MachineSpec{ClusterName: "c", ProviderID: new("thing://1")},
		Status: clusterv1beta1.MachineStatus{
			NodeRef: &corev1.ObjectReference{Name: "n"}, Phase: "Running", FailureReason: &why, FailureMessage: &text,
		},
	})
	if !newer.Failed() || !older.Failed() {
		t.Errorf("failed: %t and %t", newer.Failed(), older.Failed())
	}
	for _, m := range []*capi.Machine{&newer, &older} {
		m.Status.Failure, m.Status.Deprecated = capi.Failure{}, capi.DeprecatedStatus{}
	}
	same(t, newer, older)
	if newer.Spec.ProviderID != "thing://1" || newer.Spec.ClusterName != "c" || newer.Status.NodeRef.Name != "n" || newer.Status.Phase != "Running" {
		t.Errorf("got %+v", newer)
	}
}

// CAPI-007, CAPI-121
func TestJudgeOfSets(t *testing.T) {
	newer := read[capi.MachineSet](t, clusterv1.MachineSet{Spec: clusterv1.MachineSetSpec{Replicas: new(int32(2))}})
	older := read[capi.MachineSet](t, clusterv1beta1.MachineSet{Spec: clusterv1beta1.MachineSetSpec{Replicas: new(int32(2))}})
	same(t, newer, older)
	if newer.Spec.Replicas == nil || *newer.Spec.Replicas != 2 {
		t.Errorf("got %+v", newer)
	}
}

// CAPI-005: the keys are Cluster API's.
func TestJudgeOfKeys(t *testing.T) {
	for ours, theirs := range map[string]string{
		capi.Group:              clusterv1.GroupVersion.Group,
		capi.LabelDeployment:    clusterv1.MachineDeploymentNameLabel,
		capi.LabelCluster:       clusterv1.ClusterNameLabel,
		capi.AnnotationDelete:   clusterv1.DeleteMachineAnnotation,
		capi.AnnotationPaused:   clusterv1.PausedAnnotation,
		capi.AnnotationRevision: clusterv1.RevisionAnnotation,
		capi.AnnotationMaxSize:  clusterv1.AutoscalerMaxSizeAnnotation,
	} {
		if ours != theirs {
			t.Errorf("%s is %s to Cluster API", ours, theirs)
		}
	}
	same(t, capi.Versions(), []string{clusterv1.GroupVersion.Version, clusterv1beta1.GroupVersion.Version})
}
