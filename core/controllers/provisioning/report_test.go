// SPDX-License-Identifier: Apache-2.0

package provisioning_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/intake"
)

// SCH-189, DIS-150: preferences that may hinder consolidation are mentioned once a day
// for each pod, and not at all under Ignore.
func TestConsolidationHints(t *testing.T) {
	soft := func(p *corev1.Pod) {
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: "rack", WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{},
		}}
	}
	apart := func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{}},
		}}}}
	}
	hard := func(p *corev1.Pod) {
		soft(p)
		p.Spec.TopologySpreadConstraints[0].WhenUnsatisfiable = corev1.DoNotSchedule
	}
	var records []string
	hints := func() (out []string) {
		for _, r := range records {
			if strings.Contains(r, "may hinder consolidation") {
				out = append(out, r)
			}
		}
		records = nil
		return out
	}
	// Nothing is launched, so that the pods come up again in every round.
	w := newWorld(t, pendingPod("soft", "1", soft), pendingPod("apart", "1", apart), pendingPod("hard", "1", hard))
	w.log = funcr.New(func(_, args string) { records = append(records, args) }, funcr.Options{})
	w.must(w.round())
	got := hints()
	if len(got) != 1 || !strings.Contains(got[0], "default/soft") || !strings.Contains(got[0], "default/apart") || strings.Contains(got[0], "hard") {
		t.Errorf("got %q", got)
	}
	w.must(w.client.Create(t.Context(), pendingPod("late", "1", soft)))
	w.must(w.round())
	if got := hints(); len(got) != 1 || !strings.Contains(got[0], "default/late") || strings.Contains(got[0], "default/soft") {
		t.Errorf("the next round: got %q", got)
	}
	w.subject.Clock.(*clocktesting.FakeClock).Step(24 * time.Hour)
	w.must(w.round())
	if got := hints(); len(got) != 1 || !strings.Contains(got[0], "default/soft") {
		t.Errorf("the next day: got %q", got)
	}
	w.cluster = w.newCluster(intake.Options{Vocabulary: fake.Vocabulary(), Preferences: intake.IgnorePreferences}, prometheus.NewRegistry())
	w.subject.Cluster = w.cluster
	w.subject.Clock.(*clocktesting.FakeClock).Step(24 * time.Hour)
	w.must(w.round())
	if got := hints(); len(got) > 0 {
		t.Errorf("under Ignore: got %q", got)
	}
}

// SCH-226: pods are told all that is known of their place, in a budget that all
// of them share.
func TestNominations(t *testing.T) {
	w := newWorld(t, readyPool("default"), pendingPod("a", "1"), pendingPod("b", "1"), pendingPod("big", "20"))
	w.cluster.UpdateNodeClaim(&v1.NodeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "claim", UID: "claim", Labels: map[string]string{v1.NodePoolLabelKey: "default"}},
		Spec:       v1.NodeClaimSpec{NodeClassRef: nodeClass},
		Status:     v1.NodeClaimStatus{ProviderID: "x://n", NodeName: "n"},
	})
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{
			v1.NodePoolLabelKey: "default", v1.NodeRegisteredLabelKey: "true", v1.NodeInitializedLabelKey: "true",
		}},
		Spec: corev1.NodeSpec{ProviderID: "x://n"}, Status: corev1.NodeStatus{Allocatable: room()},
	})
	w.must(w.round())
	told := map[string]string{}
	for _, e := range w.recorder.Of("Nominated") {
		told[e.Object.GetName()] = e.Message
		if e.Type != corev1.EventTypeNormal || len(e.DedupeValues) != 1 || e.DedupeValues[0] != string(e.Object.GetUID()) || e.DedupeTimeout != 0 {
			t.Errorf("got %+v", e)
		}
	}
	const onNode = "Pod should schedule on: nodeclaim/claim, node/n"
	if told["a"] != onNode || told["b"] != onNode {
		t.Errorf("got %q", told)
	}
	if want := "Pod should schedule on: nodeclaim/" + w.nodeClaims()[0].Name; told["big"] != want {
		t.Errorf("got %q, want %q", told["big"], want)
	}
	now := time.Now().Add(time.Hour)
	events := w.recorder.Of("Nominated")
	passed := 0
	for i := range 20 { // of different pods
		if events[i%len(events)].Limiter.AllowN(now, 1) {
			passed++
		}
	}
	for i := range 20 {
		if events[i%len(events)].Limiter.AllowN(now.Add(time.Second), 1) {
			passed++
		}
	}
	if passed != 15 {
		t.Errorf("%d passed, want 10 at once and 5 a second later", passed)
	}
}

