// SPDX-License-Identifier: Apache-2.0

package timeline_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/test/internal/census"
	"karpenter.sh/test/internal/timeline"
)

var start = time.Unix(1_700_000_000, 0)

// at is a moment so many milliseconds after the start.
func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func pod(name, node string, ready bool) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{timeline.Phase: "now"}},
		Spec:       corev1.PodSpec{NodeName: node},
	}
	if ready {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	return p
}

func nominated(name, node string) *corev1.Pod {
	p := pod(name, "", false)
	p.Status.NominatedNodeName = node
	return p
}

func claim(name, node string, pods int64, price string) *v1.NodeClaim {
	c := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(pods, resource.DecimalSI)}
	if c.Status.NodeName = node; node != "" {
		c.Labels[census.PriceLabel] = price
	}
	return c
}

func node(name string, ready corev1.ConditionStatus, taints ...corev1.Taint) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{Taints: taints},
		Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}},
	}
}

func event(pod, message string) *corev1.Event {
	return &corev1.Event{Reason: "Nominated", Message: message, InvolvedObject: corev1.ObjectReference{UID: types.UID(pod)}}
}

func TestStepsKeepTheirFirstMoment(t *testing.T) {
	line := timeline.New("now")
	for i, p := range []*corev1.Pod{pod("a", "", false), pod("a", "", false), pod("a", "n", false), pod("a", "n", true), pod("a", "n", true)} {
		line.SeePod(p, at(i))
	}
	for i, n := range []*corev1.Node{
		node("n", corev1.ConditionFalse, v1.UnregisteredTaint()), node("n", corev1.ConditionTrue, v1.UnregisteredTaint()),
		node("n", corev1.ConditionTrue), node("n", corev1.ConditionFalse), node("n", corev1.ConditionTrue),
	} {
		line.SeeNode(n, at(i))
	}
	v := line.View()
	if want := (timeline.Pod{Created: at(0), Bound: at(2), Running: at(3), Node: "n"}); v.Pods[0] != want {
		t.Errorf("the pod: %+v", v.Pods[0])
	}
	if want := (timeline.Node{Name: "n", Ready: at(1), Open: at(2)}); v.Nodes[0] != want {
		t.Errorf("the node: %+v", v.Nodes[0])
	}
	if got, want := line.Progress(), (timeline.Progress{Created: 1, Bound: 1, Running: 1, Open: 1}); got != want {
		t.Errorf("progress: %+v", got)
	}
}

// A watch may bring late news of the part before.
func TestWhatBelongsToAnEarlierTimeIsLeftOut(t *testing.T) {
	line := timeline.New("now")
	other := pod("other", "n", true)
	other.Labels[timeline.Phase] = "before"
	line.SeePod(other, at(0))
	line.SeeEvent(event("other", "Pod should schedule on: nodeclaim/c"))
	leaving, gone := claim("c", "n", 1, "1"), node("n", corev1.ConditionTrue)
	leaving.DeletionTimestamp, gone.DeletionTimestamp = &metav1.Time{Time: start}, &metav1.Time{Time: start}
	line.SeeClaim(leaving, at(0))
	line.SeeNode(gone, at(0))
	if v := line.View(); len(v.Pods)+len(v.Claims)+len(v.Nodes) > 0 {
		t.Errorf("seen: %+v", v)
	}
	if p := line.Progress(); p != (timeline.Progress{}) {
		t.Errorf("progress: %+v", p)
	}
}

