// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"math"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/engine/attach"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/resource"
)

func terminating(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: start} }

// LIF-030: what counts, and for how long.
func TestCountedPods(t *testing.T) {
	for _, tc := range []struct {
		reason string
		steps  func(*world)
		want   int64 // pods on node a
	}{
		{"LIF-030: a bound pod", func(w *world) { w.pod(newPod("p", "a")) }, 1},
		{"LIF-030: a pod without a node", func(w *world) { w.pod(newPod("p", "")) }, 0},
		{"LIF-030: a pod that succeeded", func(w *world) { w.pod(newPod("p", "a", phase(corev1.PodSucceeded))) }, 0},
		{"LIF-030: a pod that fails later", func(w *world) {
			w.pod(newPod("p", "a"))
			w.pod(newPod("p", "a", phase(corev1.PodFailed)))
		}, 0},
		{"LIF-030: a terminating pod", func(w *world) { w.pod(newPod("p", "a", terminating)) }, 1},
		{"LIF-030: a deleted pod", func(w *world) { w.DeletePod(key(w.pod(newPod("p", "a")))) }, 0},
		{"LIF-032: the same pod again", func(w *world) { w.pod(newPod("p", "a")); w.pod(newPod("p", "a")) }, 1},
		{"LIF-032: a name bound to another node moves", func(w *world) { w.pod(newPod("p", "a")); w.pod(newPod("p", "b")) }, 0},
		{"LIF-032: and comes back", func(w *world) {
			w.pod(newPod("p", "b"))
			w.pod(newPod("p", "a"))
		}, 1},
		{"LIF-031: pods before their node", func(w *world) {
			w.DeleteNode("a")
			w.pod(newPod("p", "a"))
			w.pod(newPod("q", "a"))
			w.node(newNode("a", "id"))
		}, 2},
		{"LIF-018: pods survive updates of both sides", func(w *world) {
			w.pod(newPod("p", "a"))
			w.claim(newClaim("c", "id"))
			w.node(newNode("a", "id", labels("x", "y")))
			w.claim(newClaim("c", "id", condition(v1.ConditionTypeDrifted, "True")))
		}, 1},
		{"LIF-013: pods survive a new key", func(w *world) {
			w.node(newNode("a", ""))
			w.pod(newPod("p", "a"))
			w.node(newNode("a", "id"))
		}, 1},
		{"LIF-011: pods come back with their Node", func(w *world) {
			w.pod(newPod("p", "a"))
			w.DeleteNode("a")
			w.node(newNode("a", "id"))
		}, 1},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.node(newNode("a", "id"))
			tc.steps(w)
			n := w.only()
			if got := n.Requests().Get(resource.Pods); got != tc.want || int64(len(n.Pods())) != tc.want {
				t.Errorf("%d pods requested and %d listed, want %d", got, len(n.Pods()), tc.want)
			}
		})
	}
}

// LIF-024, LIF-030, LIF-033
func TestSums(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	w.pod(newPod("p", "a"))
	w.pod(newPod("d", "a", owner("apps/v1", "DaemonSet")))
	w.pod(newPod("e", "a", owner("other/v1", "DaemonSet")))
	n := w.only()
	for what, got := range map[string][2]resource.Vector{
		"requests":        {n.Requests(), resource.Vector{3000, 0, 3}},
		"limits":          {n.Limits(), resource.Vector{6000}},
		"daemon requests": {n.DaemonRequests(), resource.Vector{1000, 0, 1}},
		"daemon limits":   {n.DaemonLimits(), resource.Vector{2000}},
		"available":       {n.Available(), resource.Vector{900, 7 << 30, 107}},
	} {
		if !got[0].Equal(got[1]) {
			t.Errorf("%s: got %v, want %v", what, got[0], got[1])
		}
	}
}

// LIF-024: what is available may be negative, and only for resources that the
// node lists.
func TestAvailable(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	w.pod(newPod("p", "a", func(p *corev1.Pod) {
		p.Spec.Containers[0].Resources.Requests = resources("cpu", "10", "example.com/gpu", "1")
	}))
	if got, want := w.only().Available(), (resource.Vector{-6100, 7 << 30, 109}); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEvictionCost(t *testing.T) {
	withCost := func(text string) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: text} }
	}
	withPriority := func(n int32) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.Priority = &n } }
	for _, tc := range []struct {
		reason string
		change func(*corev1.Pod)
		want   float64
		fails  bool
	}{
		{"DIS-042: an ordinary pod", func(*corev1.Pod) {}, 1, false},
		{"DIS-042: the highest deletion cost is clamped", withCost("2147483647"), 10, false},
		{"DIS-042: and the lowest", withCost("-2147483647"), -10, false},
		{"DIS-042: deletion cost is scaled", withCost("134217728"), 2, false},
		{"DIS-042: high priority is clamped", withPriority(1_000_000_000), 10, false},
		{"DIS-042: priority is scaled", withPriority(-33554432), 0, false},
		{"DIS-042: what is no number counts 0", withCost("much"), 1, true},
		{"DIS-042: nor does what is not finite", withCost("NaN"), 1, true},
		{"DIS-042: nor infinity", withCost("-Inf"), 1, true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := cluster.EvictionCost(newPod("p", "a", tc.change))
			if math.Abs(got-tc.want) > 1e-6 || (err != nil) != tc.fails {
				t.Errorf("got %v and error %v, want %v", got, err, tc.want)
			}
		})
	}
}