// SCH-250, SCH-251, SCH-252: what a round leaves in the metrics.
func TestRoundMetrics(t *testing.T) {
	zone := func(z string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: z} }
	}
	w := newWorld(t, readyPool("default"),
		pendingPod("a", "1", zone("test-zone-1")), pendingPod("b", "1", zone("test-zone-1")),
		pendingPod("c", "1"), pendingPod("huge", "1000", zone("test-zone-2")),
		pendingPod("nowhere", "1", func(p *corev1.Pod) {
			p.Labels = map[string]string{"app": "nowhere"}
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelTopologyZone, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}},
			}}}}
		}),
		pendingPod("odd", "1", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"karpenter.sh/odd": "x"} }),
	)
	now := metav1.Now()
	w.cluster.UpdateNode(&corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "leaving", DeletionTimestamp: &now}, Spec: corev1.NodeSpec{ProviderID: "x://leaving"},
		Status: corev1.NodeStatus{Allocatable: room()},
	})
	running := pendingPod("running", "1", on("leaving"), zone("test-zone-3"))
	w.must(w.client.Create(t.Context(), running))
	w.cluster.UpdatePod(running, volume.Resolution{Settled: true})
	w.must(w.round())
	w.expect("karpenter_scheduler_pending_pods_by_effective_zone_count",
		`controller="provisioner",zone="test-zone-1" 2`, `controller="provisioner",zone="test-zone-2" 1`,
		`controller="provisioner",zone="flexible" 1`, `controller="provisioner",zone="none" 1`)
	w.expect("karpenter_scheduler_unschedulable_pods_count", `controller="provisioner" 2`)
	w.expect("karpenter_scheduler_ignored_pods_count", ` 1`)
	if n, _ := testutil.GatherAndCount(w.registry, "karpenter_scheduler_queue_depth"); n != 1 {
		t.Errorf("%d series of the queue", n)
	}
	w.must(w.round()) // two pods are left, the others have NodeClaims
	w.expect("karpenter_scheduler_pending_pods_by_effective_zone_count", `controller="provisioner",zone="test-zone-2" 1`, `controller="provisioner",zone="none" 1`)
	if n, _ := testutil.GatherAndCount(w.registry, "karpenter_scheduler_queue_depth"); n != 1 {
		t.Errorf("%d series of the queue after another round", n)
	}
	w.expect("karpenter_scheduler_scheduling_duration_seconds", "2 observations")
}

// expect compares all series of a gauge, or the observations of a histogram.
func (w *world) expect(name string, want ...string) {
	w.t.Helper()
	families, err := w.registry.Gather()
	w.must(err)
	got := map[string]bool{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			switch {
			case f.GetName() != name:
			case m.GetHistogram() != nil:
				got[fmt.Sprintf("%d observations", m.GetHistogram().GetSampleCount())] = true
			default:
				got[fmt.Sprintf("%s %v", strings.Join(labels, ","), m.GetGauge().GetValue())] = true
			}
		}
	}
	for _, s := range want {
		if !got[s] {
			w.t.Errorf("%s: no %s in %v", name, s, got)
		}
	}
	if len(got) != len(want) {
		w.t.Errorf("%s: got %v, want %v", name, got, want)
	}
}
