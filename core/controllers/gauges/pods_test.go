// SPDX-License-Identifier: Apache-2.0

package gauges_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster"
)

// OPS-128, OPS-084
func TestPodState(t *testing.T) {
	const state, unbound = "karpenter_pods_state", `{arch="",capacity_type="",instance_type="",managed="false",name="a",namespace="default",node="",nodepool="",owner="`
	w := newWorld(t)
	w.pod(newPod("a", ""))
	w.expect(state, unbound+`",phase="Pending",ready="false",scheduled="false",zone=""} 1`)

	running := newPod("a", "n", inPhase(corev1.PodRunning), became(corev1.PodReady, 0), ownedBy("apps/v1", "ReplicaSet", "web"), ownedBy("v1", "Other", "o"))
	w.pod(running)
	bound := strings.Replace(unbound, `node=""`, `node="n"`, 1) + `/apis/apps/v1/namespaces/default/replicasets/web",phase="Running",ready="true",scheduled="true",zone=""} 1`
	w.expect(state, bound) // the node is not there

	w.cluster.UpdateNode(newNode("n"))
	w.expect(state, `{arch="arm64",capacity_type="spot",instance_type="m",managed="true",name="a",namespace="default",node="n",nodepool="general",`+
		`owner="/apis/apps/v1/namespaces/default/replicasets/web",phase="Running",ready="true",scheduled="true",zone="zone-a"} 1`)
	w.cluster.DeleteNode("n")
	w.expect(state, bound)
	w.remove(w.pods, running)
	w.expect(state)
}

// sums of what was observed, and the gauges of what is being waited for.
const (
	startup         = "karpenter_pods_startup_duration_seconds_"
	boundAfter      = "karpenter_pods_bound_duration_seconds_"
	startupProvided = "karpenter_pods_provisioning_startup_duration_seconds_"
	boundProvided   = "karpenter_pods_provisioning_bound_duration_seconds_"
	unstarted       = "karpenter_pods_unstarted_time_seconds"
	unbound         = "karpenter_pods_unbound_time_seconds"
	unstartedFor    = "karpenter_pods_provisioning_unstarted_time_seconds"
	unboundFor      = "karpenter_pods_provisioning_unbound_time_seconds"
	undecided       = "karpenter_pods_provisioning_scheduling_undecided_time_seconds"
	ofA             = `{name="a",namespace="default"} `
)

// expectObserved expects one observation of so many seconds, or none.
func (w *world) expectObserved(prefix string, want ...string) {
	w.t.Helper()
	w.expect(prefix+"sum", want...)
	count := " 0"
	if want[0] != " 0" {
		count = " 1"
	}
	w.expect(prefix+"count", count)
}

// OPS-129..135: a pod's way from its creation until it is ready.
func TestPodsWait(t *testing.T) {
	w := newWorld(t)
	pod := newPod("a", "")
	w.pod(pod)
	w.cluster.Decisions.Acknowledge(pod)
	w.clock.Step(2 * time.Second)
	w.expect(unstarted, ofA+"2")
	w.expect(unbound, ofA+"2")
	w.expect(undecided, ofA+"2")
	w.expect(unstartedFor) // no place was found yet
	w.expect(unboundFor)

	w.cluster.Decisions.Placed(pod, cluster.Placement{}) // at 2 s
	w.clock.Step(3 * time.Second)
	w.expect(undecided)
	w.expect(unstartedFor, ofA+"3")
	w.expect(unboundFor, ofA+"3")

	w.pod(newPod("a", "n", became(corev1.PodScheduled, 6*time.Second)))
	w.clock.Step(5 * time.Second)
	w.expect(unbound, ofA+"6") // it stops to grow
	w.expect(unboundFor, ofA+"4")
	w.expect(unstarted, ofA+"10")
	w.expect(unstartedFor, ofA+"8")
	w.expectObserved(boundAfter, " 0") // it is Pending still

	w.pod(newPod("a", "n", inPhase(corev1.PodRunning), became(corev1.PodScheduled, 6*time.Second)))
	w.expect(unbound)
	w.expect(unboundFor)
	w.expectObserved(boundAfter, " 6")
	w.expectObserved(boundProvided, " 4")
	w.expectObserved(startup, " 0")

	ready := newPod("a", "n", inPhase(corev1.PodRunning), became(corev1.PodScheduled, 6*time.Second), became(corev1.PodReady, 9*time.Second))
	for range 2 { // once
		w.pod(ready)
	}
	w.expectObserved(startup, " 9")
	w.expectObserved(startupProvided, " 7")
	w.expect(unstarted)
	w.expect(unstartedFor)
	w.pod(newPod("a", "n", inPhase(corev1.PodRunning))) // no longer ready
	w.expect(unstarted)
}

