// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/bitset"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
)

// nowhere is an API server that is not asked.
type nowhere struct{}

func (nowhere) NodeNames(context.Context) ([]string, error)      { return nil, nil }
func (nowhere) NodeClaimNames(context.Context) ([]string, error) { return nil, nil }

// standing is a cluster as disruption sees it: one snapshot, and the pods of
// every node compiled once.
type standing struct {
	snapshot *model.Snapshot
	pods     [][]model.Pod // by node
}

func newStanding(tb testing.TB, nodes int) *standing {
	r := newRound(tb, benchmark.InstanceTypes(400), intake.RespectPreferences)
	live, err := cluster.New(cluster.Options{
		Clock: clocktesting.NewFakeClock(time.Unix(1_700_000_000, 0)), Compiler: r.compiler, Inventory: nowhere{},
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	nodeObjects, podObjects := benchmark.Standing(nodes)
	for _, n := range nodeObjects {
		live.UpdateNode(n)
	}
	for _, p := range podObjects {
		p.ResourceVersion = "1"
		live.UpdatePod(p, volume.Resolution{Settled: true})
	}
	return compile(tb, r, live.Snapshot(), podObjects)
}

func compile(tb testing.TB, r *round, live *cluster.Snapshot, pods []*corev1.Pod) *standing {
	namespaces := map[string]map[string]string{"default": nil}
	compiling := r.compiler.NewRound(namespaces)
	for _, p := range pods {
		if err := compiling.Add(p, intake.Volumes{}); err != nil {
			tb.Fatal(err)
		}
	}
	snapshot := *r.snapshot
	models, groups := compiling.Build(live.Counter(nil, namespaces))
	snapshot.Nodes, snapshot.Groups = live.Targets().Nodes, groups
	snapshot.Index = model.NewIndex(snapshot.Nodes)
	s := &standing{snapshot: &snapshot, pods: make([][]model.Pod, len(snapshot.Nodes))}
	index := map[string]int{}
	for i, n := range snapshot.Nodes {
		index[n.Name] = i
	}
	for i := range models {
		at := index[pods[i].Spec.NodeName]
		models[i].From = snapshot.Nodes[at]
		s.pods[at] = append(s.pods[at], models[i])
	}
	return s
}

// without places a node's pods as if the node were gone.
func (s *standing) without(node int) place.Plan {
	return place.Solve(place.Input{
		Snapshot: s.snapshot, Pods: s.pods[node], Without: bitset.New(len(s.snapshot.Nodes)).With(node),
	})
}

func BenchmarkWhatIf(b *testing.B) {
	for _, nodes := range []int{500, 2_000, 5_000} {
		b.Run(strconv.Itoa(nodes), func(b *testing.B) {
			s := newStanding(b, nodes)
			b.ReportAllocs()
			var placed, bins int
			for i := 0; b.Loop(); i++ {
				plan := s.without(i % nodes)
				if len(plan.Unplaced) > 0 {
					b.Fatalf("left: %s", plan.Unplaced[0].Why)
				}
				placed, bins = placed+len(plan.Placements), bins+len(plan.Bins)
			}
			b.ReportMetric(float64(placed)/float64(b.N), "placed/op")
			b.ReportMetric(float64(bins)/float64(b.N), "bins/op")
		})
	}
}
