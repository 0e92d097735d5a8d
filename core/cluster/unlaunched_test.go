// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/fake"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/hostport"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

var waiting = types.NamespacedName{Namespace: "default", Name: "waiting"}

// LIF-069, SCH-236: the pods of a NodeClaim wait for it until it is launched or
// gone.
func TestAwaiting(t *testing.T) {
	for _, tc := range []struct {
		reason string
		event  func(*world)
		want   bool
	}{
		{"LIF-069: until then", func(*world) {}, true},
		{"LIF-069: the watch shows it", func(w *world) { w.claim(newClaim("c", "")) }, true},
		{"LIF-069: as long as a launch may take", func(w *world) { w.clock.Step(cloudprovider.DefaultLaunchTimeout) }, true},
		{"LIF-069: not for ever: its launch should have timed out long ago", func(w *world) { w.clock.Step(2 * cloudprovider.DefaultLaunchTimeout) }, false},
		{"LIF-069: launched", func(w *world) { w.claim(newClaim("c", "id")) }, false},
		{"LIF-069: deleted", func(w *world) { w.claim(newClaim("c", "", deletedClaim)) }, false},
		{"LIF-069: gone", func(w *world) { w.DeleteNodeClaim("c") }, false},
		{"LIF-016: it never existed", func(w *world) { w.DropUnlaunched("c") }, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("c", ""), Pods: []types.NamespacedName{waiting}})
			tc.event(w)
			s := w.Snapshot()
			if name, ok := s.Awaiting(waiting); ok != tc.want || ok && name != "c" {
				t.Errorf("awaiting %q, %t", name, ok)
			}
			if _, ok := s.Awaiting(types.NamespacedName{Namespace: "default", Name: "other"}); ok {
				t.Error("another pod waits too")
			}
		})
	}
}

// LIF-009, LIF-069: as long as a launch may take is what the provider says.
func TestAwaitingSlowLaunches(t *testing.T) {
	w := newWorld(t, func(o *cluster.Options) { o.LaunchTimeout = 2 * cloudprovider.DefaultLaunchTimeout })
	w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("c", ""), Pods: []types.NamespacedName{waiting}})
	w.claim(newClaim("inherited", ""))
	w.clock.Step(2*cloudprovider.DefaultLaunchTimeout - time.Second)
	if !w.Unlaunched()[1].Inherited(w.clock.Now()) {
		t.Error("it counts no longer, and its launch may still succeed")
	}
	w.clock.Step(2 * cloudprovider.DefaultLaunchTimeout)
	if _, ok := w.Snapshot().Awaiting(waiting); !ok {
		t.Error("the pod waits no longer, and its NodeClaim has just timed out")
	}
	w.clock.Step(time.Second)
	if _, ok := w.Snapshot().Awaiting(waiting); ok {
		t.Error("the pod waits for ever")
	}
}

// SCH-236: the watch may be faster than the insert.
func TestInsertAfterWatch(t *testing.T) {
	w := newWorld(t)
	seen := w.claim(newClaim("c", ""))
	if !w.Unlaunched()[0].Inherited(w.clock.Now()) {
		t.Error("a NodeClaim that nobody inserted is not inherited")
	}
	w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: seen, Pods: []types.NamespacedName{waiting}})
	if w.Unlaunched()[0].Inherited(w.clock.Now()) {
		t.Error("an inserted NodeClaim is inherited")
	}
	if _, ok := w.Snapshot().Awaiting(waiting); !ok {
		t.Error("the pod does not wait")
	}
}

// LIF-016: entries with a provider ID are left alone.
func TestDropUnlaunched(t *testing.T) {
	w := newWorld(t)
	w.claim(newClaim("c", "id"))
	w.DropUnlaunched("c")
	w.only()
}

