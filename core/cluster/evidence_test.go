// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/engine/resource"
	"karpenter.sh/core/intake"
)

// ready is a node of type m in the pool and its NodeClaim, initialized at start.
func (w *world) ready(name string, change ...func(*corev1.Node)) {
	w.claim(newClaim(name, name, since(v1.ConditionTypeRegistered, start), since(v1.ConditionTypeInitialized, start)))
	w.node(newNode(name, name, append([]func(*corev1.Node){initialized("pool")}, change...)...))
}

// outlive has a daemon that got 2 CPUs from a LimitRange run on a node, and then
// something change.
func (w *world) outlive(change func()) {
	frugal := func(s *appsv1.DaemonSet) {
		s.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{}
	}
	w.UpdateLimitRange(limitRange("2", 0))
	w.UpdateDaemonSet(daemonSet(frugal))
	w.ready("a")
	w.pod(changed(daemonPod("d", 1), func(p *corev1.Pod) {
		p.Spec.NodeName, p.Spec.Containers[0].Resources.Requests = "a", resources("cpu", "2")
		p.Annotations = map[string]string{"kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container main"}
	}))
	w.clock.Step(time.Minute)
	change()
}

func (w *world) vanish(name string) {
	w.DeleteNodeClaim(name)
	w.DeleteNode(name)
}

func tainted(key string) func(*corev1.Node) {
	return func(n *corev1.Node) {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule})
	}
}

func offers(pairs ...string) func(*corev1.Node) {
	return func(n *corev1.Node) {
		for k, q := range resources(pairs...) {
			n.Status.Allocatable[k] = q
		}
	}
}

func attaches(n int32) *storagev1.CSINode {
	return &storagev1.CSINode{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Spec: storagev1.CSINodeSpec{Drivers: []storagev1.CSINodeDriver{{
		Name: "d", Allocatable: &storagev1.VolumeNodeResources{Count: &n},
	}}}}
}

