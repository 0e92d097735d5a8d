// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/model"
	"karpenter.sh/core/engine/place"
	"karpenter.sh/core/intake"
)

// round is one compiled world to plan in.
type round struct {
	compiler *intake.Compiler
	snapshot *model.Snapshot
}

func newRound(tb testing.TB, types []*cloudprovider.InstanceType, policy intake.PreferencePolicy) *round {
	c := intake.New(intake.Options{Vocabulary: vocabulary.Core(), Preferences: policy})
	template, err := c.Template(intake.PoolInput{NodePool: pool(), Types: types})
	if err != nil {
		tb.Fatal(err)
	}
	return &round{compiler: c, snapshot: &model.Snapshot{
		Vocabulary: c.Vocabulary(), Names: c.Names(), Pools: []model.Pool{{Template: template}},
	}}
}

func pool() *v1.NodePool {
	np := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	np.Spec.Template.Spec.NodeClassRef = v1.NodeClassReference{Group: "example.com", Kind: "Class", Name: "default"}
	return np
}

// nobody counts in an empty cluster.
type nobody struct{}

func (nobody) Count(*intake.TopologyRule) map[string]int32 { return nil }
func (nobody) Repelling() []*intake.TopologyRule           { return nil }

func (r *round) plan(tb testing.TB, pods []*corev1.Pod) place.Plan {
	return place.Solve(r.input(tb, pods))
}

func BenchmarkPlan(b *testing.B) {
	types := benchmark.InstanceTypes(400)
	for _, n := range []int{100, 500, 1_000, 2_000, 5_000, 10_000, 20_000} {
		b.Run(fmt.Sprintf("plain/%d", n), func(b *testing.B) {
			benchmarkPlan(b, types, intake.RespectPreferences, benchmark.Plain(n, 200))
		})
	}
	b.Run("diverse/20000", func(b *testing.B) { // hardly two workloads alike
		benchmarkPlan(b, types, intake.RespectPreferences, benchmark.Plain(20_000, 3_000))
	})
	for _, n := range []int{1, 100, 1_000, 5_000, 20_000} {
		b.Run(fmt.Sprintf("mix/%d", n), func(b *testing.B) {
			benchmarkPlan(b, types, intake.RespectPreferences, benchmark.Mix(n))
		})
	}
	for name, policy := range map[string]intake.PreferencePolicy{"respect": intake.RespectPreferences, "ignore": intake.IgnorePreferences} {
		b.Run(name+"/4000", func(b *testing.B) {
			benchmarkPlan(b, types, policy, benchmark.Preferring(4_000))
		})
	}
	production(b)
	chunky(b)
}

// Data beside the repository; what needs it is skipped without.
const (
	podList   = "../../../shared/data/openb_pods.csv"
	ec2Prices = "../../../shared/data/aws_types.csv"
)

// production plans the list of a production cluster on two catalogues. Where
// there is no list, a synthetic one stands in on the first.
func production(b *testing.B) {
	pods, err := benchmark.ReadProduction(podList)
	if errors.Is(err, fs.ErrNotExist) {
		pods = benchmark.SyntheticProduction(8_152)
		b.Run(fmt.Sprintf("synthetic/%d", len(pods)), func(b *testing.B) {
			benchmarkPlan(b, benchmark.FakeCloud(), intake.RespectPreferences, pods)
		})
	}
	b.Run("production/8152", func(b *testing.B) {
		present(b, err)
		benchmarkPlan(b, benchmark.FakeCloud(), intake.RespectPreferences, pods)
	})
	b.Run("ec2/8152", func(b *testing.B) {
		present(b, err)
		benchmarkPlan(b, ec2(b), intake.RespectPreferences, pods)
	})
}

func chunky(b *testing.B) {
	b.Run("chunky/24000", func(b *testing.B) {
		benchmarkPlan(b, ec2(b), intake.RespectPreferences, benchmark.Chunky(24_000))
	})
}

func ec2(b *testing.B) []*cloudprovider.InstanceType {
	types, err := benchmark.ReadEC2(ec2Prices)
	present(b, err)
	return types
}

// present skips what needs a file that is not there.
func present(b *testing.B, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
}

func benchmarkPlan(b *testing.B, types []*cloudprovider.InstanceType, policy intake.PreferencePolicy, pods []*corev1.Pod) {
	r := newRound(b, types, policy)
	b.ReportAllocs()
	var plan place.Plan
	for b.Loop() {
		plan = r.plan(b, pods)
	}
	if len(plan.Unplaced) > 0 {
		b.Fatalf("%d pods left: %s", len(plan.Unplaced), plan.Unplaced[0].Why)
	}
	usd := 0.0
	for i := range plan.Bins {
		usd += plan.Bins[i].Price
	}
	b.ReportMetric(float64(len(pods))*float64(b.N)/b.Elapsed().Seconds(), "pods/s")
	b.ReportMetric(float64(len(plan.Bins)), "nodes")
	b.ReportMetric(usd, "usd/h")
	b.ReportMetric(usd/benchmark.Bound(pods, types), "cost/bound")
	b.ReportMetric(usd/benchmark.ConfigurationBound(pods, types), "cost/configuration")
}