func TestSpreadTakesTheNearestRank(t *testing.T) {
	for _, tc := range []struct {
		reason      string
		n           int
		median, p99 time.Duration
	}{
		{"one is all there is", 1, 1, 1},
		{"the median of two is the lower one", 2, 1, 2},
		{"the median of three is the middle", 3, 2, 3},
		{"of 100, one is slower than the p99", 100, 50, 99},
		{"of 101, none is: 99% of them are 99.99", 101, 51, 100},
		{"of 1000, ten are", 1000, 500, 990},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var durations []time.Duration
			for i := tc.n; i > 0; i-- {
				durations = append(durations, time.Duration(i))
			}
			before := slices.Clone(durations)
			want := timeline.Spread{First: 1, Median: tc.median, P99: tc.p99, Last: time.Duration(tc.n)}
			if got := timeline.SpreadOf(durations); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if !slices.Equal(durations, before) {
				t.Error("the durations were put in another order")
			}
		})
	}
	if got := timeline.SpreadOf(nil); got != (timeline.Spread{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestTookLeavesOutWhatIsNotThere(t *testing.T) {
	v := timeline.View{Pods: []timeline.Pod{{Created: at(0), Running: at(7)}, {Created: at(5), Running: at(9)}, {Created: at(6)}}}
	created := func(p timeline.Pod) time.Time { return p.Created }
	running := func(p timeline.Pod) time.Time { return p.Running }
	ms := time.Millisecond
	if got, want := timeline.Took(v.Pods, created, running), (timeline.Spread{First: 4 * ms, Median: 4 * ms, P99: 7 * ms, Last: 7 * ms}); got != want {
		t.Errorf("took %+v", got)
	}
	if got, want := timeline.Since(v.Start(), v.Pods, running), (timeline.Spread{First: 7 * ms, Median: 7 * ms, P99: 9 * ms, Last: 9 * ms}); got != want {
		t.Errorf("since the start %+v", got)
	}
}

// Pods are told a NodeClaim, a node, or both.
func TestAgreement(t *testing.T) {
	for _, tc := range []struct {
		reason       string
		see          func(*timeline.Timeline)
		told, agreed int
	}{
		{"nobody was told", func(*timeline.Timeline) {}, 0, 0},
		{"the NodeClaim of the node", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c1"))
		}, 1, 1},
		{"the NodeClaim of another node", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c2"))
		}, 1, 0},
		{"a NodeClaim that never was", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c9"))
		}, 1, 0},
		{"NodeClaim and node", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c1, node/n1"))
		}, 1, 1},
		{"a node without a NodeClaim", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: node/n1"))
		}, 1, 1},
		{"the last event counts", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c1"))
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c2"))
		}, 1, 0},
		{"the status counts before the event", func(l *timeline.Timeline) {
			l.SeeEvent(event("a", "Pod should schedule on: nodeclaim/c2, node/n2"))
			l.SeePod(nominated("a", "n1"), at(1))
		}, 1, 1},
		{"the last status counts", func(l *timeline.Timeline) {
			l.SeePod(nominated("a", "n1"), at(1))
			l.SeePod(nominated("a", "n2"), at(2))
		}, 1, 0},
		{"a status that is cleared was said", func(l *timeline.Timeline) {
			l.SeePod(nominated("a", "n2"), at(1))
			l.SeePod(pod("a", "", false), at(2))
		}, 1, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			line := timeline.New("now")
			line.SeePod(pod("a", "", false), at(0))
			line.SeePod(pod("waits", "", false), at(0))
			line.SeeEvent(event("waits", "Pod should schedule on: nodeclaim/c1"))
			tc.see(line)
			bound := pod("a", "n1", true)
			bound.Status.NominatedNodeName = "n1" // what the scheduler may leave
			line.SeePod(bound, at(9))
			line.SeeClaim(claim("c1", "n1", 1, "1"), at(1))
			line.SeeClaim(claim("c2", "n2", 1, "1"), at(1))
			if told, agreed := line.View().Agreement(); told != tc.told || agreed != tc.agreed {
				t.Errorf("%d told, %d agreed; want %d, %d", told, agreed, tc.told, tc.agreed)
			}
		})
	}
}

func TestPlannedAndBuilt(t *testing.T) {
	line := timeline.New("now")
	line.SeePod(pod("a", "", false), at(0))
	for i, c := range []struct {
		name  string
		ms    int
		price string
	}{
		{"c1", 1000, "1"}, {"c2", 1400, "2"}, // the round
		{"c3", 1800, "4"},                     // the same round, although a node is ready
		{"c4", 3000, "8"}, {"c5", 3400, "16"}, // the next round
		{"c6", 6000, "32"}, // after all pods ran
	} {
		line.SeeClaim(claim(c.name, "", int64(i+1), ""), at(c.ms))
		line.SeeClaim(claim(c.name, "node-"+c.name, int64(i+1), c.price), at(c.ms+10))
	}
	line.SeeNode(node("node-c1", corev1.ConditionTrue), at(1500))
	line.SeePod(pod("a", "node-c1", true), at(5000))
	v := line.View()
	if got, want := v.Planned(), (timeline.Bill{Nodes: 3, Pods: 6, Dollars: 7}); got != want {
		t.Errorf("planned %+v, want %+v", got, want)
	}
	if got, want := v.Built(), (timeline.Bill{Nodes: 5, Pods: 15, Dollars: 31}); got != want {
		t.Errorf("built %+v, want %+v", got, want)
	}
	if got, want := v.All(), (timeline.Bill{Nodes: 6, Pods: 21, Dollars: 63}); got != want {
		t.Errorf("all %+v, want %+v", got, want)
	}
}

func TestRoundsBeforeTheFirstNodeAreOnePlan(t *testing.T) {
	line := timeline.New("now")
	line.SeeClaim(claim("c1", "n", 1, "1"), at(1000))
	line.SeeClaim(claim("c2", "m", 1, "2"), at(4000))
	line.SeeNode(node("n", corev1.ConditionTrue), at(5000))
	if got, want := line.View().Planned(), (timeline.Bill{Nodes: 2, Pods: 2, Dollars: 3}); got != want {
		t.Errorf("planned %+v, want %+v", got, want)
	}
}

func TestOnKeepsPodsOfSomeNodes(t *testing.T) {
	v := timeline.View{Pods: []timeline.Pod{{Node: "old"}, {Node: "new"}, {}}}
	got := v.On(func(node string) bool { return node == "old" }).Pods
	if len(got) != 2 || got[0].Node != "old" || got[1].Node != "" || len(v.Pods) != 3 || v.Pods[1].Node != "new" {
		t.Errorf("kept %+v of %+v", got, v.Pods)
	}
}
