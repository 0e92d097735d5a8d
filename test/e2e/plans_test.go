// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/test/internal/objects"
)

// A plan leaves two traces: each NodeClaim requests what its pods do, and pods
// are told which NodeClaim is for them (SCH-226, SCH-234).
// Alone, since it is a matter of time which pods the scheduler binds before they are told.
var _ = Describe("Plans", Serial, Label("long"), func() {
	// SCH-234, SCH-311: every pod is planned for, hardly any twice, and most are bound
	// where they were planned: a node that opens later than another may lose a pod to
	// it. Without nominations less than a third are.
	It("hold for pods of all kinds at once", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default")
		var all []objects.Workload
		for kind, constrain := range kinds() {
			w := objects.Workload{Name: env.Name(kind), Replicas: 5, CPU: "1500m", Memory: "2Gi"}
			w.Change = func(spec *corev1.PodSpec) { constrain(spec, w) }
			env.Create(ctx, w.Deployment())
			all = append(all, w)
		}
		running := map[string][]corev1.Pod{}
		for _, w := range all {
			for _, pod := range env.EventuallyRunning(ctx, w) {
				running[pod.Spec.NodeName] = append(running[pod.Spec.NodeName], pod)
			}
		}
		var planned, told, agreed int64
		var lines []string
		for _, node := range env.EventuallySettled(ctx, pool) {
			claim, pods := env.ClaimOf(ctx, &node), running[node.Name]
			planned += claim.Spec.Resources.Requests.Pods().Value()
			for i := range pods {
				for _, message := range env.Messages(ctx, &pods[i], "Nominated") {
					told++
					if strings.Contains(message, "nodeclaim/"+claim.Name) {
						agreed++
					}
				}
			}
			lines = append(lines, fmt.Sprintf("%s (%s): %d pods planned, %d bound", claim.Name,
				node.Labels[corev1.LabelInstanceTypeStable], claim.Spec.Resources.Requests.Pods().Value(), len(pods)))
		}
		AddReportEntry("nodes", strings.Join(lines, "\n"))
		AddReportEntry("pods told where they belong, and those bound there", fmt.Sprintf("%d, %d", told, agreed))
		Expect(planned).To(BeNumerically(">=", 5*len(all)), "pods planned:\n%s", strings.Join(lines, "\n"))
		Expect(planned).To(BeNumerically("<=", 5*len(all)*11/10), "pods planned twice:\n%s", strings.Join(lines, "\n"))
		Expect(told).To(BeNumerically(">", 0))
		Expect(float64(agreed)).To(BeNumerically(">=", 0.6*float64(told)), "of %d pods that were told, %d are there:\n%s", told, agreed, strings.Join(lines, "\n"))
		env.ExpectPaired(ctx, pool)

		of(pool, all...).goesOn(ctx, ordinary()...)
	})
})

// kinds are ways to constrain where pods go, by name.
func kinds() map[string]func(*corev1.PodSpec, objects.Workload) {
	avoid := func(key string, w objects.Workload) *corev1.PodAntiAffinity {
		return &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			TopologyKey: key, LabelSelector: w.Selector(),
		}}}
	}
	return map[string]func(*corev1.PodSpec, objects.Workload){
		"plain": func(*corev1.PodSpec, objects.Workload) {},
		"spread": func(spec *corev1.PodSpec, w objects.Workload) {
			spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
				MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: w.Selector(),
			}}
		},
		"apart": func(spec *corev1.PodSpec, w objects.Workload) {
			spec.Affinity = &corev1.Affinity{PodAntiAffinity: avoid(corev1.LabelHostname, w)}
		},
		"port": func(spec *corev1.PodSpec, _ objects.Workload) {
			spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8081, HostPort: 8081}}
		},
		"prefer": func(spec *corev1.PodSpec, _ objects.Workload) { prefer(corev1.LabelTopologyZone, "test-zone-b")(spec) },
	}
}
