// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/engine/settle"
	"karpenter.sh/core/intake"
)

type outcome struct {
	cost, once         float64
	nodes, onceNodes   int
	first, early, last int // look of the first; pods that left early
}

func cost(p place.Plan) (sum float64) {
	for i := range p.Bins {
		sum += p.Bins[i].Price
	}
	return sum
}

// arrive replays pods that come in equal parts, with a look after each.
func (r *round) arrive(t *testing.T, pods []*corev1.Pod, looks int) outcome {
	once := r.plan(t, pods)
	o := outcome{once: cost(once), onceNodes: len(once.Bins), first: -1}
	var waiting []*corev1.Pod
	left := 0.0
	for look := range looks {
		waiting = append(waiting, pods[look*len(pods)/looks:(look+1)*len(pods)/looks]...)
		if len(waiting) == 0 {
			continue
		}
		plan, compiled, snap := r.planned(t, waiting)
		gone := map[int]bool{}
		was := left
		for _, i := range settle.Bins(settle.Input{Snapshot: snap, Pods: compiled, Plan: &plan, Left: was}) {
			b := plan.Bins[i]
			left += b.Price
			o.nodes++
			for _, p := range b.Pods {
				gone[p] = true
			}
			if o.first < 0 {
				o.first = look
			}
		}
		o.early += len(gone)
		var rest []*corev1.Pod
		for i, p := range waiting {
			if !gone[i] {
				rest = append(rest, p)
			}
		}
		waiting = rest
	}
	o.cost = left
	if len(waiting) > 0 {
		last := r.plan(t, waiting)
		o.cost += cost(last)
		o.nodes += len(last.Bins)
		o.last = len(waiting)
	}
	return o
}

func (r *round) planned(t testing.TB, pods []*corev1.Pod) (place.Plan, []model.Pod, *model.Snapshot) {
	compiling := r.compiler.NewRound(map[string]map[string]string{"default": nil})
	for _, p := range pods {
		if err := compiling.Add(p, intake.Volumes{}); err != nil {
			t.Fatal(err)
		}
	}
	snapshot := *r.snapshot
	in := place.Input{Snapshot: &snapshot, Repack: place.RepackSteps}
	in.Pods, snapshot.Groups = compiling.Build(nobody{})
	return place.Solve(in), in.Pods, &snapshot
}

func TestSim(t *testing.T) {
	cats := map[string][]*cloudprovider.InstanceType{"400": benchmark.InstanceTypes(400), "fake": benchmark.FakeCloud()}
	if ec2, err := benchmark.ReadEC2(ec2Prices); err == nil {
		cats["ec2"] = ec2
	}
	prod, _ := benchmark.ReadProduction(podList)
	loads := map[string]func(rnd *rand.Rand) []*corev1.Pod{
		"one": func(rnd *rand.Rand) []*corev1.Pod {
			all := benchmark.Plain(5000, 200)
			p := all[rnd.Intn(len(all))]
			var out []*corev1.Pod
			for i := range 1000 {
				q := p.DeepCopy()
				q.Name = fmt.Sprint("p", i)
				q.UID = "u" + p.UID
				out = append(out, q)
			}
			return out
		},
		"plain8":   func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, benchmark.Plain(1000, 8), true) },
		"plain8d":  func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, benchmark.Plain(1000, 8), false) },
		"plain200": func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, benchmark.Plain(1000, 200), true) },
		"plain200d": func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, benchmark.Plain(1000, 200), false) },
		"prod":     func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, prod, true)[:1000] },
		"prodd":     func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, prod, false)[:1000] },
		"mix":      func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, benchmark.Mix(1000), true) },
		"chunky":   func(rnd *rand.Rand) []*corev1.Pod { return mixed(rnd, benchmark.Chunky(1000), true) },
	}
	for _, c := range []string{"400", "fake", "ec2"} {
		if cats[c] == nil {
			continue
		}
		r := newRound(t, cats[c], intake.RespectPreferences)
		for _, l := range []string{"one", "plain8", "plain8d", "plain200", "plain200d", "prod", "prodd", "mix", "chunky"} {
			worst, sum, n := 0.0, 0.0, 0
			var nodes, once, first, early []int
			for seed := range int64(6) {
				pods := loads[l](rand.New(rand.NewSource(seed)))
				if len(pods) == 0 {
					continue
				}
				o := r.arrive(t, pods, 50)
				ratio := o.cost / o.once
				worst, sum, n = max(worst, ratio), sum+ratio, n+1
				nodes, once, first, early = append(nodes, o.nodes), append(once, o.onceNodes), append(first, o.first), append(early, o.early)
			}
			if n > 0 {
				t.Logf("%4s %-9s mean %.4f worst %.4f nodes %v / %v first %v early %v", c, l, sum/float64(n), worst, nodes, once, first, early)
			}
		}
	}
}

// mixed orders at random, or by shape.
func mixed(rnd *rand.Rand, in []*corev1.Pod, shuffle bool) []*corev1.Pod {
	out := slices.Clone(in)
	rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if shuffle {
		return out
	}
	rank := map[string]int{}
	key := func(p *corev1.Pod) string {
		r := p.Spec.Containers[0].Resources.Requests
		return r.Cpu().String() + "/" + r.Memory().String()
	}
	for _, p := range out {
		if _, ok := rank[key(p)]; !ok {
			rank[key(p)] = rnd.Int()
		}
	}
	slices.SortStableFunc(out, func(a, b *corev1.Pod) int { return rank[key(a)] - rank[key(b)] })
	return out
}
