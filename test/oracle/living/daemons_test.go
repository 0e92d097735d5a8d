// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// A DaemonSet's pods keep their room on planned nodes after the first of them
// runs, with what LimitRanges give them.
func TestDaemonsKeepTheirRoom(t *testing.T) {
	s := begin(t, world.Options{})
	s.have(
		pool("default"),
		&corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "defaults"}, Spec: corev1.LimitRangeSpec{
			Limits: []corev1.LimitRangeItem{{Type: corev1.LimitTypeContainer, Default: list("cpu", "2", "memory", "1Gi")}},
		}},
		&schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "high"}, Value: 10000000},
	)
	daemon := template(map[string]string{"daemon": "a"}, nil)
	daemon.Spec.PriorityClassName = "high"
	daemon.Spec.Containers[0].Resources.Limits = list("memory", "1Gi")
	s.have(&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "agent"}, Spec: appsv1.DaemonSetSpec{Template: daemon}})
	s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "web", Replicas: 1, Template: template(nil, list("memory", "4"))})
	s.pass(5 * time.Minute)
	if nodes := store.All[*corev1.Node](s.Store); len(nodes) != 1 || len(s.Process.Launches) != 1 {
		t.Errorf("%d nodes after %d launches, want one", len(nodes), len(s.Process.Launches))
	}
	s.wantRunning(2)
}
