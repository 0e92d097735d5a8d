// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/living/internal/draw"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

func inZones(zones ...string) func(*v1.NodePool) {
	return func(np *v1.NodePool) {
		np.Spec.Template.Spec.Requirements = append(np.Spec.Template.Spec.Requirements, v1.NodeSelectorRequirementWithMinValues{
			Key: label.Zone, Operator: corev1.NodeSelectorOpIn, Values: zones,
		})
	}
}

func catalogue(zones ...string) []*cloudprovider.InstanceType {
	return []*cloudprovider.InstanceType{fake.NewInstanceType(fake.TypeSpec{Name: "small", CPU: 2, Memory: 8, Zones: zones, CapacityTypes: []string{label.OnDemand}})}
}

// SCH-142, SCH-152: a pool that a pod cannot use has no say in where its replicas
// go.
func TestSpreadsCountWhereThePodCanGo(t *testing.T) {
	for _, test := range []struct {
		name  string
		other *v1.NodePool
		pod   func(*corev1.PodTemplateSpec)
	}{
		{"a zone that does not exist", pool("other", inZones("nowhere")), nil},
		{"a pool without room within its limits", pool("other", inZones("d"), func(np *v1.NodePool) {
			np.Spec.Limits = v1.Limits{corev1.ResourceCPU: resource.MustParse("0")}
		}), nil},
		{"a pool whose taint is not tolerated", pool("other", inZones("d"), func(np *v1.NodePool) {
			np.Spec.Template.Spec.Taints = []corev1.Taint{{Key: "dedicated", Effect: corev1.TaintEffectNoSchedule}}
		}), nil},
		{"a pool that the selector excludes", pool("other", inZones("a", "b", "c", "d"), func(np *v1.NodePool) {
			np.Spec.Template.ObjectMeta.Labels = map[string]string{"team": "other"}
		}), func(t *corev1.PodTemplateSpec) { t.Spec.NodeSelector = map[string]string{"team": "ours"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := begin(t, world.Options{Types: catalogue("a", "b", "c", "d")})
			s.have(test.other, pool("ours", inZones("a", "b", "c"), func(np *v1.NodePool) {
				np.Spec.Template.ObjectMeta.Labels = map[string]string{"team": "ours"}
			}))
			pods := template(map[string]string{"app": "web"}, list("cpu", "1"))
			pods.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: label.Zone, WhenUnsatisfiable: corev1.DoNotSchedule,
				LabelSelector: &metav1.LabelSelector{MatchLabels: pods.Labels},
			}}
			if test.pod != nil {
				test.pod(&pods)
			}
			s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "web", Replicas: 9, Template: pods})
			s.pass(3 * time.Minute)
			s.wantRunning(9)
			if got := s.perZone(); got != "a:3 b:3 c:3 " {
				t.Errorf("pods by zone are %s, want three in each", got)
			}
		})
	}
}

// Pods that attract each other go where the one goes that can go to one place
// only.
func TestPodsThatAttractEachOther(t *testing.T) {
	s := begin(t, world.Options{Types: catalogue("a", "b", "c", "d")})
	late := storagev1.VolumeBindingWaitForFirstConsumer
	class := draw.Late
	s.have(pool("default"),
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: class}, Provisioner: kube.Driver, VolumeBindingMode: &late},
		kube.Volume("pv-d", class, "d"),
		&corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "data", Annotations: map[string]string{"pv.kubernetes.io/bind-completed": "yes"}},
			Spec:       corev1.PersistentVolumeClaimSpec{StorageClassName: &class, VolumeName: "pv-d"},
			Status:     corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
		})
	pods := template(map[string]string{"group": "pair"}, list("cpu", "1500m"))
	pods.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: label.Zone, LabelSelector: &metav1.LabelSelector{MatchLabels: pods.Labels},
	}}}}
	bound := *pods.DeepCopy()
	bound.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"},
	}}}
	s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "free", Replicas: 1, Template: pods})
	s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "pinned", Replicas: 1, Template: bound})
	s.pass(3 * time.Minute)
	s.wantRunning(2)
	if got := s.perZone(); got != "d:2 " {
		t.Errorf("pods by zone are %s, want both in d", got)
	}
}

// perZone counts running pods by the zone of their node.
func (s story) perZone() string {
	counts := map[string]int{}
	for _, pod := range store.All[*corev1.Pod](s.Store) {
		for _, node := range store.All[*corev1.Node](s.Store) {
			if node.Name == pod.Spec.NodeName {
				counts[node.Labels[label.Zone]]++
			}
		}
	}
	out := ""
	for _, zone := range []string{"a", "b", "c", "d"} {
		if counts[zone] > 0 {
			out += fmt.Sprintf("%s:%d ", zone, counts[zone])
		}
	}
	return out
}