// LIF-069: a placeholder is no state node and counts against the limits with its
// requests, or with what its node may have, and one node.
func TestPlaceholderUsage(t *testing.T) {
	for _, tc := range []struct {
		reason  string
		created cluster.CreatedNodeClaim
		want    resource.Vector
	}{
		{"LIF-069: requests and one node", cluster.CreatedNodeClaim{NodeClaim: newClaim("c", "")},
			resource.Vector{1000, 0, 2, 0, 1}},
		{"LIF-069: the most it may turn out with", cluster.CreatedNodeClaim{NodeClaim: newClaim("c", ""), Capacity: resource.Vector{96000, 8 << 30}},
			resource.Vector{96000, 8 << 30, 2, 0, 1}},
		{"LIF-069: nothing once it is on its way out", cluster.CreatedNodeClaim{NodeClaim: newClaim("c", "", deletedClaim)}, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.InsertNodeClaim(tc.created)
			s := w.Snapshot()
			if got := s.Usage("pool"); !got.Equal(tc.want) {
				t.Errorf("usage %v, want %v", got, tc.want)
			}
			if got := s.Capacity("pool"); !got.Zero() {
				t.Errorf("LIF-210: it counts as a node: %v", got)
			}
			if len(s.Nodes()) != 0 || len(s.Targets().Nodes) != 0 {
				t.Error("it is a state node or a target")
			}
		})
	}
	t.Run("LIF-069: its node counts instead once it is launched", func(t *testing.T) {
		w := newWorld(t)
		w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("c", ""), Capacity: resource.Vector{96000}})
		w.claim(newClaim("c", "id"))
		if got := w.Snapshot().Usage("pool").Get(resource.CPU); got != 4000 {
			t.Errorf("cpu %d", got)
		}
	})
}

// An inherited NodeClaim holds the pods that it was created for, and no more, so
// that a restart launches nothing twice and nobody has to wait.
func TestInheritedTargets(t *testing.T) {
	inherited := newClaim("c", "", func(nc *v1.NodeClaim) {
		nc.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
			{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"b", "a"}},
		}
		nc.Spec.Taints = []corev1.Taint{{Key: "team", Effect: corev1.TaintEffectNoSchedule}}
	})
	pod := func(name string, change ...func(*corev1.Pod)) *corev1.Pod {
		return newPod(name, "", append(change, func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests = resources("cpu", "500m")
			p.Spec.Tolerations = []corev1.Toleration{{Key: "team", Operator: corev1.TolerationOpExists}}
		})...)
	}
	in := func(zones ...string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
					{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: zones},
				}}},
			}}}
		}
	}
	w := newWorld(t)
	w.claim(inherited)
	s := w.Snapshot()
	targets := s.Targets()
	if len(targets.Nodes) != 1 || targets.At(0).Unlaunched == nil || targets.At(0).StateNode != nil {
		t.Fatalf("targets: %+v", targets)
	}
	var pods []model.Pod
	for _, p := range []*corev1.Pod{pod("first", in("a", "b")), pod("second"), pod("third")} {
		compiled, err := s.Compiler().Pod(p, intake.Volumes{})
		if err != nil {
			t.Fatal(err)
		}
		pods = append(pods, compiled)
	}
	plan := place.Solve(place.Input{Pods: pods, Snapshot: &model.Snapshot{
		Vocabulary: s.Compiler().Vocabulary(), Names: s.Compiler().Names(), Nodes: targets.Nodes,
	}})
	if len(plan.Placements) != 2 || len(plan.Unplaced) != 1 {
		t.Errorf("%d pods wait and %d do not, want 2 and 1", len(plan.Placements), len(plan.Unplaced))
	}
	w.clock.Step(cloudprovider.DefaultLaunchTimeout)
	if n := len(w.Snapshot().Targets().Nodes); n != 0 {
		t.Error("it is waited for without an end")
	}
}

// SCH-211: reservations are held from the creation of a NodeClaim to its launch.
func TestHeldReservations(t *testing.T) {
	bound := func(nc *v1.NodeClaim) {
		nc.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
			{Key: fake.LabelReservationID, Operator: corev1.NodeSelectorOpIn, Values: []string{"r", "s"}},
		}
	}
	for _, tc := range []struct {
		reason string
		event  func(*world)
		want   int
	}{
		{"SCH-211: until then", func(*world) {}, 2},
		{"SCH-211: launched, so that the provider counts", func(w *world) { w.claim(newClaim("c", "id", bound)) }, 0},
		{"SCH-211: on its way out", func(w *world) { w.claim(newClaim("c", "", bound, deletedClaim)) }, 0},
		{"SCH-211: gone", func(w *world) { w.DeleteNodeClaim("c") }, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t, func(o *cluster.Options) {
				o.Compiler = intake.New(intake.Options{Vocabulary: fake.Vocabulary(), Reservations: true})
			})
			w.InsertNodeClaim(cluster.CreatedNodeClaim{NodeClaim: newClaim("c", "", bound)})
			tc.event(w)
			if got := w.Snapshot().Held(); len(got) != tc.want {
				t.Errorf("held: %v", got)
			}
		})
	}
}

