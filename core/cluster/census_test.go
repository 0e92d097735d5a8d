// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"fmt"
	"maps"
	"math/rand"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/topology"
	"karpenter.sh/core/intake"
)

const zone = corev1.LabelTopologyZone

func app(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func ofApp(name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels = map[string]string{"app": name} }
}

// spreadOver is a pod with one spread constraint.
func spreadOver(key string, s *metav1.LabelSelector, change ...func(*corev1.Pod)) *corev1.Pod {
	p := newPod("asking", "", change...)
	p.Spec.TopologySpreadConstraints = append(p.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
		MaxSkew: 1, TopologyKey: key, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: s,
	})
	return p
}

// ask compiles the pods as a round would and returns the groups.
func ask(t *testing.T, s *cluster.Snapshot, placing []*corev1.Pod, asking ...*corev1.Pod) ([]model.Pod, []*topology.Group) {
	t.Helper()
	r := s.Compiler().NewRound(map[string]map[string]string{"default": nil})
	for _, p := range asking {
		if err := r.Add(p, intake.Volumes{}); err != nil {
			t.Fatal(err)
		}
	}
	return r.Build(s.Counter(placing, nil))
}

// byName is a group's counts by the names of domains.
func byName(s *cluster.Snapshot, g *topology.Group) map[string]int32 {
	if g.Hostname {
		out := maps.Clone(g.Hosts)
		maps.DeleteFunc(out, func(_ string, n int32) bool { return n == 0 })
		return out
	}
	out := map[string]int32{}
	for d, n := range g.Counts {
		out[s.Compiler().Vocabulary().ValueName(g.Key, d)] = n
	}
	return out
}

// SCH-143, SCH-146: who counts where.
func TestCounting(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a1", "x://a1", labels(zone, "a")))
	w.node(newNode("b1", "x://b1", labels(zone, "b", "pool", "gpu")))
	w.node(newNode("nowhere", "x://nowhere"))
	w.pod(newPod("1", "a1", ofApp("x")))
	w.pod(newPod("2", "a1", ofApp("y")))
	w.pod(newPod("3", "nowhere", ofApp("x")))
	w.pod(newPod("4", "vanished", ofApp("x")))
	w.pod(newPod("5", "b1", ofApp("x"), phase(corev1.PodSucceeded)))
	w.pod(newPod("6", "b1", ofApp("x"), func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: start} }))
	for _, tc := range []struct {
		why  string
		ask  *corev1.Pod
		want map[string]int32
	}{
		{"bound, not finished, not terminating, in a domain", spreadOver(zone, app("x")), map[string]int32{"a": 1, "b": 0}},
		{"only on nodes that pass the filter", spreadOver(zone, app("x"), func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"pool": "gpu"} }), map[string]int32{"b": 0}},
		{"SCH-147 without selector nobody", spreadOver(zone, nil), map[string]int32{"a": 0, "b": 0}},
		{"SCH-147 nor with an empty one", spreadOver(zone, &metav1.LabelSelector{}), map[string]int32{"a": 0, "b": 0}},
		{"hostname: by node", spreadOver(corev1.LabelHostname, app("x")), map[string]int32{"a1": 1, "nowhere": 1}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			for range 2 { // first worked out from the snapshot, then kept up
				s := w.Snapshot()
				_, groups := ask(t, s, nil, tc.ask)
				if got := byName(s, groups[0]); !maps.Equal(got, tc.want) {
					t.Errorf("got %v, want %v", got, tc.want)
				}
			}
		})
	}
}

// SCH-146: to affinity a terminating pod is there until it is gone.
func TestTerminatingPodsCountForAffinity(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("n", "x://n", labels(zone, "a")))
	w.pod(newPod("1", "n", ofApp("x"), func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: start} }))
	term := []corev1.PodAffinityTerm{{TopologyKey: zone, LabelSelector: app("x")}}
	for why, a := range map[string]*corev1.Affinity{
		"affinity":      {PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: term}},
		"anti-affinity": {PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: term}},
	} {
		s := w.Snapshot()
		_, groups := ask(t, s, nil, newPod("asking", "", func(p *corev1.Pod) { p.Spec.Affinity = a }))
		if got := byName(s, groups[0]); got["a"] != 1 {
			t.Errorf("%s: got %v", why, got)
		}
	}
}

// SCH-143: the domain of a node on its way is one that exists.
func TestDomainsOfNodesOnTheirWay(t *testing.T) {
	w := newWorld(t)
	w.claim(newClaim("c", "x://c", func(nc *v1.NodeClaim) { nc.Labels[zone] = "a" }))
	for range 2 {
		s := w.Snapshot()
		_, groups := ask(t, s, nil, spreadOver(zone, app("x")))
		if got := byName(s, groups[0]); !maps.Equal(got, map[string]int32{"a": 0}) {
			t.Errorf("got %v", got)
		}
	}
}

