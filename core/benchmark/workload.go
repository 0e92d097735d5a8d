// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"fmt"
	"math/rand"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Plain returns pods without constraints in the given number of shapes. The
// same arguments give the same pods.
func Plain(pods, shapes int) []*corev1.Pod {
	rnd := rand.New(rand.NewSource(42))
	requests := make([]corev1.ResourceList, shapes)
	for i := range requests {
		requests[i] = corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(int64(100+25*rnd.Intn(80)), resource.DecimalSI),
			corev1.ResourceMemory: *resource.NewQuantity(int64(128+64*rnd.Intn(120))<<20, resource.BinarySI),
		}
	}
	out := make([]*corev1.Pod, pods)
	for i := range out {
		out[i] = pod(i, requests[rnd.Intn(shapes)])
	}
	return out
}

// Chunky returns pods that are large compared with machines: 36 shapes from 2 to
// 192 CPU with 4, 5 or 6 GiB of memory for each, about as many pods of one as of
// another. Many ask for all that a machine of their size is sold with, so that
// what the system takes of it pushes them onto larger ones, and what they leave
// there is of use to the small ones alone.
func Chunky(pods int) []*corev1.Pod {
	rnd := rand.New(rand.NewSource(42))
	out := make([]*corev1.Pod, pods)
	for i := range out {
		cpu := []int64{2, 3, 4, 6, 8, 12, 16, 32, 48, 64, 96, 192}[rnd.Intn(12)]
		out[i] = pod(i, amounts(cpu*1000, cpu*int64(4+rnd.Intn(3))<<10))
	}
	return out
}

func pod(i int, requests corev1.ResourceList) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: fmt.Sprintf("pod-%05d", i), UID: types.UID(fmt.Sprintf("uid-%05d", i)),
			CreationTimestamp: metav1.NewTime(time.Unix(int64(1_700_000_000+i/100), 0)),
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "app", Image: "app", Resources: corev1.ResourceRequirements{Requests: requests},
		}}},
	}
}

// Mix returns the standard mix of SCH-264: equal fifths of plain pods, zonal
// spread, hostname spread, zonal self-affinity and hostname
// self-anti-affinity.
func Mix(pods int) []*corev1.Pod {
	rnd := rand.New(rand.NewSource(42))
	shapes := []func(*corev1.Pod){
		func(*corev1.Pod) {},
		spread(corev1.LabelTopologyZone), spread(corev1.LabelHostname),
		affinity(corev1.LabelTopologyZone), antiAffinity(corev1.LabelHostname),
	}
	out := make([]*corev1.Pod, pods)
	for i := range out {
		out[i] = pod(i, mixRequests(rnd))
		kind := i % len(shapes)
		out[i].Labels = map[string]string{"app": fmt.Sprintf("kind-%d", kind), "pod": out[i].Name}
		shapes[kind](out[i])
	}
	return out
}

func mixRequests(rnd *rand.Rand) corev1.ResourceList {
	cpu := []int64{100, 250, 500, 1000, 1500}[rnd.Intn(5)]
	memory := []int64{100, 256, 512, 1024, 2048, 4096}[rnd.Intn(6)]
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(cpu, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(memory<<20, resource.BinarySI),
	}
}

// Preferring returns pods with a satisfiable node preference and two
// anti-affinity preferences, one satisfiable and one not (SCH-264).
func Preferring(pods int) []*corev1.Pod {
	rnd := rand.New(rand.NewSource(42))
	out := make([]*corev1.Pod, pods)
	for i := range out {
		out[i] = pod(i, mixRequests(rnd))
		out[i].Labels = map[string]string{"app": "preferring", "pod": out[i].Name}
		out[i].Spec.Affinity = &corev1.Affinity{
			NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{
				Weight: 1, Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: zones[:1],
				}}},
			}}},
			PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
				{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelTopologyZone, LabelSelector: self(out[i])}},
				{Weight: 10, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "nobody"}}}},
			}},
		}
	}
	return out
}

func self(p *corev1.Pod) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": p.Labels["app"]}}
}

func spread(key string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: self(p),
		}}
	}
}

func affinity(key string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: self(p)}},
		}}
	}
}

func antiAffinity(key string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: key, LabelSelector: self(p)}},
		}}
	}
}
