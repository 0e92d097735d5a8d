// SPDX-License-Identifier: Apache-2.0

package question_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/question"
)

// begin begins a question about a cluster of some nodes and the pods that run there.
func begin(t *testing.T, nodes []*corev1.Node, pods []*corev1.Pod) (*question.Builder, *cluster.Snapshot) {
	t.Helper()
	live, err := cluster.New(cluster.Options{
		Clock:      clocktesting.NewFakePassiveClock(time.Unix(1_700_000_000, 0)),
		Compiler:   intake.New(intake.Options{Vocabulary: vocabulary.Core()}),
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		live.UpdateNode(n)
	}
	for _, p := range pods {
		live.UpdatePod(p, volume.Resolution{Settled: true})
	}
	snapshot := live.Snapshot()
	b := question.New(question.Options{
		Snapshot: snapshot, Namespaces: map[string]map[string]string{"default": nil}, Storage: storage.NewRules(vocabulary.Core()),
	})
	return b, snapshot
}

func pool(name string, weight int32) *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: name}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "Class", Name: "default"}
	if weight > 0 {
		np.Spec.Weight = &weight
	}
	return np
}

func addPool(t *testing.T, b *question.Builder, np *v1.NodePool) {
	t.Helper()
	if _, err := b.Pool(np, benchmark.InstanceTypes(20)); err != nil {
		t.Fatal(err)
	}
}

// text tells a plan by names.
func text(q *question.Question, pods []int, plan place.Plan) string {
	var lines []string
	name := func(i int) string { return q.Pods[pods[i]].Name }
	for _, p := range plan.Placements {
		lines = append(lines, name(p.Pod)+" on "+q.Cluster.Targets().Nodes[p.Node].Name)
	}
	for i := range plan.Bins {
		line := fmt.Sprintf("new node of %s at %v:", q.Pools[plan.Bins[i].Pool].NodePool.Name, plan.Bins[i].Price)
		for _, pod := range plan.Bins[i].Pods {
			line += " " + name(pod)
		}
		lines = append(lines, line)
	}
	for _, u := range plan.Unplaced {
		lines = append(lines, name(u.Pod)+" nowhere")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// SCH-166: what happens without a node is what happens when it is gone and its
// pods wait.
func TestWithoutIsAsIfGone(t *testing.T) {
	nodes, pods := benchmark.Standing(40)
	b, snapshot := begin(t, nodes, pods)
	for _, p := range pods {
		if err := b.Standing(p, nil, keyOf(snapshot, p.Spec.NodeName)); err != nil {
			t.Fatal(err)
		}
	}
	addPool(t, b, pool("default", 0))
	standing := b.Build()
	for target, node := range snapshot.Targets().Nodes {
		var left []*corev1.Pod
		var moving []*corev1.Pod
		for _, p := range pods {
			if p.Spec.NodeName != node.Name {
				left = append(left, p)
				continue
			}
			waiting := p.DeepCopy()
			waiting.Spec.NodeName = ""
			moving = append(moving, waiting)
		}
		after, _ := begin(t, slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool { return n.Name == node.Name }), left)
		for _, p := range moving {
			if err := after.Waiting(p, nil); err != nil {
				t.Fatal(err)
			}
		}
		addPool(t, after, pool("default", 0))
		gone := after.Build()
		all := make([]int, len(gone.Pods))
		for i := range all {
			all[i] = i
		}
		got := text(standing, standing.Indexes(target), place.Solve(standing.Without(target)))
		if want := text(gone, all, place.Solve(gone.Input())); got != want {
			t.Errorf("without %s:\n%s\nwhen it is gone:\n%s", node.Name, got, want)
		}
	}
}

// DIS-160: after a plan the question is what it would be if the pods were where the
// plan puts them and the node were gone.
func TestAfterIsAsIfCarriedOut(t *testing.T) {
	nodes, pods := benchmark.Standing(200)
	stand := func(nodes []*corev1.Node, pods []*corev1.Pod) *question.Question {
		b, snapshot := begin(t, nodes, pods)
		for _, p := range pods {
			if err := b.Standing(p, nil, keyOf(snapshot, p.Spec.NodeName)); err != nil {
				t.Fatal(err)
			}
		}
		addPool(t, b, pool("default", 0))
		return b.Build()
	}
	now := stand(nodes, pods)
	carried := 0
	for target := range 6 {
		in := now.Without(target)
		plan := place.Solve(in)
		if len(plan.Bins)+len(plan.Unplaced) > 0 {
			continue
		}
		carried++
		to, gone := map[string]string{}, now.Cluster.Targets().Nodes[target].Name
		for _, p := range plan.Placements {
			to[in.Pods[p.Pod].Name] = in.Snapshot.Nodes[p.Node].Name
		}
		var moved []*corev1.Pod
		for _, p := range pods {
			if at, moves := to[p.Name]; moves {
				p = p.DeepCopy()
				p.Spec.NodeName = at
			}
			moved = append(moved, p)
		}
		after := now.After(in, plan)
		then := stand(slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool { return n.Name == gone }), moved)
		for other, node := range now.Cluster.Targets().Nodes {
			if other == target || slices.ContainsFunc(plan.Placements, func(p place.Placement) bool { return p.Node == other }) {
				continue // pods that have come are not asked about
			}
			same, _ := then.Cluster.Targets().Index(keyOf(then.Cluster, node.Name))
			got := text(after, after.Indexes(other), place.Solve(after.Without(other)))
			if want := text(then, then.Indexes(same), place.Solve(then.Without(same))); got != want {
				t.Fatalf("%s is gone; without %s too:\n%s\nwant:\n%s", gone, node.Name, got, want)
			}
		}
	}
	if carried == 0 {
		t.Error("no plan was carried out")
	}
}