func TestDisruptionCost(t *testing.T) {
	cheap := func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: "-2147483647"} }
	for _, tc := range []struct {
		reason string
		pods   []func(*corev1.Pod)
		want   float64
	}{
		{"DIS-043: at least 1", nil, 1},
		{"LIF-035, DIS-043: pods add up", []func(*corev1.Pod){func(*corev1.Pod) {}, func(*corev1.Pod) {}}, 3},
		{"LIF-035, DIS-044: negative costs do not count", []func(*corev1.Pod){cheap}, 1},
		{"LIF-035: nor daemons", []func(*corev1.Pod){owner("apps/v1", "DaemonSet")}, 1},
		{"DIS-044: nor mirror pods", []func(*corev1.Pod){owner("v1", "Node")}, 1},
		{"DIS-044: nor terminating pods", []func(*corev1.Pod){terminating}, 1},
		{"DIS-044: but those of StatefulSets do", []func(*corev1.Pod){func(p *corev1.Pod) { terminating(p); owner("apps/v1", "StatefulSet")(p) }}, 2},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			w.node(newNode("a", "id"))
			for i, change := range tc.pods {
				w.pod(newPod(string(rune('p'+i)), "a", change))
			}
			if got := w.only().DisruptionCost(); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			w.node(newNode("a", "id", labels("changed", "yes")))
			w.claim(newClaim("c", "id"))
			if got := w.only().DisruptionCost(); got != tc.want { // LIF-018
				t.Errorf("after updates got %v, want %v", got, tc.want)
			}
		})
	}
}

// LIF-032, SCH-100: a pod that is seen again does not conflict with itself.
func TestHostPortsOnce(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	pod := newPod("p", "a", func(p *corev1.Pod) {
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 80}}
	})
	w.pod(pod)
	w.pod(pod)
	if got := w.only().HostPorts(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if got := w.Snapshot().Targets().Nodes[0].Ports; len(got) != 1 {
		t.Errorf("SCH-101: as a target it has %v", got)
	}
}

// target is the only node as a target for pods.
func (w *world) target() *model.Node {
	w.t.Helper()
	nodes := w.Snapshot().Targets().Nodes
	if len(nodes) != 1 {
		w.t.Fatalf("%d targets", len(nodes))
	}
	return nodes[0]
}

// SCH-131: the name by which requirements on the hostname know a node.
func TestTargetHostname(t *testing.T) {
	for hostname, labels := range map[string]map[string]string{"a": nil, "host": {corev1.LabelHostname: "host"}} {
		w := newWorld(t)
		n := newNode("a", "id")
		n.Labels = labels
		w.node(n)
		if got := w.target().Hostname; got != hostname {
			t.Errorf("got %q, want %q", got, hostname)
		}
	}
}

// LIF-037, LIF-039
func TestNodeVolumes(t *testing.T) {
	w := newWorld(t)
	w.node(newNode("a", "id"))
	shared := attach.Attachment{Driver: "d", Claim: "default/shared"}
	p := w.pod(newPod("p", "a"), shared)
	w.pod(newPod("q", "a"), shared, attach.Attachment{Driver: "d", Claim: "default/own"})
	if got := len(w.only().Volumes()["d"]); got != 2 {
		t.Errorf("%d claims, want 2", got)
	}
	w.DeletePod(key(p))
	if got := len(w.only().Volumes()["d"]); got != 2 {
		t.Errorf("a shared claim went with the first of its pods: %d claims", got)
	}
	if got := w.target(); len(got.Attached["d"]) != 2 || got.AttachLimits != nil {
		t.Errorf("SCH-089: as a target without a CSINode: %v of %v", got.Attached, got.AttachLimits)
	}
	count := int32(2)
	w.UpdateCSINode(&storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Spec: storagev1.CSINodeSpec{
		Drivers: []storagev1.CSINodeDriver{{Name: "d", Allocatable: &storagev1.VolumeNodeResources{Count: &count}}},
	}})
	n := w.only()
	if driver, exceeded := n.VolumeLimits().Exceeded(n.Volumes(), []attach.Attachment{{Driver: "d", Claim: "default/third"}}); !exceeded {
		t.Errorf("a third claim of %q is admitted", driver)
	}
	if got := w.target(); got.AttachLimits["d"] != 2 || len(got.Attached["d"]) != 2 {
		t.Errorf("SCH-089: as a target with a CSINode: %v of %v", got.Attached, got.AttachLimits)
	}
	w.DeleteCSINode("a")
	if n := w.only(); len(n.VolumeLimits()) != 0 {
		t.Error("limits outlive the CSINode")
	}
}
