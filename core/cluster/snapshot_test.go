// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

// LIF-061: later updates do not alter a snapshot.
func TestSnapshotStays(t *testing.T) {
	w := newWorld(t)
	w.claim(newClaim("c", "id"))
	w.node(newNode("a", "id", initialized("pool")))
	w.pod(newPod("p", "a"))
	w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("d", "")})
	s := w.Snapshot()
	n := s.Nodes()[0]
	check := func(when string) {
		t.Helper()
		if len(s.Nodes()) != 1 || s.Nodes()[0] != n || s.Node("id") != n {
			t.Fatalf("%s: the nodes differ", when)
		}
		if len(n.Pods()) != 1 || n.Requests().Get(resource.CPU) != 1000 || n.MarkedForDeletion() || n.Nominated(start) || n.Node() == nil {
			t.Errorf("%s: the state node differs", when)
		}
		if len(s.Targets().Nodes) != 1 || s.Targets().Nodes[0].Free.Get(resource.CPU) != 2900 {
			t.Errorf("%s: the targets differ: %v", when, s.Targets().Nodes)
		}
		if s.Capacity("pool").Get(resource.Nodes) != 1 || s.Usage("pool").Get(resource.Nodes) != 2 || len(s.Unlaunched()) != 1 {
			t.Errorf("%s: the sums differ", when)
		}
	}
	check("at once")
	w.pod(newPod("q", "a"))
	w.Nominate("id")
	w.MarkForDeletion("id")
	w.node(newNode("b", "id2", initialized("pool")))
	w.claim(newClaim("d", "id3"))
	w.DeleteNode("a")
	w.DeleteNodeClaim("c")
	check("later")
	if got := w.Snapshot(); got.Node("id") != nil || len(got.Nodes()) != 2 {
		t.Error("a later snapshot is as the first")
	}
}

// SCH-022, SCH-132, SCH-134: initialized nodes first, then by name; those marked
// for deletion are left out.
func TestTargets(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("b", "id-b"))
	w.claim(newClaim("a", "id-a"))
	w.node(newNode("d", "id-d", initialized("pool")))
	w.node(newNode("c", "id-c"))
	w.claim(newClaim("inherited", ""))
	w.claim(newClaim("z", "id-z"))
	w.MarkForDeletion("id-c")
	targets := w.Snapshot().Targets()
	var names []string
	for i, n := range targets.Nodes {
		names = append(names, n.Name)
		if at := targets.At(i).StateNode; at != nil && at.Name() != n.Name {
			t.Errorf("target %d is %q and %q", i, n.Name, at.Name())
		}
	}
	if diff := cmp.Diff([]string{"b", "d", "a", "inherited", "z"}, names); diff != "" {
		t.Error(diff)
	}
	if !slices.IsSortedFunc(targets.Nodes, model.CompareNodes) {
		t.Error("not in the order of the engine")
	}
	without, missing := targets.Without("id-d", "id-z", "id-c", "unknown")
	if got := slices.Collect(without.All()); !slices.Equal(got, []int{1, 4}) || !slices.Equal(missing, []string{"id-c", "unknown"}) {
		t.Errorf("without %v, missing %v", got, missing)
	}
}

func daemonSet(change ...func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
	set := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "daemon", UID: "DaemonSet"},
		Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Requests: resources("cpu", "100m")},
		}}}}},
	}
	for _, f := range change {
		f(set)
	}
	return set
}

// SCH-101: the ports of daemons are taken before they run, on nodes and on those on
// their way.
func TestPortsOfDaemonsToCome(t *testing.T) {
	for reason, steps := range map[string]func(*world){
		"a node":       func(w *world) { w.node(newNode("a", "id")) },
		"on its way":   func(w *world) { w.claim(newClaim("c", "id")) },
		"daemons late": func(w *world) { w.node(newNode("a", "id")); w.Snapshot().Targets() },
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			steps(w)
			w.UpdateDaemonSet(daemonSet(func(set *appsv1.DaemonSet) {
				set.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 90}}
			}))
			if got := w.Snapshot().Targets().Nodes[0].Ports; len(got) != 1 || got[0].Number != 90 {
				t.Errorf("got %v", got)
			}
		})
	}
}

