// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
)

// Test is the label that tells tests apart which run at the same time. Its value
// is one test's own.
const Test = "testing/test"

// Meddled is the label and annotation of what somebody else writes meanwhile.
const Meddled = "testing/meddled"

// Assign makes an object a test's own, and with it all that others make from its
// templates: nodes, NodeClaims, pods and volume claims.
func Assign(o client.Object, test string) {
	o.SetLabels(with(o.GetLabels(), Test, test))
	switch o := o.(type) {
	case *v1.NodePool:
		labels := &o.Spec.Template.ObjectMeta.Labels
		*labels = with(*labels, Test, test)
	case *appsv1.StatefulSet:
		assignClaims(o.Spec.VolumeClaimTemplates, test)
	}
	for _, p := range podsOf(o) {
		*p.labels = with(*p.labels, Test, test)
		for _, volume := range p.spec.Volumes {
			if e := volume.Ephemeral; e != nil && e.VolumeClaimTemplate != nil {
				e.VolumeClaimTemplate.Labels = with(e.VolumeClaimTemplate.Labels, Test, test)
			}
		}
	}
}

// Confine keeps an object's pods on the nodes of their own test. Only nodes of
// NodePools and NodeClaims that were assigned to the test are its own.
func Confine(o client.Object, test string) {
	for _, p := range podsOf(o) {
		p.spec.NodeSelector = with(p.spec.NodeSelector, Test, test)
	}
}

func assignClaims(claims []corev1.PersistentVolumeClaim, test string) {
	for i := range claims {
		claims[i].Labels = with(claims[i].Labels, Test, test)
	}
}

// podPart is what describes the pods of an object.
type podPart struct {
	labels *map[string]string
	spec   *corev1.PodSpec
}

// podsOf finds the description of pods in an object that is a pod or makes some.
func podsOf(o client.Object) []podPart {
	var t *corev1.PodTemplateSpec
	switch o := o.(type) {
	case *corev1.Pod:
		return []podPart{{&o.Labels, &o.Spec}}
	case *corev1.PodTemplate:
		t = &o.Template
	case *appsv1.Deployment:
		t = &o.Spec.Template
	case *appsv1.ReplicaSet:
		t = &o.Spec.Template
	case *appsv1.DaemonSet:
		t = &o.Spec.Template
	case *appsv1.StatefulSet:
		t = &o.Spec.Template
	case *corev1.ReplicationController:
		t = o.Spec.Template
	case *batchv1.Job:
		t = &o.Spec.Template
	default:
		return nil
	}
	return []podPart{{&t.Labels, &t.Spec}}
}

// with returns a copy of labels with one more; a builder's caller may share his
// between objects.
func with(labels map[string]string, key, value string) map[string]string {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	out[key] = value
	return out
}
