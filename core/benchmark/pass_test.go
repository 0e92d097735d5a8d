// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/apis/vocabulary"
	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cluster"
	"karpenter.sh/core/cluster/volume"
	"karpenter.sh/core/controllers/disruption/moves"
	"karpenter.sh/core/controllers/disruption/survey"
	"karpenter.sh/core/engine/disrupt"
	"karpenter.sh/core/gather"
	"karpenter.sh/core/intake"
)

// passing is a cluster as the disruption loop reads it.
type passing struct {
	client.Reader
	*benchmark.Cluster
	surveyor *survey.Surveyor
	method   disrupt.Consolidation
}

func newPassing(tb testing.TB, c *benchmark.Cluster) *passing {
	tb.Helper()
	p := &passing{Cluster: c, method: disrupt.Consolidation{Workers: runtime.GOMAXPROCS(0)}}
	clock := clocktesting.NewFakeClock(time.Unix(1_700_000_000, 0))
	live, err := cluster.New(cluster.Options{
		Clock: clock, Compiler: intake.New(intake.Options{Vocabulary: vocabulary.Core(), Preferences: intake.RespectPreferences}),
		Inventory: nowhere{}, Registerer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	for i := range c.NodePools {
		live.UpdateNodePool(&c.NodePools[i])
	}
	for i, n := range c.Nodes {
		live.UpdateNodeClaim(c.NodeClaims[i])
		live.UpdateNode(n)
	}
	for _, pod := range c.Pods {
		live.UpdatePod(pod, volume.Resolution{Settled: true})
	}
	p.surveyor = survey.New(survey.Options{
		Reader: p, Cluster: live, InstanceTypes: p, PodEvents: p, Moves: &moves.Ledger{}, MovesPerHour: disrupt.EvictionRate, Clock: clock,
		NodeClasses: cloudprovider.NodeClassKinds{c.NodeClaims[0].Spec.NodeClassRef.GroupKind()},
		Gatherer:    gather.New(gather.Options{Reader: p, Vocabulary: vocabulary.Core()}),
	})
	return p
}

// List knows the objects that surveys ask for.
func (p *passing) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *v1.NodePoolList:
		list.Items = p.NodePools
	case *corev1.NamespaceList:
		list.Items = []corev1.Namespace{{}}
		list.Items[0].Name = "default"
	case *corev1.PodList, *policyv1.PodDisruptionBudgetList:
	default:
		return fmt.Errorf("nobody knows a %T", list)
	}
	return nil
}

// GetInstanceTypes returns the same types for all pools.
func (p *passing) GetInstanceTypes(context.Context, *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	return p.Types, nil
}

// Unsettled says that no pod event is pending.
func (p *passing) Unsettled(string) (time.Time, bool) { return time.Time{}, false }

// pass is one evaluation of consolidation, from the live model to the commands.
func (p *passing) pass(tb testing.TB) disrupt.Decision {
	s, err := p.surveyor.Take(context.Background(), survey.Request{
		Kind: p.method.Kind(), Held: func(string) bool { return false }, Ask: p.method.Eligible,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p.method.Decide(s.State)
}

// DIS-157, DIS-158, DIS-163, DIS-164, DIS-167: BenchmarkPass is one pass of consolidation over a cluster with ten pods on a node, in
// five node pools: idle, where nothing can be gained; removable, after 30% of the
// pods have gone; and repeat, where nothing was found and nothing has changed since.
func BenchmarkPass(b *testing.B) {
	for _, bm := range []struct {
		name  string
		nodes int
		gone  float64
	}{{"idle", 2_000, 0}, {"idle", 5_000, 0}, {"removable", 2_000, 0.3}} {
		b.Run(fmt.Sprintf("%s/%d", bm.name, bm.nodes), func(b *testing.B) {
			p := newPassing(b, benchmark.Running(bm.nodes, 5, bm.gone))
			b.ReportAllocs()
			var d disrupt.Decision
			for b.Loop() {
				d = p.pass(b)
			}
			b.ReportMetric(float64(d.Eligible), "eligible")
			b.ReportMetric(float64(len(d.Commands)), "commands")
			b.ReportMetric(float64(len(d.Nodes())), "given-up")
			b.ReportMetric(peakMB(b, func() { p.pass(b) }), "MB-more")
		})
	}
	b.Run("repeat/2000", func(b *testing.B) {
		p := newPassing(b, benchmark.Running(2_000, 5, 0))
		b.ReportAllocs()
		for b.Loop() {
			p.again(b)
		}
	})
}

// again is a pass in which nothing has changed since the last found nothing: it takes
// a survey and asks nothing.
func (p *passing) again(b *testing.B) {
	_, err := p.surveyor.Take(context.Background(), survey.Request{
		Kind: p.method.Kind(), Held: func(string) bool { return false },
		Ask: func(s disrupt.State) []string {
			if len(p.method.Eligible(s)) == 0 {
				b.Fatal("nothing is eligible")
			}
			return nil
		},
	})
	if err != nil {
		b.Fatal(err)
	}
}

// peakMB is how much memory one call allocates at most beside what there is, as far as
// the heap tells.
func peakMB(b *testing.B, call func()) float64 {
	b.StopTimer()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
}
