// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/oracle/living/internal/judge"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// story is a world that a test tells step by step.
type story struct {
	*testing.T
	*world.World
}

func begin(t *testing.T, o world.Options) story {
	t.Helper()
	w, err := world.New(t.Context(), newScheduler(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return story{t, w}
}

func (s story) have(objects ...client.Object) {
	s.Helper()
	if err := s.Add(objects...); err != nil {
		s.Fatal(err)
	}
}

func (s story) pass(span time.Duration) {
	s.Helper()
	if err := s.World.Run(span); err != nil {
		s.Fatal(err)
	}
}

func list(pairs ...string) corev1.ResourceList {
	out := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}

func pool(name string, edit ...func(*v1.NodePool)) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	np.Spec.Template.Spec.NodeClassRef = world.NodeClass()
	np.Spec.Template.Spec.ExpireAfter = v1.Never
	np.Spec.Disruption.ConsolidateAfter = "0s"
	np.Spec.Disruption.ConsolidationPolicy = v1.ConsolidationPolicyWhenEmpty
	for _, e := range edit {
		e(np)
	}
	return np
}

func template(labels map[string]string, requests corev1.ResourceList) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "none", Resources: corev1.ResourceRequirements{Requests: requests}}}},
	}
}

// wantRunning fails the test unless exactly so many pods run and none waits.
func (s story) wantRunning(want int) {
	s.Helper()
	running := 0
	for _, pod := range store.All[*corev1.Pod](s.Store) {
		if pod.Status.Phase == corev1.PodRunning {
			running++
		}
	}
	if waiting := judge.Waiting(s.World); running != want || waiting != "" {
		s.Errorf("%d pods run, want %d\n%s%s", running, want, waiting, judge.Launches(s.World, 0))
	}
}