// SCH-300: what nodes say of their instance type. The NodeClaims of these tests
// promise 3500m CPU, 6Gi and two devices.
func TestEvidence(t *testing.T) {
	gpu := func(o intake.Observation, w *world) int64 {
		return o.Offered.Get(w.Snapshot().Compiler().Names().Intern("example.com/gpu"))
	}
	cpu := func(o intake.Observation, _ *world) int64 { return o.Offered.Get(resource.CPU) }
	taints := func(o intake.Observation, _ *world) int64 { return int64(len(o.Taints)) }
	daemons := func(o intake.Observation, _ *world) int64 { return o.Daemons.Get(resource.CPU) }
	limit := func(o intake.Observation, _ *world) int64 { return int64(o.Attach["d"]) }
	recent := func(o intake.Observation, _ *world) int64 {
		if o.Recent {
			return 1
		}
		return 0
	}
	daemon, static := owner("apps/v1", "DaemonSet"), owner("v1", "Node")
	for _, tc := range []struct {
		why    string
		events func(*world)
		of     func(intake.Observation, *world) int64
		want   int64 // -1: nothing is said
	}{
		{"a node offers what it offers", func(w *world) { w.ready("a", offers("cpu", "3")) }, cpu, 3000},
		{"the best of several counts", func(w *world) { w.ready("a", offers("cpu", "3")); w.ready("b", offers("cpu", "3200m")) }, cpu, 3200},
		{"the last one that is gone counts", func(w *world) { w.ready("a", offers("cpu", "3")); w.vanish("a") }, cpu, 3000},
		{"one that is there counts instead", func(w *world) {
			w.ready("a", offers("cpu", "3"))
			w.vanish("a")
			w.ready("b", offers("cpu", "2"))
		}, cpu, 2000},
		{"not for ever", func(w *world) { w.ready("a", offers("cpu", "3")); w.vanish("a"); w.clock.Step(7 * time.Hour) }, cpu, -1},
		{"one that is not ready says nothing", func(w *world) {
			w.claim(newClaim("a", "a", since(v1.ConditionTypeRegistered, start)))
			w.node(newNode("a", "a", registered(), labels(v1.NodePoolLabelKey, "pool", corev1.LabelInstanceTypeStable, "m")))
		}, cpu, -1},
		{"one that is overdue is what it says itself", func(w *world) {
			w.claim(newClaim("a", "a", since(v1.ConditionTypeRegistered, start)))
			w.node(newNode("a", "a", registered(), labels(v1.NodePoolLabelKey, "pool", corev1.LabelInstanceTypeStable, "m")))
			w.clock.Step(10 * time.Minute)
		}, gpu, 0},
		{"that a device is missing is believed for an hour", func(w *world) { w.ready("a"); w.clock.Step(time.Hour) }, gpu, 2},
		{"a node of its own says nothing", func(w *world) { w.node(newNode("a", "a", initialized("pool"))) }, cpu, -1},
		{"taints of idle nodes", func(w *world) {
			w.ready("a", tainted("late"))
			w.ready("b", tainted("late"))
			w.clock.Step(time.Minute)
		}, taints, 1},
		{"not of one alone: somebody may have tainted it by hand", func(w *world) { w.ready("a", tainted("late")); w.clock.Step(time.Minute) }, taints, 0},
		{"not of nodes that pods ran on before", func(w *world) {
			w.ready("a", tainted("late"))
			w.ready("b", tainted("late"))
			w.pod(newPod("p", "a"))
			w.clock.Step(2 * time.Minute)
			w.DeletePod(key(newPod("p", "a")))
		}, taints, 0},
		{"not before all may be there", func(w *world) { w.ready("a", tainted("late")); w.ready("b", tainted("late")) }, taints, 0},
		{"not those of its state", func(w *world) { w.ready("a", tainted("node.kubernetes.io/disk-pressure")); w.clock.Step(time.Minute) }, taints, 0},
		{"not of a node that pods use", func(w *world) {
			w.ready("a", tainted("late"))
			w.pod(newPod("p", "a"))
			w.clock.Step(time.Minute)
		}, taints, 0},
		{"not if another node does not have them", func(w *world) {
			w.ready("a", tainted("late"))
			w.ready("b")
			w.clock.Step(time.Minute)
		}, taints, 0},
		{"not after an hour", func(w *world) { w.ready("a", tainted("late")); w.clock.Step(time.Hour) }, taints, 0},
		{"daemons and static pods take room", func(w *world) {
			w.ready("a")
			w.pod(newPod("d", "a", daemon))
			w.pod(newPod("s", "a", static))
			w.pod(newPod("p", "a"))
			w.clock.Step(time.Minute)
		}, daemons, 2000},
		{"the least of several counts", func(w *world) {
			w.ready("a")
			w.ready("b")
			w.pod(newPod("d", "a", daemon))
			w.clock.Step(time.Minute)
		}, daemons, 0},
		{"those of a node that went count", func(w *world) {
			w.ready("a")
			w.pod(newPod("d", "a", daemon))
			w.clock.Step(time.Minute)
			w.vanish("a")
		}, daemons, 1000},
		{"what LimitRanges gave and would give again counts", func(w *world) {
			w.outlive(func() {})
		}, daemons, 2000},
		{"not what they would not give to those to come", func(w *world) {
			w.outlive(func() { w.DeleteLimitRange(namespaced(limitRange("2", 0))) })
		}, daemons, 0},
		{"also of a node that went", func(w *world) {
			w.outlive(func() { w.DeleteLimitRange(namespaced(limitRange("2", 0))); w.vanish("a") })
		}, daemons, 0},
		{"limits of drivers", func(w *world) { w.ready("a"); w.UpdateCSINode(attaches(2)) }, limit, 2},
		{"a node that went says them", func(w *world) { w.ready("a"); w.UpdateCSINode(attaches(2)); w.vanish("a") }, limit, 2},
		{"young nodes speak for others", func(w *world) { w.ready("a") }, recent, 1},
		{"old ones do not", func(w *world) { w.ready("a"); w.clock.Step(time.Hour) }, recent, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			tc.events(w)
			o, said := w.Snapshot().Evidence("pool")["m"]
			got := int64(-1)
			if said {
				got = tc.of(o, w)
			}
			if got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
			if len(w.Snapshot().Evidence("other")) > 0 {
				t.Error("another pool is concerned")
			}
		})
	}
}

