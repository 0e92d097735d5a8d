// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/objects"
)

// reservationID is the label of nodes in a reservation (KWOK-008).
const reservationID = "karpenter.kwok.sh/reservation-id"

// withReservations is a catalogue of two types that a pod of three processors
// fills: the smaller is sold twice through reservation r, the larger once through
// s, both on demand as well.
const withReservations = `
- name: r-4x
  architecture: amd64
  operatingSystems: [linux]
  resources: {cpu: 4, memory: 8Gi}
  offerings:
  - {capacityType: on-demand, zone: test-zone-a, price: 0.1}
  - Requirements:
    - {key: karpenter.sh/capacity-type, operator: In, values: [reserved]}
    - {key: topology.kubernetes.io/zone, operator: In, values: [test-zone-a]}
    - {key: karpenter.kwok.sh/reservation-id, operator: In, values: [r]}
    Price: 0.00000001
    ReservationCapacity: 2
- name: s-5x
  architecture: amd64
  operatingSystems: [linux]
  resources: {cpu: 5, memory: 10Gi}
  offerings:
  - {capacityType: on-demand, zone: test-zone-b, price: 0.125}
  - Requirements:
    - {key: karpenter.sh/capacity-type, operator: In, values: [reserved]}
    - {key: topology.kubernetes.io/zone, operator: In, values: [test-zone-b]}
    - {key: karpenter.kwok.sh/reservation-id, operator: In, values: [s]}
    Price: 0.0000000125
    ReservationCapacity: 1
`

var _ = Describe("Reserved capacity", Serial, Label("long"), func() {
	BeforeEach(func(ctx SpecContext) {
		if !env.Karpenter.Local() {
			Skip("the controller is not a process on this machine")
		}
		file := filepath.Join(GinkgoT().TempDir(), "instance-types.yaml")
		Expect(os.WriteFile(file, []byte(withReservations), 0o600)).To(Succeed())
		sell := func(ctx SpecContext, file string) {
			GinkgoHelper()
			Expect(env.Karpenter.Start(ctx, append([]string{"INSTANCE_TYPES_FILE_PATH=" + file}, settings...)...)).To(Succeed())
		}
		DeferCleanup(func(ctx SpecContext) { sell(ctx, "") })
		sell(ctx, file)
		env.Restarted(ctx)
	})

	// SCH-212, SCH-213, SCH-215, SCH-217, SCH-290, KWOK-008.
	It("is used up before pods get any other, and by no more than it holds", func(ctx SpecContext) {
		pool := env.NodePool(ctx, "default", func(pool *v1.NodePool) {
			pool.Spec.Template.Spec.Requirements = nil
			objects.Require(pool, v1.CapacityTypeLabelKey, corev1.NodeSelectorOpIn, v1.CapacityTypeReserved, v1.CapacityTypeOnDemand)
		})
		w := objects.Workload{Name: env.Name("work"), Replicas: 5, CPU: "3"}
		env.Create(ctx, w.Deployment())
		pods := env.EventuallyRunning(ctx, w)

		sources := map[string]int{}
		for _, node := range env.EventuallySettled(ctx, pool) {
			sources[node.Labels[v1.CapacityTypeLabelKey]+node.Labels[reservationID]]++
		}
		Expect(sources).To(Equal(map[string]int{"reservedr": 2, "reserveds": 1, "on-demand": 2}))
		for _, claim := range env.Claims(ctx, pool) {
			for _, r := range claim.Spec.Requirements {
				if r.Key == v1.CapacityTypeLabelKey {
					Expect(r.Values).To(Equal([]string{claim.Labels[v1.CapacityTypeLabelKey]}), claim.Name)
				}
			}
		}
		for i := range pods {
			Expect(env.Messages(ctx, &pods[i], "FailedScheduling")).To(BeEmpty(), "waiting is no failure")
		}

		of(pool, w).goesOn(ctx, podsDeleted(), nodeDeleted(), nodeVanishes(), controllerRestarts(), morePods(2), fewerPods(4))
		held := map[string]int{}
		for _, node := range env.Nodes(ctx, pool) {
			held[node.Labels[reservationID]]++
		}
		Expect(held["r"]).To(BeNumerically("<=", 2), "instances of reservation r")
		Expect(held["s"]).To(BeNumerically("<=", 1), "instances of reservation s")
	})
})
