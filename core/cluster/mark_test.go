// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
)

func deletedNode(n *corev1.Node) { n.DeletionTimestamp = &metav1.Time{Time: start} }

func TestMarkedForDeletion(t *testing.T) {
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   bool
	}{
		{"LIF-045: nothing", func(w *world) { w.node(newNode("a", "id")) }, false},
		{"LIF-045: by disruption", func(w *world) { w.node(newNode("a", "id")); w.MarkForDeletion("id") }, true},
		{"LIF-045: taken back", func(w *world) {
			w.node(newNode("a", "id"))
			w.MarkForDeletion("id", "unknown")
			w.UnmarkForDeletion("id", "unknown")
		}, false},
		{"LIF-045: a deleted NodeClaim", func(w *world) { w.claim(newClaim("c", "id", deletedClaim)) }, true},
		{"LIF-045: an instance under termination", func(w *world) {
			w.claim(newClaim("c", "id", condition(v1.ConditionTypeInstanceTerminating, "True")))
		}, true},
		{"LIF-045: one that is not yet", func(w *world) {
			w.claim(newClaim("c", "id", condition(v1.ConditionTypeInstanceTerminating, "Unknown")))
		}, false},
		{"LIF-045: a deleted Node without NodeClaim", func(w *world) { w.node(newNode("a", "id", deletedNode)) }, true},
		{"LIF-045: a deleted Node with one", func(w *world) {
			w.node(newNode("a", "id", deletedNode))
			w.claim(newClaim("c", "id"))
		}, false},
		{"LIF-045: unmarking clears the mark in memory only", func(w *world) {
			w.claim(newClaim("c", "id", deletedClaim))
			w.MarkForDeletion("id")
			w.UnmarkForDeletion("id")
		}, true},
		{"LIF-018: marks survive updates", func(w *world) {
			w.node(newNode("a", "id"))
			w.MarkForDeletion("id")
			w.node(newNode("a", "id", labels("x", "y")))
			w.claim(newClaim("c", "id"))
		}, true},
		{"LIF-045: a mark goes with the node", func(w *world) {
			w.node(newNode("a", "id"))
			w.MarkForDeletion("id")
			w.DeleteNode("a")
			w.node(newNode("a", "id"))
		}, false},
		{"LIF-045: a mark comes too early", func(w *world) { w.MarkForDeletion("id"); w.node(newNode("a", "id")) }, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			tc.steps(w)
			if got := w.only().MarkedForDeletion(); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// LIF-046, SCH-239
func TestNomination(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	if w.only().Nominated(w.clock.Now()) {
		t.Error("nominated from the start")
	}
	w.Nominate("id", "unknown")
	w.clock.Step(19 * time.Second)
	if !w.only().Nominated(w.clock.Now()) {
		t.Error("the default window is shorter than 20 s")
	}
	w.Nominate("id")
	w.clock.Step(19 * time.Second)
	w.node(newNode("a", "id", labels("x", "y"))) // LIF-018
	if !w.only().Nominated(w.clock.Now()) {
		t.Error("a nomination does not restart the window, or is lost")
	}
	w.clock.Step(time.Second)
	if w.only().Nominated(w.clock.Now()) {
		t.Error("the window has no end")
	}
}

// LIF-046: whoever nominated a pod, once.
func TestNominatedPods(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	w.node(newNode("b", "other"))
	waits := newPod("p", "")
	nominated := func(node string) *corev1.Pod {
		pod := waits.DeepCopy()
		pod.Status.NominatedNodeName = node
		return pod
	}
	expect := func(why, key string, want bool) {
		t.Helper()
		if got := w.Snapshot().Node(key).Nominated(w.clock.Now()); got != want {
			t.Errorf("%s: nominated is %v", why, got)
		}
	}
	w.pod(waits)
	expect("nothing said", "id", false)
	w.pod(nominated("unknown"))
	w.pod(nominated("a"))
	expect("nominated", "id", true)
	expect("another node", "other", false)
	w.clock.Step(cluster.DefaultNominationWindow)
	w.pod(nominated("a"))
	expect("the window is over, and the pod still nominated", "id", false)
	w.pod(nominated("b"))
	expect("to another node", "other", true)
	w.pod(nominated("a"))
	expect("again", "id", true)
	w.clock.Step(cluster.DefaultNominationWindow)
	w.DeletePod(key(waits))
	w.pod(nominated("a"))
	expect("a successor", "id", true)
}

// LIF-046
func TestNominationWindow(t *testing.T) {
	for batchMax, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, time.Second: 10 * time.Second, 6 * time.Second: 12 * time.Second, time.Minute: 2 * time.Minute,
		10 * time.Second: cluster.DefaultNominationWindow,
	} {
		if got := cluster.NominationWindow(batchMax); got != want {
			t.Errorf("batches of %v: %v, want %v", batchMax, got, want)
		}
	}
}

// LIF-051: counts are replaced as a whole, and EXT-100.
func TestBufferPods(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id1"))
	w.node(newNode("b", "id2"))
	counts := func() [2]int {
		s := w.Snapshot()
		return [2]int{s.Node("id1").BufferPods(), s.Node("id2").BufferPods()}
	}
	w.SetBufferPods(map[string]int{"id1": 2, "unknown": 1})
	if got := counts(); got != [2]int{2, 0} {
		t.Errorf("got %v", got)
	}
	w.SetBufferPods(map[string]int{"id2": 3})
	if got := counts(); got != [2]int{0, 3} {
		t.Errorf("got %v", got)
	}
}

// LIF-052
func TestConsolidationState(t *testing.T) {
	pod := newPod("p", "a")
	for _, tc := range []struct {
		reason string
		event  func(*world)
		want   bool
	}{
		{"LIF-052: a new binding", func(w *world) { w.pod(newPod("new", "a")) }, true},
		{"LIF-052: a move", func(w *world) { w.pod(newPod("p", "b")) }, true},
		{"LIF-052: the deletion of a pod", func(w *world) { w.DeletePod(key(pod)) }, true},
		{"DIS-101: a pod that ends", func(w *world) { w.pod(newPod("p", "a", phase(corev1.PodSucceeded))) }, true},
		{"DIS-101: a pod that may be disrupted from now on", func(w *world) {
			w.pod(newPod("p", "a", func(p *corev1.Pod) { p.Annotations = map[string]string{v1.DoNotDisruptAnnotationKey: "true"} }))
		}, true},
		{"LIF-052: a pod that changes otherwise", func(w *world) {
			w.pod(newPod("p", "a", func(p *corev1.Pod) { p.Labels = map[string]string{"x": "y"} }))
		}, false},
		{"LIF-052: a Node appears", func(w *world) { w.node(newNode("b", "id2")) }, true},
		{"LIF-052: a NodeClaim appears beside it", func(w *world) { w.claim(newClaim("x", "id3")) }, true},
		{"LIF-052: a Node vanishes", func(w *world) { w.DeleteNode("a") }, true},
		{"LIF-052: a NodeClaim vanishes", func(w *world) { w.DeleteNodeClaim("c") }, true},
		{"LIF-052: a Node becomes initialized", func(w *world) { w.node(newNode("a", "id", initialized("pool"))) }, true},
		{"LIF-052: a heartbeat", func(w *world) { w.node(newNode("a", "id")) }, false},
		{"LIF-052: a mark", func(w *world) { w.MarkForDeletion("id") }, true},
		{"LIF-052: a deleted NodeClaim", func(w *world) { w.claim(newClaim("c", "id", deletedClaim)) }, true},
		{"LIF-052: a nomination", func(w *world) { w.Nominate("id") }, false},
		{"DIS-101: a NodeClaim becomes consolidatable", func(w *world) { w.claim(newClaim("c", "id", condition(v1.ConditionTypeConsolidatable, "True"))) }, true},
		{"LIF-052: a new NodePool", func(w *world) { w.UpdateNodePool(newPool("other", 1)) }, true},
		{"LIF-052: a new generation of one", func(w *world) { w.UpdateNodePool(newPool("pool", 2)) }, true},
		{"LIF-052: the same generation", func(w *world) { w.UpdateNodePool(newPool("pool", 1)) }, false},
		{"LIF-052: overlays", func(w *world) { w.MarkUnconsolidated() }, true},
		{"LIF-052: 5 minutes", func(w *world) { w.clock.Step(5 * time.Minute) }, true},
		{"LIF-052: less", func(w *world) { w.clock.Step(5*time.Minute - 1) }, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.UpdateNodePool(newPool("pool", 1))
			w.claim(newClaim("c", "id"))
			w.node(newNode("a", "id"))
			w.pod(pod)
			before := w.ConsolidationState()
			if w.ConsolidationState() != before {
				t.Fatal("reading changes it")
			}
			tc.event(w)
			if got := w.ConsolidationState() != before; got != tc.want {
				t.Errorf("changed: %t", got)
			}
		})
	}
}

func newPool(name string, generation int64) *v1.NodePool {
	return &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name, Generation: generation}}
}
