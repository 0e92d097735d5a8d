// SPDX-License-Identifier: Apache-2.0

package launches_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"karpenter.sh/core/controllers/provisioning/launches"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var pool = launches.Pool{Name: "pool", Generation: 1}

func pod(name string, w launches.Workload) launches.Pod {
	return launches.Pod{NamespacedName: types.NamespacedName{Name: name}, UID: types.UID(name), Workload: w}
}

// world is what is known of one node and of pods.
type world struct {
	node    launches.Node
	runs    map[types.UID]bool
	waiting []launches.Pod
}

func (w *world) Node(string) launches.Node  { return w.node }
func (w *world) Runs(pod launches.Pod) bool { return w.runs[pod.UID] }

func (w *world) Waits(pod launches.Pod) (types.UID, string, bool) {
	for _, p := range w.waiting {
		if p.UID == pod.UID {
			return p.UID, "no", true
		}
	}
	for _, p := range w.waiting {
		if p.Workload == pod.Workload {
			return p.UID, "no", true
		}
	}
	return "", "", false
}

// SCH-301: when a launch was in vain.
func TestJudgement(t *testing.T) {
	mine, successor, other := pod("mine", "w"), pod("successor", "w"), pod("other", "o")
	empty := launches.Node{Name: "n", Launched: true, Ready: true}
	waits := []launches.Pod{mine}
	for _, tc := range []struct {
		why  string
		w    world
		vain bool
	}{
		{"the pod waits before an empty node that is ready", world{node: empty, waiting: waits}, true},
		{"the pod went, and its successor waits", world{node: empty, waiting: []launches.Pod{successor}}, true},
		{"the pod runs elsewhere, and another of its workload waits", world{
			node: empty, waiting: []launches.Pod{successor}, runs: map[types.UID]bool{"mine": true},
		}, false},
		{"nobody waits any more", world{node: empty}, false},
		{"another workload waits", world{node: empty, waiting: []launches.Pod{other}}, false},
		{"the node is not ready yet", world{node: launches.Node{Launched: true}, waiting: waits}, false},
		{"the node never gets ready", world{node: launches.Node{Launched: true, Overdue: true}, waiting: waits}, true},
		{"the node went", world{node: launches.Node{Gone: true, Launched: true}, waiting: waits}, true},
		{"there was no capacity: nothing was bought", world{node: launches.Node{Gone: true}, waiting: waits}, false},
		{"somebody has just come to the node", world{node: launches.Node{Launched: true, Ready: true, Occupied: true}, waiting: waits}, false},
		{"pods ran there to their end", world{node: launches.Node{Launched: true, Ready: true, Served: true}, waiting: waits}, false},
		{"pods ran there to their end, and it went", world{node: launches.Node{Launched: true, Gone: true, Served: true}, waiting: waits}, false},
		{"others have taken its place, which may be chance", world{
			node: launches.Node{Launched: true, Ready: true, Occupied: true, Settled: []launches.Pod{other}}, waiting: waits,
		}, false},
		{"some of its workload have settled, others wait", world{
			node: launches.Node{Launched: true, Ready: true, Occupied: true, Settled: []launches.Pod{mine}}, waiting: []launches.Pod{successor},
			runs: map[types.UID]bool{"mine": true},
		}, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			l := launches.NewLedger()
			l.Launched(launches.Launch{NodeClaim: "c", Pool: pool, Pods: []launches.Pod{mine}}, start)
			var verdicts []launches.Verdict
			held := false
			for _, after := range []time.Duration{time.Minute, 2 * time.Minute} {
				verdicts = append(verdicts, l.Judge(start.Add(after), &tc.w)...)
				_, _, waits := l.Wait("w", pool, start.Add(after))
				held = held || waits
			}
			if got := len(verdicts) == 1; got != tc.vain {
				t.Errorf("in vain: %v, got %+v", got, verdicts)
			}
			if held != tc.vain {
				t.Errorf("held back: %v", held)
			}
			if _, _, held := l.Wait("o", pool, start.Add(2*time.Minute)); held {
				t.Error("another workload is held back")
			}
		})
	}
}