func disrupted(p *corev1.Pod) {
	p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler})
}

func deleting(p *corev1.Pod) {
	grace := int64(0)
	p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &metav1.Time{Time: start.Add(time.Second)}, &grace
}

// SCH-301: which nodes were of use.
func TestServed(t *testing.T) {
	for _, tc := range []struct {
		why    string
		change []func(*corev1.Pod)
		after  time.Duration
		event  func(*world)
		want   bool
	}{
		{"a pod is there", nil, time.Hour, func(*world) {}, false},
		{"a pod went after a minute", nil, time.Minute, func(w *world) { w.DeletePod(key(newPod("p", "a"))) }, true},
		{"a pod went sooner, and had not run", []func(*corev1.Pod){phase(corev1.PodPending)}, time.Second, func(w *world) { w.DeletePod(key(newPod("p", "a"))) }, false},
		{"a pod ran until its owner wanted it no more", nil, time.Second, func(w *world) { w.DeletePod(key(newPod("p", "a"))) }, true},
		{"such a pod failed as it was stopped", nil, time.Second, func(w *world) { w.pod(newPod("p", "a", phase(corev1.PodFailed), deleting)) }, true},
		{"a pod ran and was preempted", nil, time.Second, func(w *world) {
			w.pod(newPod("p", "a", disrupted))
			w.DeletePod(key(newPod("p", "a")))
		}, false},
		{"a pod ran to its end", nil, time.Second, func(w *world) { w.pod(newPod("p", "a", phase(corev1.PodSucceeded))) }, true},
		{"a pod failed", nil, time.Second, func(w *world) { w.pod(newPod("p", "a", phase(corev1.PodFailed))) }, false},
		{"the node went under a pod that ran", nil, time.Second, func(w *world) { w.vanish("a") }, false},
		{"the node went with its pod", nil, time.Minute, func(w *world) { w.vanish("a") }, true},
		{"a pod was told to go at once, and took its time", []func(*corev1.Pod){func(p *corev1.Pod) {
			grace := int64(600)
			p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &metav1.Time{Time: start.Add(10*time.Minute + time.Second)}, &grace
			disrupted(p)
		}}, 10 * time.Minute, func(w *world) { w.DeletePod(key(newPod("p", "a"))) }, false},
		{"a daemon", []func(*corev1.Pod){owner("apps/v1", "DaemonSet")}, time.Hour, func(w *world) { w.vanish("a") }, false},
		{"disruption gave the node up under its pod", nil, time.Second, func(w *world) { w.MarkForDeletion("a"); w.vanish("a") }, true},
		{"disruption gave the node up under a pod that somebody had put off", []func(*corev1.Pod){owner("apps/v1", "StatefulSet"), disrupted, deleting}, time.Second, func(w *world) {
			w.MarkForDeletion("a")
		}, false},
		{"disruption gave the node up under a pod that costs nothing to move", []func(*corev1.Pod){func(p *corev1.Pod) {
			p.Annotations = map[string]string{corev1.PodDeletionCost: "-2147483647"}
		}}, time.Second, func(w *world) { w.MarkForDeletion("a") }, false},
		{"disruption gave the node up under a daemon", []func(*corev1.Pod){owner("apps/v1", "DaemonSet")}, time.Second, func(w *world) {
			w.MarkForDeletion("a")
		}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			w := newWorld(t)
			w.ready("a")
			w.pod(newPod("p", "a", tc.change...))
			w.clock.Step(tc.after)
			tc.event(w)
			if got := w.Served("a"); got != tc.want {
				t.Errorf("of use: %v", got)
			}
		})
	}
}
