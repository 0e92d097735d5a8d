// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/cluster/volume"
)

func inZone(zone string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: zone} }
}

// OPS-096: pods that wait are counted by the zone they are left to; pods of
// nodes that are going away run and are not. OPS-095: what a pass found is gone
// when the next one starts.
func TestPendingPodsByZone(t *testing.T) {
	const zones, unschedulable = "karpenter_scheduler_pending_pods_by_effective_zone_count", "karpenter_scheduler_unschedulable_pods_count"
	waiting := []*corev1.Pod{
		pendingPod("a", "1", inZone("test-zone-1")), pendingPod("b", "1", inZone("test-zone-1")),
		pendingPod("c", "1"), pendingPod("d", "1000"),
		pendingPod("e", "1", inZone("test-zone-1"), func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"test-zone-2"},
				}}}},
			}}}
		}),
	}
	w := newWorld(t, readyPool("default"))
	for _, pod := range waiting {
		w.must(w.client.Create(t.Context(), pod))
	}
	now := metav1.Now()
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "leaving", DeletionTimestamp: &now}, Spec: corev1.NodeSpec{ProviderID: "x://leaving"},
	})
	moves := pendingPod("moves", "1", on("leaving"))
	w.must(w.client.Create(t.Context(), moves))
	w.cluster.UpdatePod(moves, volume.Resolution{Settled: true})
	w.must(w.round())
	var want strings.Builder
	fmt.Fprintf(&want, "# HELP %[1]s Pending pods by the zone that their constraints leave: its name, flexible or none.\n# TYPE %[1]s gauge\n", zones)
	for _, n := range []struct {
		zone string
		pods int
	}{{"flexible", 2}, {"none", 1}, {"test-zone-1", 2}} {
		fmt.Fprintf(&want, "%s{controller=\"provisioner\",zone=%q} %d\n", zones, n.zone, n.pods)
	}
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want.String()), zones); err != nil {
		t.Error(err)
	}
	if n, _ := testutil.GatherAndCount(w.registry, unschedulable); n != 1 {
		t.Errorf("%d series of unschedulable pods", n)
	}
	for _, pod := range append(waiting, moves) {
		w.must(w.client.Delete(t.Context(), pod))
	}
	w.must(w.round())
	if n, _ := testutil.GatherAndCount(w.registry, zones, unschedulable); n != 0 {
		t.Errorf("%d series are left of a pass that is over", n)
	}
}
