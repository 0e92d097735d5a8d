// SPDX-License-Identifier: Apache-2.0

package benchmark_test

import (
	"fmt"
	"math"
	"math/rand"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

func TestConfigurationBound(t *testing.T) {
	for _, c := range []struct {
		why   string
		pods  []*corev1.Pod
		types []*cloudprovider.InstanceType
		want  float64
	}{
		{"half of a machine is lost where no second pod fits", requesting([2]int64{51, 1}, [2]int64{51, 1}),
			[]*cloudprovider.InstanceType{selling(100, 100, 10, 1)}, 2},
		{"a machine may be bought in part", requesting([2]int64{50, 1}, [2]int64{50, 1}, [2]int64{50, 1}),
			[]*cloudprovider.InstanceType{selling(100, 100, 10, 1)}, 1.5},
		{"small pods fill up what large ones leave", requesting([2]int64{64, 64}, [2]int64{32, 32}, [2]int64{64, 64}, [2]int64{32, 32}),
			[]*cloudprovider.InstanceType{selling(96, 96, 10, 1.5), selling(32, 32, 10, 0.5)}, 3},
		{"the number of pods counts", requesting([2]int64{1, 1}, [2]int64{1, 1}, [2]int64{1, 1}, [2]int64{1, 1}),
			[]*cloudprovider.InstanceType{selling(100, 100, 2, 1)}, 2},
		{"what costs more and holds less is never bought", requesting([2]int64{2, 2}),
			[]*cloudprovider.InstanceType{selling(2, 2, 10, 3), selling(3, 2, 10, 2)}, 2},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got := benchmark.ConfigurationBound(c.pods, c.types); math.Abs(got-c.want) > 1e-4*c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestConfigurationBoundIsNoMoreThanTheOptimum compares with the cheapest of all
// ways to part the pods, and so with the bound that cuts pods.
func TestConfigurationBoundIsNoMoreThanTheOptimum(t *testing.T) {
	for seed := range int64(200) {
		rnd := rand.New(rand.NewSource(seed))
		var requests [][2]int64
		for range 1 + rnd.Intn(8) {
			requests = append(requests, [2]int64{1 + rnd.Int63n(60), 1 + rnd.Int63n(60)})
			if rnd.Intn(2) == 0 {
				requests = append(requests, requests[len(requests)-1])
			}
		}
		requests = requests[:min(len(requests), 10)]
		var types []*cloudprovider.InstanceType
		for range 1 + rnd.Intn(4) {
			cpu, memory := 60+rnd.Int63n(60), 60+rnd.Int63n(60)
			types = append(types, selling(cpu, memory, 2+rnd.Int63n(3), float64(cpu+memory)*(1+rnd.Float64())))
		}
		got, least := benchmark.ConfigurationBound(requesting(requests...), types), optimum(requests, types)
		if got > least*(1+1e-9) {
			t.Errorf("seed %d: the bound is %v, and %v is enough", seed, got, least)
		}
		if fractions := benchmark.Bound(requesting(requests...), types); got < fractions || fractions > least*(1+1e-9) {
			t.Errorf("seed %d: the bound is %v, in fractions %v, and %v is enough", seed, got, fractions, least)
		}
	}
}

// optimum tries all ways to part the pods.
func optimum(requests [][2]int64, types []*cloudprovider.InstanceType) float64 {
	price, least := make([]float64, 1<<len(requests)), make([]float64, 1<<len(requests))
	for set := range price {
		var sum [2]int64
		var n int64
		for i, r := range requests {
			if set>>i&1 == 1 {
				sum[0], sum[1], n = sum[0]+r[0], sum[1]+r[1], n+1
			}
		}
		price[set] = math.Inf(1)
		for _, it := range types {
			if c := it.Capacity; sum[0] <= c.Cpu().Value() && sum[1]<<30 <= c.Memory().Value() && n <= c.Pods().Value() {
				price[set] = min(price[set], it.Offerings[0].Price)
			}
		}
	}
	for set := 1; set < len(least); set++ {
		least[set] = price[set]
		for part := (set - 1) & set; part > 0; part = (part - 1) & set {
			least[set] = min(least[set], price[part]+least[set&^part])
		}
	}
	return least[len(least)-1]
}

// requesting makes pods that ask for CPUs and GiB.
func requesting(amounts ...[2]int64) (out []*corev1.Pod) {
	for i, a := range amounts {
		p := &corev1.Pod{}
		p.Name = fmt.Sprint(i)
		p.Spec.Containers = []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: sized(a[0], a[1])}}}
		out = append(out, p)
	}
	return out
}

// selling makes a type.
func selling(cpu, gib, pods int64, price float64) *cloudprovider.InstanceType {
	it := &cloudprovider.InstanceType{Name: fmt.Sprintf("%d-%d", cpu, gib), Capacity: sized(cpu, gib)}
	it.Capacity[corev1.ResourcePods] = *resource.NewQuantity(pods, resource.DecimalSI)
	it.Offerings = []*cloudprovider.Offering{{
		Requirements: requirement.All(requirement.In(label.CapacityType, label.OnDemand)), Price: price, Available: true,
	}}
	return it
}

func sized(cpu, gib int64) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(cpu, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(gib<<30, resource.BinarySI),
	}
}