// inVain lets launches of a workload be in vain, and returns the time of the last
// verdict.
func inVain(l *launches.Ledger, at time.Time, p launches.Pool) {
	w := &world{node: launches.Node{Launched: true, Gone: true}, waiting: []launches.Pod{pod("mine", "w")}}
	l.Launched(launches.Launch{NodeClaim: "c" + at.String(), Pool: p, Pods: w.waiting}, at)
	l.Judge(at, w)
}

// SCH-302: waits grow from seconds to half an hour, and a node that is used ends
// them.
func TestWaits(t *testing.T) {
	l, now := launches.NewLedger(), start
	for _, want := range []time.Duration{15 * time.Second, 75 * time.Second, 375 * time.Second, 30 * time.Minute, 30 * time.Minute} {
		inVain(l, now, pool)
		until, why, held := l.Wait("w", pool, now)
		if got := until.Sub(now); !held || got != want || why == "" {
			t.Errorf("waits %v because %q, want %v", got, why, want)
		}
		if _, _, held := l.Wait("w", pool, until); held {
			t.Error("held back beyond the end")
		}
		now = until
	}
	used := &world{node: launches.Node{Launched: true, Ready: true, Occupied: true, Settled: []launches.Pod{pod("mine", "w")}}}
	l.Launched(launches.Launch{NodeClaim: "used", Pool: pool, Pods: []launches.Pod{pod("mine", "w")}}, now)
	l.Judge(now, used)
	inVain(l, now, pool)
	if until, _, _ := l.Wait("w", pool, now); until.Sub(now) != 15*time.Second {
		t.Errorf("waits %v after a node that was used, want as long as at first", until.Sub(now))
	}
}

// SCH-302: another pool may try at once after one launch in vain, not after more;
// a pool that has changed is another one.
func TestWaitsAreForPools(t *testing.T) {
	l, other, changed := launches.NewLedger(), launches.Pool{Name: "other"}, launches.Pool{Name: "pool", Generation: 2}
	inVain(l, start, pool)
	for _, p := range []launches.Pool{other, changed} {
		if _, _, held := l.Wait("w", p, start); held {
			t.Errorf("%v: held back after one launch in another pool", p)
		}
	}
	inVain(l, start, other)
	if _, _, held := l.Wait("w", launches.Pool{Name: "third"}, start); !held {
		t.Error("a third pool is tried at once")
	}
	if _, why, held := l.Wait("w", changed, start); !held || !strings.Contains(why, "as it was") {
		t.Errorf("of the pool that has changed: %v, %q", held, why)
	}
	if _, _, held := l.Wait("w", pool, start.Add(7*time.Hour)); held {
		t.Error("held back for ever")
	}
}

// SCH-301: that others take a place is chance twice in a row.
func TestPlacesTakenByOthers(t *testing.T) {
	l := launches.NewLedger()
	w := &world{
		node:    launches.Node{Launched: true, Ready: true, Occupied: true, Settled: []launches.Pod{pod("agent", "agent")}},
		waiting: []launches.Pod{pod("mine", "w")},
	}
	for i, want := range []bool{false, false, true} {
		l.Launched(launches.Launch{NodeClaim: "c", Pool: pool, Pods: w.waiting}, start)
		l.Judge(start, w)
		if _, _, held := l.Wait("w", pool, start); held != want {
			t.Errorf("launch %d: held back: %v", i, held)
		}
	}
}