// SCH-126, SCH-130, LIF-020: what is free, with daemons that are still to come.
func TestFree(t *testing.T) {
	daemonPod := func(cpu string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			owner("apps/v1", "DaemonSet")(p)
			p.Spec.Containers[0].Resources.Requests = resources("cpu", cpu)
		}
	}
	onlyInitialized := func(set *appsv1.DaemonSet) {
		set.Spec.Template.Spec.NodeSelector = map[string]string{v1.NodeInitializedLabelKey: "true"}
	}
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   int64 // milli-CPU
	}{
		{"SCH-130: allocatable less requests", func(w *world) { w.node(newNode("a", "id")); w.pod(newPod("p", "a")) }, 2900},
		{"SCH-130: the NodeClaim's before there is a Node", func(w *world) { w.claim(newClaim("c", "id")) }, 3500},
		{"SCH-126: less daemons to come", func(w *world) { w.node(newNode("a", "id")); w.UpdateDaemonSet(daemonSet()) }, 3800},
		{"SCH-126: once they are there they are pods", func(w *world) {
			w.node(newNode("a", "id"))
			w.UpdateDaemonSet(daemonSet())
			w.pod(newPod("d", "a", daemonPod("100m")))
		}, 3800},
		{"SCH-126: one that takes more than expected", func(w *world) {
			w.node(newNode("a", "id"))
			w.UpdateDaemonSet(daemonSet())
			w.pod(newPod("d", "a", daemonPod("1")))
		}, 2900},
		{"SCH-126: one that goes is to come again", func(w *world) {
			w.node(newNode("a", "id"))
			w.UpdateDaemonSet(daemonSet())
			w.DeletePod(key(w.pod(newPod("d", "a", daemonPod("100m")))))
		}, 3800},
		{"SCH-126: no DaemonSet, no overhead", func(w *world) {
			w.node(newNode("a", "id"))
			set := daemonSet()
			w.UpdateDaemonSet(set)
			w.DeleteDaemonSet(namespaced(set))
		}, 3900},
		{"SCH-126: starting nodes are assumed to be initialized", func(w *world) {
			w.claim(newClaim("c", "id"))
			w.UpdateDaemonSet(daemonSet(onlyInitialized))
		}, 3400},
		{"SCH-126: unmanaged ones are not", func(w *world) {
			w.node(newNode("a", "id"))
			w.UpdateDaemonSet(daemonSet(onlyInitialized))
		}, 3900},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			free := func() int64 { return w.Snapshot().Targets().Nodes[0].Free.Get(resource.CPU) }
			if got := free(); got != tc.want {
				t.Errorf("free %d, want %d", got, tc.want)
			}
		})
	}
}

// SCH-126: what was compiled before the daemons changed is not believed.
func TestDaemonsChange(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	before := w.Snapshot()
	w.UpdateDaemonSet(daemonSet())
	after := w.Snapshot()
	for _, step := range []struct {
		s    *cluster.Snapshot
		want int64
	}{{before, 3900}, {after, 3800}} {
		if got := step.s.Targets().Nodes[0].Free.Get(resource.CPU); got != step.want {
			t.Errorf("free %d, want %d", got, step.want)
		}
	}
}

// SCH-130: what was compiled before a pod came is not believed either.
func TestPodsChangeTargets(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	for i, want := range []int64{3900, 2900, 1900} {
		if i > 0 {
			w.pod(newPod(string(rune('p'+i)), "a"))
		}
		if got := w.Snapshot().Targets().Nodes[0].Free.Get(resource.CPU); got != want {
			t.Errorf("free %d with %d pods, want %d", got, i, want)
		}
	}
}

// LIF-060: a heartbeat leaves everything that was worked out as it is.
func TestHeartbeat(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	first := w.Snapshot()
	target := first.Targets().Nodes[0]
	beat := w.node(newNode("a", "id", func(n *corev1.Node) {
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	}))
	second := w.Snapshot()
	if second.Targets().Nodes[0] != target {
		t.Error("the node was compiled again")
	}
	if got := second.Nodes()[0].Node(); got.ResourceVersion != beat.ResourceVersion {
		t.Error("the newer object is not kept")
	}
	if first.ConsolidationState != second.ConsolidationState {
		t.Error("the heartbeat counts as a change")
	}
}

// LIF-050
func TestAntiAffinity(t *testing.T) {
	terms := []corev1.PodAffinityTerm{{TopologyKey: corev1.LabelHostname}}
	required := func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
	}
	preferred := func(p *corev1.Pod) {
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{PodAffinityTerm: terms[0]}},
		}}
	}
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   []string
	}{
		{"LIF-050: pods on a Node", func(w *world) { w.node(newNode("a", "id")); w.pod(newPod("p", "a", required)) }, []string{"p on a"}},
		{"LIF-050: in any order", func(w *world) { w.pod(newPod("p", "a", required)); w.node(newNode("a", "id")) }, []string{"p on a"}},
		{"LIF-050: no Node, no pods", func(w *world) { w.pod(newPod("p", "a", required)); w.claim(newClaim("a", "id")) }, nil},
		{"LIF-050: preferred terms do not count", func(w *world) { w.node(newNode("a", "id")); w.pod(newPod("p", "a", preferred)) }, nil},
		{"LIF-050: until deletion", func(w *world) {
			w.node(newNode("a", "id"))
			w.DeletePod(key(w.pod(newPod("p", "a", required))))
		}, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			var got []string
			for p, n := range w.Snapshot().AntiAffinityPods() {
				got = append(got, p.Name+" on "+n.Name())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The vocabulary begins anew when nodes that are gone make up most of it, and
// what is compiled then is consistent with the new one.
func TestGenerations(t *testing.T) {
	w := newWorld(t)
	first := w.Snapshot().Compiler()
	for i := range 60_000 {
		first.NodeLabels(map[string]string{"serial": string(rune(i + 0x10000))})
	}
	w.node(newNode("a", "id", labels("serial", "kept")))
	s := w.Snapshot()
	if s.Compiler() == first {
		t.Fatal("no new generation")
	}
	v := s.Compiler().Vocabulary()
	k := v.Key("serial")
	if value, ok := s.Targets().Nodes[0].Labels.Get(k); !ok || v.ValueName(k, value) != "kept" {
		t.Error("the node is not compiled in the new generation")
	}
	if w.Snapshot().Compiler() != s.Compiler() {
		t.Error("a generation does not last")
	}
}
