// SPDX-License-Identifier: Apache-2.0

package benchmark

import (
	"math"

	corev1 "k8s.io/api/core/v1"

	"karpenter.sh/core/cloudprovider"
)

// Bound is a lower bound on the cost per hour of any set of nodes that holds
// the pods: the linear relaxation in which nodes and pods may be cut into any
// fractions. It considers CPU and memory.
func Bound(pods []*corev1.Pod, types []*cloudprovider.InstanceType) float64 {
	demand := [2]float64{}
	for _, p := range pods {
		for _, c := range p.Spec.Containers {
			demand[0] += c.Resources.Requests.Cpu().AsApproximateFloat64()
			demand[1] += c.Resources.Requests.Memory().AsApproximateFloat64() / gib
		}
	}
	return NewPrices(types).Of(demand[0], demand[1])
}

// Prices are what a unit of CPU and one of memory may be said to cost at most,
// such that no node holds more than it costs: the dual of [Bound]. Its optimum is
// where two of its constraints meet, so all such points are kept.
type Prices struct{ points [][2]float64 }

// NewPrices returns the prices for what is for sale. It costs the cube of the
// number of types.
func NewPrices(types []*cloudprovider.InstanceType) *Prices {
	out, lines := &Prices{}, constraints(types)
	for i := range lines {
		for j := i + 1; j < len(lines); j++ {
			if x, y, ok := meet(lines[i], lines[j]); ok && feasible(lines, x, y) {
				out.points = append(out.points, [2]float64{x, y})
			}
		}
	}
	return out
}

// Of is the bound for a sum of requests, of CPU and of memory in GiB.
func (p *Prices) Of(cpu, memory float64) float64 {
	best := 0.0
	for _, at := range p.points {
		best = math.Max(best, cpu*at[0]+memory*at[1])
	}
	return best
}

// gib makes prices of CPU and memory comparable, and with them what is as good as
// none.
const gib = 1 << 30

// line is a*x + b*y <= c.
type line struct{ a, b, c float64 }

// constraints say that what a node holds is worth no more than it costs, and
// that no resource has a negative price.
func constraints(types []*cloudprovider.InstanceType) []line {
	out := []line{{-1, 0, 0}, {0, -1, 0}}
	for _, it := range types {
		price := math.Inf(1)
		for _, o := range it.Offerings {
			if o.Available {
				price = math.Min(price, o.Price)
			}
		}
		free := it.Allocatable()
		if !math.IsInf(price, 1) {
			out = append(out, line{free.Cpu().AsApproximateFloat64(), free.Memory().AsApproximateFloat64() / gib, price})
		}
	}
	return out
}

func meet(p, q line) (x, y float64, ok bool) {
	det := p.a*q.b - q.a*p.b
	if det == 0 {
		return 0, 0, false
	}
	return (p.c*q.b - q.c*p.b) / det, (p.a*q.c - q.a*p.c) / det, true
}

func feasible(lines []line, x, y float64) bool {
	for _, l := range lines {
		if l.a*x+l.b*y > l.c+1e-9*math.Max(1, math.Abs(l.c)) {
			return false
		}
	}
	return true
}
