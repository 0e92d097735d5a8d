// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/objects"
)

const (
	hostname = corev1.LabelHostname
	zone     = corev1.LabelTopologyZone
)

// small and large are the pods of most scenarios (OPS-278).
func small(replicas int32) objects.Workload {
	return objects.Workload{Name: "small", Replicas: replicas, CPU: "900m", Memory: "3100Mi"}
}

func large(replicas int32) objects.Workload {
	return objects.Workload{Name: "large", Replicas: replicas, CPU: "3500m", Memory: "28Gi"}
}

// over spreads the pods of a workload: no domain may have two more than another.
func over(w objects.Workload, key string) objects.Workload {
	return also(w, func(spec *corev1.PodSpec) {
		spec.TopologySpreadConstraints = append(spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: w.Selector(),
		})
	})
}

// apart lets no node have two pods of a workload.
func apart(w objects.Workload) objects.Workload {
	return also(w, func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: hostname, LabelSelector: w.Selector()}},
		}}
	})
}

// also changes the pods of a workload once more.
func also(w objects.Workload, change func(*corev1.PodSpec)) objects.Workload {
	before := w.Change
	w.Change = func(spec *corev1.PodSpec) {
		if before != nil {
			before(spec)
		}
		change(spec)
	}
	return w
}

// What each of the wide deployments requests, processors in thousandths (OPS-281).
const (
	wideCPU    = "240 450 650 900 1400 1900 2400 2800 3300 3700 2300 900 1300 2800 1800 1850 3300 3800 225 450 700 900 1300 1800 2400 2800 3400 3800 3300 2800"
	wideMemory = "300Mi 400Mi 700Mi 1Gi 2Gi 4Gi 8Gi 4Gi 16Gi 10Gi 64Gi 30Gi 32Gi 32Gi 30Gi 20Gi 30Gi 300Mi 500Mi 750Mi 1Gi 2Gi 4Gi 8Gi 16Gi 32Gi 28Gi 64Gi 13Gi 24Gi"
)

// wide are thirty workloads, and how many pods they are scaled to (OPS-281).
func wide() (workloads []objects.Workload, fewer map[string]int32) {
	cpu, memory := strings.Fields(wideCPU), strings.Fields(wideMemory)
	fewer = map[string]int32{}
	for i := range cpu {
		number := i + 1
		w := objects.Workload{Name: fmt.Sprintf("wide-%02d", number), Replicas: 35, CPU: cpu[i] + "m", Memory: memory[i]}
		less := int32(25)
		if number > 20 {
			w.Replicas, less = 30, 20
		}
		w = over(w, zone)
		switch {
		case number <= 3:
			w = apart(w)
		case number <= 6:
			w = over(w, hostname)
		}
		workloads, fewer[w.Name] = append(workloads, w), less
	}
	return workloads, fewer
}
