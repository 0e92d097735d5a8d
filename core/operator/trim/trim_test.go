// SPDX-License-Identifier: Apache-2.0

package trim_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"karpenter.sh/core/operator/trim"
)

// cached returns what the cache would hold of an object.
func cached[T client.Object](t *testing.T, object T) T {
	t.Helper()
	options := trim.CacheOptions()
	transform := options.DefaultTransform
	for kind, byKind := range options.ByObject {
		if reflect.TypeOf(kind) == reflect.TypeOf(object) {
			transform = byKind.Transform
		}
	}
	out, err := transform(object.DeepCopyObject())
	if err != nil {
		t.Fatal(err)
	}
	return out.(T)
}

func managed(annotations map[string]string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: "a", Labels: map[string]string{"k": "v"}, Annotations: annotations,
		ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
	}
}

func bare(annotations map[string]string) metav1.ObjectMeta {
	m := managed(annotations)
	m.ManagedFields = nil
	return m
}

// whole and lean are a pod template before and after.
func whole() corev1.PodSpec {
	spec := lean()
	spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "B"}}
	spec.Containers[0].Command = []string{"run"}
	spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "data"}}
	spec.Volumes = append(spec.Volumes, corev1.Volume{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}})
	spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
	return spec
}

func lean() corev1.PodSpec {
	requests := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	always := corev1.ContainerRestartPolicyAlways
	return corev1.PodSpec{
		NodeName:       "node",
		NodeSelector:   map[string]string{"k": "v"},
		Tolerations:    []corev1.Toleration{{Key: "k"}},
		Affinity:       &corev1.Affinity{},
		Overhead:       requests,
		Containers:     []corev1.Container{{Name: "c", Resources: corev1.ResourceRequirements{Requests: requests}, Ports: []corev1.ContainerPort{{HostPort: 80}}}},
		InitContainers: []corev1.Container{{Name: "i", RestartPolicy: &always, Resources: corev1.ResourceRequirements{Requests: requests}}},
		Volumes: []corev1.Volume{
			{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}},
			{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}},
		},
	}
}

// podStatus is that of a pod; with is whether what is dropped is there.
func podStatus(with bool) corev1.PodStatus {
	status := corev1.PodStatus{
		Phase:             corev1.PodRunning,
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: "c", Ready: true, AllocatedResources: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}}},
	}
	if with {
		status.ContainerStatuses[0].ImageID = "sha256:0"
		status.PodIPs = []corev1.PodIP{{IP: "10.0.0.1"}}
	}
	return status
}

// TestCached also proves that every kind loses the bookkeeping of field
// managers.
func TestCached(t *testing.T) {
	keep := map[string]string{"karpenter.sh/do-not-disrupt": "true"}
	applied := map[string]string{"karpenter.sh/do-not-disrupt": "true", corev1.LastAppliedConfigAnnotation: "{}"}
	t.Run("a pod keeps what is scheduled by", func(t *testing.T) {
		got := cached(t, &corev1.Pod{ObjectMeta: managed(applied), Spec: whole(), Status: podStatus(true)})
		want := &corev1.Pod{ObjectMeta: bare(keep), Spec: lean(), Status: podStatus(false)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a DaemonSet keeps of its template what a pod keeps", func(t *testing.T) {
		got := cached(t, &appsv1.DaemonSet{ObjectMeta: managed(applied), Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: whole()}}})
		want := &appsv1.DaemonSet{ObjectMeta: bare(keep), Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: lean()}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a node loses its images", func(t *testing.T) {
		capacity := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
		got := cached(t, &corev1.Node{ObjectMeta: managed(keep), Status: corev1.NodeStatus{Capacity: capacity, Images: []corev1.ContainerImage{{SizeBytes: 1}}}})
		want := &corev1.Node{ObjectMeta: bare(keep), Status: corev1.NodeStatus{Capacity: capacity}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what pods belong to keeps its selector", func(t *testing.T) {
		selector := map[string]string{"app": "a"}
		template := corev1.PodTemplateSpec{Spec: whole()}
		want := &metav1.LabelSelector{MatchLabels: selector}
		service := cached(t, &corev1.Service{ObjectMeta: managed(applied), Spec: corev1.ServiceSpec{Selector: selector, ClusterIP: "10.0.0.1"}})
		if diff := cmp.Diff(&corev1.Service{ObjectMeta: bare(keep), Spec: corev1.ServiceSpec{Selector: selector}}, service); diff != "" {
			t.Error(diff)
		}
		rc := cached(t, &corev1.ReplicationController{ObjectMeta: managed(applied), Spec: corev1.ReplicationControllerSpec{Selector: selector, Template: &template}})
		if diff := cmp.Diff(&corev1.ReplicationController{ObjectMeta: bare(keep), Spec: corev1.ReplicationControllerSpec{Selector: selector}}, rc); diff != "" {
			t.Error(diff)
		}
		rs := cached(t, &appsv1.ReplicaSet{ObjectMeta: managed(applied), Spec: appsv1.ReplicaSetSpec{Selector: want, Template: template}})
		if diff := cmp.Diff(&appsv1.ReplicaSet{ObjectMeta: bare(keep), Spec: appsv1.ReplicaSetSpec{Selector: want}}, rs); diff != "" {
			t.Error(diff)
		}
		set := cached(t, &appsv1.StatefulSet{ObjectMeta: managed(applied), Spec: appsv1.StatefulSetSpec{Selector: want, Template: template}})
		if diff := cmp.Diff(&appsv1.StatefulSet{ObjectMeta: bare(keep), Spec: appsv1.StatefulSetSpec{Selector: want}}, set); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a LimitRange keeps when it was written", func(t *testing.T) {
		at := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		given := &corev1.LimitRange{ObjectMeta: managed(applied)}
		given.ManagedFields[0].Time = &at
		want := &corev1.LimitRange{ObjectMeta: bare(keep)}
		want.ManagedFields = []metav1.ManagedFieldsEntry{{Time: &at}}
		if diff := cmp.Diff(want, cached(t, given)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("other kinds are whole", func(t *testing.T) {
		got := cached(t, &corev1.ConfigMap{ObjectMeta: managed(applied), Data: map[string]string{"k": "v"}})
		want := &corev1.ConfigMap{ObjectMeta: bare(applied), Data: map[string]string{"k": "v"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// OPS-048
func TestLeases(t *testing.T) {
	for kind, byKind := range trim.CacheOptions().ByObject {
		if _, isLease := kind.(*coordinationv1.Lease); isLease {
			if _, found := byKind.Namespaces["kube-node-lease"]; !found || len(byKind.Namespaces) != 1 {
				t.Errorf("leases are cached from %v", byKind.Namespaces)
			}
			return
		}
	}
	t.Error("leases of all namespaces are cached")
}

// What a transform cannot know passes unchanged.
func TestTombstone(t *testing.T) {
	if out, err := trim.CacheOptions().DefaultTransform("key"); out != "key" || err != nil {
		t.Errorf("got %v, %v", out, err)
	}
}
