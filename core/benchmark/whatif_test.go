// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
	"karpenter.sh/core/intake/storage"
	"karpenter.sh/core/question"
)

// nowhere is an API server that is not asked.
type nowhere struct{}

func (nowhere) NodeNames(context.Context) ([]string, error)      { return nil, nil }
func (nowhere) NodeClaimNames(context.Context) ([]string, error) { return nil, nil }

// newStanding is a cluster as disruption sees it: every pod may be asked about.
func newStanding(tb testing.TB, nodes int) *question.Question {
	tb.Helper()
	compiler := intake.New(intake.Options{Vocabulary: vocabulary.Core(), Preferences: intake.RespectPreferences})
	live, err := cluster.New(cluster.Options{
		Clock: clocktesting.NewFakeClock(time.Unix(1_700_000_000, 0)), Compiler: compiler, Inventory: nowhere{},
		Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	nodeObjects, podObjects := benchmark.Standing(nodes)
	keys := map[string]string{}
	for _, n := range nodeObjects {
		live.UpdateNode(n)
	}
	for _, p := range podObjects {
		p.ResourceVersion = "1"
		live.UpdatePod(p, volume.Resolution{Settled: true})
	}
	snapshot := live.Snapshot()
	for _, n := range snapshot.Nodes() {
		keys[n.Node().Name] = n.Key()
	}
	b := question.New(question.Options{
		Snapshot: snapshot, Namespaces: map[string]map[string]string{"default": nil}, Storage: storage.NewRules(vocabulary.Core()),
	})
	for _, p := range podObjects {
		if err := b.Standing(p, nil, keys[p.Spec.NodeName]); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := b.Pool(pool(), benchmark.InstanceTypes(400)); err != nil {
		tb.Fatal(err)
	}
	return b.Build()
}

func BenchmarkWhatIf(b *testing.B) {
	for _, nodes := range []int{500, 2_000, 5_000} {
		b.Run(strconv.Itoa(nodes), func(b *testing.B) {
			s := newStanding(b, nodes)
			b.ReportAllocs()
			var placed, bins int
			for i := 0; b.Loop(); i++ {
				plan := place.Solve(s.Without(i % nodes))
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