// OPS-130..135: ways that end early.
func TestPodsThatEndEarly(t *testing.T) {
	all := []string{unstarted, unbound, unstartedFor, unboundFor, undecided}
	for _, tc := range []struct {
		reason string
		then   func(*world, *corev1.Pod)
	}{
		{"it fails without having been ready", func(w *world, _ *corev1.Pod) { w.pod(newPod("a", "", inPhase(corev1.PodFailed))) }},
		{"it is deleted", func(w *world, p *corev1.Pod) {
			w.remove(w.pods, p)
			w.cluster.DeletePod(types.NamespacedName{Namespace: "default", Name: "a"})
		}},
		{"another pod of the name runs already", func(w *world, p *corev1.Pod) {
			w.must(w.client.Delete(t.Context(), p))
			other := newPod("a", "n", inPhase(corev1.PodRunning), became(corev1.PodReady, time.Second), became(corev1.PodScheduled, time.Second))
			other.UID = "other"
			w.pod(other)
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld(t)
			pod := newPod("a", "")
			w.pod(pod)
			w.cluster.Decisions.Acknowledge(pod)
			w.clock.Step(time.Second)
			tc.then(w, pod)
			for _, name := range all {
				w.expect(name)
			}
			w.expectObserved(startup, " 0")
			w.expectObserved(boundAfter, " 0")
		})
	}
}

// OPS-129, OPS-131, OPS-133: nothing is known of how long a pod waited that was
// first seen running; a place that was lost again counts for nothing.
func TestPodsOfUnknownPast(t *testing.T) {
	w := newWorld(t)
	w.pod(newPod("b", "n", inPhase(corev1.PodRunning), became(corev1.PodScheduled, time.Second), became(corev1.PodReady, time.Second)))
	w.expectObserved(startup, " 0")
	w.expectObserved(boundAfter, " 0")

	pod := newPod("a", "")
	w.pod(pod)
	w.cluster.Decisions.Acknowledge(pod)
	w.cluster.Decisions.Placed(pod, cluster.Placement{})
	w.cluster.Decisions.Failed(pod)
	w.expect(unstartedFor)
	w.expect(unboundFor)
	w.expect(undecided) // it was decided that there is no place
	w.pod(newPod("a", "n", inPhase(corev1.PodRunning), became(corev1.PodScheduled, 6*time.Second), became(corev1.PodReady, 7*time.Second)))
	w.expectObserved(startup, " 7")
	w.expectObserved(startupProvided, " 0")
	w.expectObserved(boundProvided, " 0")
}

// OPS-135: what is bound by somebody else needs no decision.
func TestBoundUndecided(t *testing.T) {
	for reason, change := range map[string]func(*corev1.Pod){
		"PodScheduled is true": became(corev1.PodScheduled, 0),
		"it has a node":        func(p *corev1.Pod) { p.Spec.NodeName = "n" },
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t)
			pod := newPod("a", "")
			w.pod(pod)
			w.cluster.Decisions.Acknowledge(pod)
			w.expect(undecided, ofA+"0")
			w.pod(newPod("a", "", change))
			w.expect(undecided)
		})
	}
}
