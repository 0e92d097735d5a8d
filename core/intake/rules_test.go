// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/intake"
)

func compiler() *intake.Compiler { return intake.New(intake.Options{Vocabulary: vocabulary.Core()}) }

func requests(kv ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(kv); i += 2 {
		out[corev1.ResourceName(kv[i])] = resource.MustParse(kv[i+1])
	}
	return out
}

func container(r corev1.ResourceList) corev1.Container {
	return corev1.Container{Name: "app", Resources: corev1.ResourceRequirements{Requests: r}}
}

func sidecar(name string, r corev1.ResourceList) corev1.Container {
	always := corev1.ContainerRestartPolicyAlways
	return corev1.Container{Name: name, RestartPolicy: &always, Resources: corev1.ResourceRequirements{Requests: r}}
}

func podOf(spec corev1.PodSpec) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: "u"}, Spec: spec}
}

func equal(t *testing.T, c *intake.Compiler, got, want corev1.ResourceList) {
	t.Helper()
	if !c.Requested(got).Equal(c.Requested(want)) {
		t.Errorf("got %v, want %v", got, want)
	}
}