// SCH-301: successors belong to the same workload.
func TestWorkloadOf(t *testing.T) {
	owned := func(kind, name, uid string) *corev1.Pod {
		yes := true
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", OwnerReferences: []metav1.OwnerReference{
			{Kind: kind, Name: name, UID: types.UID(uid), Controller: &yes},
		}}}
	}
	for _, tc := range []struct {
		why  string
		a, b *corev1.Pod
		same bool
	}{
		{"of one ReplicaSet", owned("ReplicaSet", "web", "1"), owned("ReplicaSet", "web", "1"), true},
		{"of two ReplicaSets", owned("ReplicaSet", "web", "1"), owned("ReplicaSet", "web", "2"), false},
		{"Jobs of one CronJob", owned("Job", "tick-29461234", "1"), owned("Job", "tick-29461235", "2"), true},
		{"Jobs of two CronJobs", owned("Job", "tick-29461234", "1"), owned("Job", "tock-29461234", "2"), false},
		{"Jobs that somebody numbers", owned("Job", "batch-1", "1"), owned("Job", "batch-2", "2"), false},
		{"pods without a controller, of one name", &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "1"}}, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "2"}}, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := launches.WorkloadOf(tc.a) == launches.WorkloadOf(tc.b); got != tc.same {
				t.Errorf("the same workload: %v", got)
			}
		})
	}
}

// SCH-302: nobody causes another launch before the first is judged.
func TestExpected(t *testing.T) {
	mine, sibling := pod("mine", "w"), pod("sibling", "w")
	for _, tc := range []struct {
		why              string
		node             launches.Node
		gone             bool // the pod that the launch was for
		mine, siblingToo bool
	}{
		{"no machine yet: it may never come", launches.Node{}, false, false, false},
		{"on its way: what it will be is as planned", launches.Node{Launched: true}, false, false, false},
		{"there, but not ready", launches.Node{Name: "n", Launched: true}, false, true, false},
		{"ready, and nobody is there", launches.Node{Name: "n", Launched: true, Ready: true}, false, true, false},
		{"ready, and the other may be the successor", launches.Node{Name: "n", Launched: true, Ready: true}, true, true, true},
		{"others are there", launches.Node{Name: "n", Launched: true, Ready: true, Occupied: true}, false, false, false},
		{"judged", launches.Node{Name: "n", Launched: true, Gone: true}, false, false, false},
	} {
		t.Run(tc.why, func(t *testing.T) {
			l := launches.NewLedger()
			l.Launched(launches.Launch{NodeClaim: "c", Pool: pool, Pods: []launches.Pod{mine}}, start)
			w := &world{node: tc.node, waiting: []launches.Pod{mine, sibling}}
			if tc.gone {
				w.waiting = w.waiting[1:]
			}
			l.Judge(start, w)
			e := l.Expected()
			if got := e.At(mine) != ""; got != tc.mine {
				t.Errorf("the pod is expected: %v", got)
			}
			if got := e.At(sibling) != ""; got != tc.siblingToo {
				t.Errorf("another of its workload is expected: %v", got)
			}
		})
	}
}

// SCH-304: who stands before a node for how long.
func TestStanding(t *testing.T) {
	s := launches.NewStanding()
	at := func(minutes time.Duration, node string) int {
		return len(s.Round(start.Add(minutes*time.Minute), []launches.Placement{{Pod: pod("p", "w"), Node: node}}))
	}
	shunned := func(minutes time.Duration) int { return len(s.Shunned("w", start.Add(minutes*time.Minute))) }
	if at(0, "a") != 0 || at(2, "a") != 0 || at(3, "a") != 1 || at(4, "a") != 0 || shunned(4) != 0 {
		t.Error("want to be told once, after three minutes")
	}
	if at(5, "a"); shunned(5) != 1 || len(s.Shunned("o", start)) != 0 {
		t.Error("want the node to be shunned by the workload after five minutes")
	}
	if shunned(35) != 0 {
		t.Error("want another try after half an hour")
	}
	if at(40, "a") != 0 || at(42, "b") != 0 || at(44, "b") != 0 || at(45, "b") != 1 {
		t.Error("want another node to count anew")
	}
}