// SCH-166: pods that are placed anew are not counted where they are.
func TestPlacedPodsAreNotCounted(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("n", "x://n", labels(zone, "a"), func(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{Time: start} }))
	moving := w.pod(newPod("1", "n", ofApp("x")))
	w.pod(newPod("2", "n", ofApp("x")))
	s := w.Snapshot()
	_, groups := ask(t, s, []*corev1.Pod{moving}, spreadOver(zone, app("x")))
	if got := byName(s, groups[0]); got["a"] != 1 {
		t.Errorf("got %v", got)
	}
}

// SCH-163: the anti-affinity terms of bound pods keep others away.
func TestBoundAntiAffinityRepels(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("n", "x://n", labels(zone, "a")))
	w.pod(newPod("owner", "n", func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: zone, LabelSelector: app("x")}},
		}}
	}))
	s := w.Snapshot()
	pods, groups := ask(t, s, nil, newPod("selected", "", ofApp("x")), newPod("other", "", ofApp("y")))
	if len(groups) != 1 || groups[0].Kind != topology.Inverse || byName(s, groups[0])["a"] != 1 {
		t.Fatalf("got %+v", groups)
	}
	if len(pods[0].Class.Topology.Repelling) != 1 || len(pods[1].Class.Topology.Repelling) != 0 {
		t.Error("the term keeps the wrong pods away")
	}
}

// The counts kept up by events equal those worked out from scratch, whatever
// happens in whatever order.
func TestCountsAreKeptUp(t *testing.T) {
	rnd := rand.New(rand.NewSource(7))
	w := newWorld(t)
	questions := []*corev1.Pod{
		spreadOver(zone, app("x")), spreadOver(corev1.LabelHostname, app("y")),
		spreadOver(zone, app("y"), func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"pool": "gpu"} }),
	}
	for step := range 3_000 {
		randomEvent(w, rnd)
		if step%10 != 0 {
			continue
		}
		s := w.Snapshot()
		_, kept := ask(t, s, nil, questions...)
		for i, q := range questions {
			// Another skew makes another rule with the same pods, which is
			// counted from scratch.
			fresh := q.DeepCopy()
			fresh.Spec.TopologySpreadConstraints[0].MaxSkew = int32(1000 + step)
			_, scratch := ask(t, s, nil, fresh)
			if got, want := byName(s, kept[i]), byName(s, scratch[0]); !maps.Equal(got, want) {
				t.Fatalf("step %d, question %d: kept %v, from scratch %v", step, i, got, want)
			}
		}
	}
}

// What is read for another purpose, such as the capacity of a pool, takes no
// counts from those who ask for them.
func TestSnapshotsAgeNoCounts(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("n", "x://n", labels(zone, "a")))
	ask(t, w.Snapshot(), nil, spreadOver(zone, app("x")))
	for range 1_000 {
		w.Snapshot()
		ask(t, w.Snapshot(), nil, newPod("without rules", ""))
	}
	if n := w.KeptRules(); n != 1 {
		t.Errorf("%d rules are counted after rounds that asked for none, want 1", n)
	}
	ask(t, w.Snapshot(), nil, spreadOver(zone, app("y")))
	if n := w.KeptRules(); n != 2 {
		t.Errorf("%d rules are counted after one round that asked for another, want both", n)
	}
	for range 300 {
		ask(t, w.Snapshot(), nil, spreadOver(zone, app("y")))
	}
	if n := w.KeptRules(); n != 1 {
		t.Errorf("%d rules are counted after rounds that asked for another, want that one", n)
	}
}

func randomEvent(w *world, rnd *rand.Rand) {
	node := fmt.Sprintf("n%d", rnd.Intn(6))
	pod := newPod(fmt.Sprintf("p%d", rnd.Intn(20)), node, ofApp([]string{"x", "y"}[rnd.Intn(2)]))
	switch rnd.Intn(6) {
	case 0:
		w.node(newNode(node, "x://"+node, labels(zone, []string{"a", "b"}[rnd.Intn(2)], "pool", []string{"gpu", "cpu"}[rnd.Intn(2)])))
	case 1:
		w.DeleteNode(node)
	case 2:
		w.DeletePod(client.ObjectKeyFromObject(pod))
	case 3:
		pod.DeletionTimestamp = &metav1.Time{Time: start}
		w.pod(pod)
	default:
		w.pod(pod)
	}
}