func keyOf(s *cluster.Snapshot, node string) string {
	for _, n := range s.Nodes() {
		if n.Node().Name == node {
			return n.Key()
		}
	}
	return ""
}

// SCH-166: a pod that is alone in its zone may stay in the zone when its node goes;
// another of its kind may not come there.
func TestLeavingPodsAreNotCounted(t *testing.T) {
	nodes, pods := benchmark.Standing(40)
	alone, node := pods[0], nodes[0]
	now := metav1.Now()
	node.Spec.ProviderID, node.DeletionTimestamp = "fake://leaving", &now
	alone.Labels = map[string]string{"app": "alone"}
	alone.Spec.TopologySpreadConstraints = nil
	alone.Spec.NodeSelector = map[string]string{corev1.LabelTopologyZone: node.Labels[corev1.LabelTopologyZone]}
	alone.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: corev1.LabelTopologyZone, LabelSelector: &metav1.LabelSelector{MatchLabels: alone.Labels},
	}}}}
	another := alone.DeepCopy()
	another.Name, another.UID, another.Spec.NodeName = "another", "another", ""
	for _, tt := range []struct {
		name   string
		add    func(*question.Builder) error
		placed int
	}{
		{"leaving", func(b *question.Builder) error { return b.Leaving(alone, nil) }, 1},
		{"another", func(b *question.Builder) error { return b.Waiting(another, nil) }, 0},
	} {
		b, _ := begin(t, nodes, pods)
		if err := tt.add(b); err != nil {
			t.Fatal(err)
		}
		if plan := place.Solve(b.Build().Input()); len(plan.Placements) != tt.placed {
			t.Errorf("%s: placed %v, left %v", tt.name, plan.Placements, plan.Unplaced)
		}
	}
}

// SCH-025, SCH-030: what cannot be understood is left out, alone; pools come in
// the order in which they are wanted.
func TestIndexes(t *testing.T) {
	b, _ := begin(t, nil, nil)
	_, pods := benchmark.Standing(10)
	for i, p := range pods[:3] {
		p.Spec.NodeName = ""
		if i == 1 {
			p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}},
			}}}}
		}
		if err := b.Waiting(p, nil); (err != nil) != (i == 1) {
			t.Fatalf("pod %d: %v", i, err)
		}
	}
	bad := pool("bad", 100)
	bad.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{{Key: "a", Operator: "Near", Values: []string{"b"}}}
	if _, err := b.Pool(bad, benchmark.InstanceTypes(20)); err == nil {
		t.Error("a pool that cannot be understood takes part")
	}
	addPool(t, b, pool("last", 0))
	addPool(t, b, pool("first", 10))
	q := b.Build()
	if len(q.Pods) != 2 || len(q.Models) != 2 || q.Pods[1] != pods[2] {
		t.Errorf("%d pods, %d models", len(q.Pods), len(q.Models))
	}
	if len(q.Pools) != 2 || q.Pools[0].NodePool.Name != "first" || q.Input().Snapshot.Pools[0].Template != q.Pools[0].Template {
		t.Error("the pools are in another order")
	}
}

