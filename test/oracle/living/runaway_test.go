// SPDX-License-Identifier: Apache-2.0

package living_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/test/oracle/living/internal/draw"
	"karpenter.sh/test/oracle/living/internal/judge"
	"karpenter.sh/test/oracle/living/internal/kube"
	"karpenter.sh/test/oracle/living/internal/store"
	"karpenter.sh/test/oracle/living/internal/world"
)

// most is how many nodes one pod may cost in ten minutes, whatever happens.
const most = 8

// One pod never buys nodes without end, also when no node that is bought for it
// can hold it.
func TestOnePodBuysAHandfulOfNodes(t *testing.T) {
	for _, test := range []struct {
		name  string
		truth kube.Truth
		// pod changes a pod that requests 1 CPU.
		pod func(*corev1.PodTemplateSpec)
	}{
		{"allocatable is less than the catalogue says", kube.Truth{Less: 20}, func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].Resources.Requests = list("cpu", "1800m")
		}},
		{"ephemeral storage is less than the catalogue says", kube.Truth{Less: 5}, func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].Resources.Requests = list("ephemeral-storage", "19500Mi")
		}},
		{"a device never registers", kube.Truth{NoDevices: true}, func(p *corev1.PodTemplateSpec) {
			p.Spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: list(draw.GPU, "1"), Limits: list(draw.GPU, "1")}
		}},
		{"a taint comes late", kube.Truth{LateTaint: &corev1.Taint{Key: "late", Effect: corev1.TaintEffectNoSchedule}}, nil},
		{"more volumes than a node attaches", kube.Truth{Attach: 2}, func(p *corev1.PodTemplateSpec) {
			for _, name := range []string{"x", "y", "z"} {
				p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
					PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
				}})
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := begin(t, world.Options{Truth: test.truth, Types: []*cloudprovider.InstanceType{fake.NewInstanceType(fake.TypeSpec{
				Name: "small", CPU: 2, Memory: 8, Resources: list(draw.GPU, "1"), CapacityTypes: []string{label.OnDemand},
			})}})
			late := storagev1.VolumeBindingWaitForFirstConsumer
			class := draw.Late
			s.have(pool("default"), &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: class}, Provisioner: kube.Driver, VolumeBindingMode: &late})
			for _, name := range []string{"x", "y", "z"} {
				s.have(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: &class}})
			}
			pods := template(nil, list("cpu", "1"))
			if test.pod != nil {
				test.pod(&pods)
			}
			s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "web", Replicas: 1, Template: pods})
			s.pass(10 * time.Minute)
			if n := len(s.Process.Launches); n > most {
				t.Errorf("%d launches for one pod, want at most %d\n%s\n%s", n, most, judge.Launches(s.World, 0), judge.Waiting(s.World))
			}
		})
	}
}

// A NodeClaim whose Node somebody removed holds no pods: they get another node.
func TestAVanishedNodeHoldsNoPods(t *testing.T) {
	s := begin(t, world.Options{})
	s.have(pool("default"))
	s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "web", Replicas: 1, Template: template(nil, list("cpu", "1"))})
	s.pass(time.Minute)
	s.wantRunning(1)
	node := store.All[*corev1.Node](s.Store)[0]
	store.Change(s.Store, types.NamespacedName{Name: node.Name}, func(n *corev1.Node) { n.Finalizers = nil })
	if err := s.Store.Delete(node); err != nil {
		t.Fatal(err)
	}
	s.pass(2 * time.Minute)
	s.wantRunning(1)
}

// A registered node to which a careless client writes back the taint of
// unregistered ones holds up no pod for good.
func TestATaintWrittenBackHoldsNobodyUp(t *testing.T) {
	s := begin(t, world.Options{})
	s.have(pool("default"))
	s.Kube.Apply(&kube.Workload{Kind: kube.ReplicaSet, Namespace: "default", Name: "web", Replicas: 1, Template: template(nil, list("cpu", "500m"))})
	for range 12 { // until the node has registered
		s.pass(time.Second)
		for _, node := range store.All[*corev1.Node](s.Store) {
			if node.Labels[v1.NodeRegisteredLabelKey] != "" && node.Labels[v1.NodeInitializedLabelKey] == "" {
				s.Kube.Taint(node.Name, v1.UnregisteredTaint())
			}
		}
	}
	s.pass(8 * time.Minute)
	s.wantRunning(1)
}