// LIF-069: what its pods do not use, because the scheduler bound them to nodes
// that were meant for others, is there for others.
func TestRoomOfAnUnlaunchedNodeClaim(t *testing.T) {
	other := func(change ...func(*corev1.PodSpec)) *corev1.Pod {
		return newPod("other", "", func(p *corev1.Pod) {
			for _, f := range change {
				f(&p.Spec)
			}
		})
	}
	onZone := func(spec *corev1.PodSpec) { spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: "a"} }
	onArch := func(spec *corev1.PodSpec) { spec.NodeSelector = map[string]string{corev1.LabelArchStable: "arm64"} }
	withPort := func(spec *corev1.PodSpec) { spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 80}} }
	larger := func(spec *corev1.PodSpec) { spec.Containers[0].Resources.Requests = resources("cpu", "1100m") }
	elsewhere := func(w *world) { w.pod(newPod("waiting", "n")) }
	arm64 := []v1.NodeSelectorRequirementWithMinValues{
		{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"a", "b"}},
		{Key: corev1.LabelArchStable, Operator: corev1.NodeSelectorOpIn, Values: []string{"arm64"}},
	}
	for _, tc := range []struct {
		reason string
		event  func(*world)
		pod    *corev1.Pod
		want   bool
	}{
		{"its pods wait for it", func(*world) {}, other(), false},
		{"its pod has another node", elsewhere, other(), true},
		{"no more than its pod would have taken", elsewhere, other(larger), false},
		{"its pod is gone, and has a successor", func(w *world) { w.DeletePod(waiting) }, other(), true},
		{"no more than the pod that is gone would have taken", func(w *world) { w.DeletePod(waiting) }, other(larger), false},
		{"a pod of its pod's name is there again", func(w *world) { w.DeletePod(waiting); w.pod(newPod("waiting", "")) }, other(), false},
		{"its pod is gone, and the watch shows the NodeClaim anew", func(w *world) {
			w.DeletePod(waiting)
			w.claim(newClaim("c", "", func(nc *v1.NodeClaim) { nc.Spec.Requirements = arm64 }))
		}, other(), true},
		{"another pod is gone", func(w *world) { w.DeletePod(types.NamespacedName{Namespace: "default", Name: "x"}) }, other(), false},
		{"a label that is settled", elsewhere, other(onArch), true},
		{"a label that is open", elsewhere, other(onZone), false},
		{"a host port of one of its pods", elsewhere, other(withPort), false},
		{"its pod's node is on its way out", func(w *world) { elsewhere(w); w.MarkForDeletion("n") }, other(), false},
		{"it is on its way out", func(w *world) { elsewhere(w); w.claim(newClaim("c", "", deletedClaim)) }, other(), false},
		{"its launch takes time", func(w *world) { elsewhere(w); w.clock.Step(30 * time.Second) }, other(), true},
		{"its launch takes too long", func(w *world) { elsewhere(w); w.clock.Step(time.Minute) }, other(), false},
		{"its launch has failed", func(w *world) {
			elsewhere(w)
			w.claim(newClaim("c", "", condition(v1.ConditionTypeLaunched, metav1.ConditionUnknown)))
		}, other(), false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.node(newNode("n", "n", func(n *corev1.Node) { n.Status.Allocatable = resources("cpu", "1", "pods", "1") }))
			w.InsertNodeClaim(cluster.CreatedNodeClaim{
				NodeClaim: newClaim("c", "", func(nc *v1.NodeClaim) { nc.Spec.Requirements = arm64 }),
				Pods:      []types.NamespacedName{waiting},
				Requests:  []resource.Vector{{1000, 0, 1}},
				HostPorts: hostport.Ports{{IP: "0.0.0.0", Number: 80, Protocol: "TCP"}},
			})
			w.pod(newPod("fills-the-node", "n"))
			tc.event(w)
			s := w.Snapshot()
			compiled, err := s.Compiler().Pod(tc.pod, intake.Volumes{})
			if err != nil {
				t.Fatal(err)
			}
			plan := place.Solve(place.Input{Pods: []model.Pod{compiled}, Snapshot: &model.Snapshot{
				Vocabulary: s.Compiler().Vocabulary(), Names: s.Compiler().Names(), Nodes: s.Targets().Nodes,
			}})
			if got := len(plan.Placements) == 1; got != tc.want {
				t.Errorf("there is room: %t, want %t; unplaced: %v", got, tc.want, plan.Unplaced)
			}
		})
	}
}