// DIS-060: who needs a place anyway is asked about first, and is not moved; the
// order of the targets does not matter.
func TestPodsOfAWhatIf(t *testing.T) {
	nodes, pods := benchmark.Standing(40)
	b, snapshot := begin(t, nodes, pods)
	waiting := pods[0].DeepCopy()
	waiting.Name, waiting.UID, waiting.Spec.NodeName = "waiting", "waiting", ""
	for i, p := range pods {
		if i == 3 {
			if err := b.Waiting(waiting, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Standing(p, nil, keyOf(snapshot, p.Spec.NodeName)); err != nil {
			t.Fatal(err)
		}
	}
	addPool(t, b, pool("default", 0))
	q := b.Build()
	in, turned := q.Without(2, 5), q.Without(5, 2)
	if len(in.Pods) < 3 || in.Pods[0].UID != "waiting" || in.Moved.Has(0) || in.Moved.Count() != len(in.Pods)-1 {
		t.Errorf("%d pods, the first is %q, moved %v", len(in.Pods), in.Pods[0].UID, in.Moved)
	}
	for i, index := range q.Indexes(5, 2) {
		node := q.Pods[index].Spec.NodeName
		if in.Pods[i].UID != string(q.Pods[index].UID) || turned.Pods[i].UID != in.Pods[i].UID {
			t.Errorf("pod %d of the question is another one", i)
		}
		if i > 0 && node != snapshot.Targets().Nodes[2].Name && node != snapshot.Targets().Nodes[5].Name {
			t.Errorf("a pod of node %s is moved", node)
		}
	}
}

// DIS-067: what the nodes that would go use of a limit is free for their replacement.
func TestLimitsWithoutANode(t *testing.T) {
	for _, tt := range []struct {
		why  string
		pool string // of the node
		bins int
	}{
		{"the node is of the pool", "default", 1},
		{"the node is of another pool", "other", 0},
	} {
		nodes, pods := benchmark.Standing(10)
		nodes = nodes[:1]
		nodes[0].Labels[v1.NodePoolLabelKey], nodes[0].Labels[corev1.LabelInstanceTypeStable] = tt.pool, "known"
		b, snapshot := begin(t, nodes, pods[:1])
		if err := b.Standing(pods[0], nil, keyOf(snapshot, nodes[0].Name)); err != nil {
			t.Fatal(err)
		}
		np := pool("default", 0)
		np.Spec.Limits = v1.Limits{corev1.ResourceCPU: nodes[0].Status.Capacity[corev1.ResourceCPU]}
		if tt.pool != np.Name { // another node uses the limit up
			other := nodes[0].DeepCopy()
			other.Name, other.UID, other.Labels = "user", "user", map[string]string{v1.NodePoolLabelKey: np.Name, corev1.LabelInstanceTypeStable: "known"}
			other.Spec.ProviderID = "fake://user"
			other.Spec.Taints = []corev1.Taint{{Key: "full", Effect: corev1.TaintEffectNoSchedule}}
			b, snapshot = begin(t, append(nodes, other), pods[:1])
			if err := b.Standing(pods[0], nil, keyOf(snapshot, nodes[0].Name)); err != nil {
				t.Fatal(err)
			}
		}
		addPool(t, b, np)
		q := b.Build()
		target, ok := snapshot.Targets().Index(keyOf(snapshot, nodes[0].Name))
		if !ok {
			t.Fatal("the node is no target")
		}
		if plan := place.Solve(q.Without(target)); len(plan.Bins) != tt.bins {
			t.Errorf("%s: %d new nodes, left %v", tt.why, len(plan.Bins), plan.Unplaced)
		}
		if plan := place.Solve(place.Input{Snapshot: q.Input().Snapshot, Pods: q.Models}); len(plan.Bins) != 0 {
			t.Errorf("%s: the limit does not bind beside the node", tt.why)
		}
	}
}
