// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/cluster"
)

// LIF-053, SCH-013, SCH-240
func TestDecisions(t *testing.T) {
	at := func(minutes int) time.Time {
		if minutes < 0 {
			return time.Time{}
		}
		return start.Add(time.Duration(minutes) * time.Minute)
	}
	healthy, unhealthy := cluster.Placement{NodeClaim: "h", HealthyPool: true}, cluster.Placement{NodeClaim: "u"}
	type step func(*cluster.Decisions, *corev1.Pod)
	acknowledge := func(d *cluster.Decisions, p *corev1.Pod) { d.Acknowledge(p) }
	failed := func(d *cluster.Decisions, p *corev1.Pod) { d.Failed(p) }
	placed := func(where cluster.Placement) step {
		return func(d *cluster.Decisions, p *corev1.Pod) { d.Placed(p, where) }
	}
	none := -1
	for _, tc := range []struct {
		reason                                            string
		steps                                             []step // a minute apart
		acknowledged, attempted, schedulable, healthySeen int
		claim                                             string
		assigned                                          int
	}{
		{"the first acknowledgement is kept", []step{acknowledge, acknowledge}, 0, none, none, none, "", none},
		{"the first success is kept, the last NodeClaim counts", []step{acknowledge, placed(unhealthy), placed(healthy)}, 0, 1, 1, 2, "h", 2},
		{"an unhealthy pool erases the healthy time", []step{acknowledge, placed(healthy), placed(unhealthy)}, 0, 1, 1, none, "u", 2},
		{"an error erases all but acknowledgement and attempt", []step{acknowledge, placed(healthy), failed}, 0, 1, none, none, "", none},
		{"success begins anew after an error", []step{acknowledge, failed, placed(healthy)}, 0, 1, 2, 2, "h", 2},
		{"it stays where it is since it came there", []step{placed(healthy), placed(healthy)}, none, 0, 0, 0, "h", 0},
	} {
		t.Run("LIF-053: "+tc.reason, func(t *testing.T) {
			w := newWorld(t)
			pod := newPod("p", "")
			for _, do := range tc.steps {
				do(w.Decisions, pod)
				w.clock.Step(time.Minute)
			}
			want := cluster.Decision{
				Acknowledged: at(tc.acknowledged), Attempted: at(tc.attempted), Schedulable: at(tc.schedulable),
				SchedulableHealthy: at(tc.healthySeen), NodeClaim: tc.claim, Assigned: at(tc.assigned),
			}
			if got, _ := w.Decisions.Of(key(pod)); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			w.DeletePod(key(pod))
			if got, ok := w.Decisions.Of(key(pod)); ok {
				t.Errorf("deletion leaves %+v", got)
			}
		})
	}
	t.Run("LIF-053: another pod of the name begins anew", func(t *testing.T) {
		w := newWorld(t)
		pod := newPod("p", "")
		w.Decisions.Acknowledge(pod)
		w.clock.Step(time.Minute)
		pod.UID = "another"
		w.Decisions.Acknowledge(pod)
		if got, _ := w.Decisions.Of(key(pod)); !got.Acknowledged.Equal(at(1)) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("LIF-053, SCH-240: bound pods are skipped", func(t *testing.T) {
		w := newWorld(t)
		pod := newPod("p", "a")
		w.Decisions.Acknowledge(pod)
		w.Decisions.Placed(pod, healthy)
		w.Decisions.Failed(pod)
		if got, ok := w.Decisions.Of(key(pod)); ok {
			t.Errorf("got %+v", got)
		}
	})
}

// SCH-311: who was last assigned to a NodeClaim.
func TestAssigned(t *testing.T) {
	w := newWorld(t)
	a, b, bound := newPod("a", ""), newPod("b", ""), newPod("c", "n")
	names := func(claim string) (out []string) {
		for _, id := range w.Decisions.Assigned(claim) {
			out = append(out, id.Name+"/"+string(id.UID))
		}
		slices.Sort(out)
		return out
	}
	expect := func(why string, x, y []string) {
		t.Helper()
		if !slices.Equal(names("x"), x) || !slices.Equal(names("y"), y) {
			t.Errorf("%s: x has %v, y has %v", why, names("x"), names("y"))
		}
	}
	for _, pod := range []*corev1.Pod{a, b, bound} {
		pod.UID = types.UID(pod.Name)
		w.Decisions.Placed(pod, cluster.Placement{NodeClaim: "x"})
	}
	expect("two pods", []string{"a/a", "b/b"}, nil)
	w.Decisions.Placed(b, cluster.Placement{NodeClaim: "y"})
	expect("another plan", []string{"a/a"}, []string{"b/b"})
	w.Decisions.Failed(b)
	expect("no plan", []string{"a/a"}, nil)
	a.UID = "successor"
	w.Decisions.Acknowledge(a)
	expect("another pod of the name", nil, nil)
	w.Decisions.Placed(a, cluster.Placement{NodeClaim: "y"})
	w.DeletePod(key(a))
	expect("gone", nil, nil)
}

// LIF-053, OPS-097: one observation for each pod, from acknowledgement to the
// first decision.
func TestDecisionDuration(t *testing.T) {
	w := newWorld(t)
	pod, unseen := newPod("p", ""), newPod("q", "")
	w.Decisions.Acknowledge(pod)
	w.clock.Step(3 * time.Second)
	w.Decisions.Failed(pod)
	w.clock.Step(time.Minute)
	w.Decisions.Placed(pod, cluster.Placement{})
	w.Decisions.Placed(unseen, cluster.Placement{})
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "karpenter_pods_scheduling_decision_duration_seconds" {
			continue
		}
		h := f.GetMetric()[0].GetHistogram()
		if h.GetSampleCount() != 1 || h.GetSampleSum() != 3 {
			t.Errorf("%d observations, sum %v", h.GetSampleCount(), h.GetSampleSum())
		}
		return
	}
	t.Error("no such metric")
}
