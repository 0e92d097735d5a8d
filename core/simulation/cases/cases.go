// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"time"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/simulation"
	"karpenter.sh/core/simulation/trace"
)

// Case is a world to replay.
type Case struct {
	// Name is how it is asked for.
	Name string
	// About says in a line what happens.
	About string
	// make fills in what is replayed, but for policy and seed.
	make func(Inputs) (simulation.Options, error)
}

// Inputs are what cases are made from.
type Inputs struct {
	Seed uint64
	// PodList is the path of a production cluster's list of pods; see
	// [trace.Read].
	PodList string
}

// Options returns what is replayed under a policy. The error is of a file that
// cannot be read; it is an [fs.ErrNotExist] where there is none.
func (c Case) Options(in Inputs, p simulation.Policy) (simulation.Options, error) {
	o, err := c.make(in)
	o.Policy, o.Seed, o.Times = p, in.Seed, simulation.DefaultTimes()
	return o, err
}

// All returns the cases in the order of reports.
func All() []Case {
	return []Case{
		{"production", "the last week of a production cluster's pods", production},
		{"small", "8 to 20 nodes, zonal spread, tight budgets, requests that change every 30 minutes", small},
		{"spot", "services on spot machines that are taken back every 12 hours or so", spot},
		{"bursts", "batch jobs that come in bursts, beside a few services", bursts},
		{"daily", "services that follow the day, up to about 300 nodes", daily},
		{"fixed", "ten thousand pods on about a thousand nodes for a day, unchanged", fixed},
	}
}

// productionDays is how much of the production list is replayed.
const productionDays = 7

func production(in Inputs) (simulation.Options, error) {
	t, err := trace.Read(in.PodList, productionDays*24*time.Hour)
	return simulation.Options{Trace: t, Pool: pool(5 * time.Minute), Types: benchmark.FakeCloud()}, err
}

func small(in Inputs) (simulation.Options, error) {
	return simulation.Options{Trace: trace.Small(in.Seed), Pool: pool(time.Minute), Types: onDemand(benchmark.InstanceTypes(24))}, nil
}

func spot(in Inputs) (simulation.Options, error) {
	return simulation.Options{
		Trace: trace.Services(in.Seed, 600), Pool: pool(time.Minute),
		Types: market(benchmark.InstanceTypes(48), in.Seed), Reclaims: 1.0 / 12,
	}, nil
}

func bursts(in Inputs) (simulation.Options, error) {
	return simulation.Options{Trace: trace.Bursts(in.Seed), Pool: pool(30 * time.Second), Types: onDemand(benchmark.InstanceTypes(96))}, nil
}

func daily(in Inputs) (simulation.Options, error) {
	return simulation.Options{Trace: trace.Daily(in.Seed, 3_000), Pool: pool(time.Minute), Types: onDemand(benchmark.InstanceTypes(24))}, nil
}

func fixed(in Inputs) (simulation.Options, error) {
	return simulation.Options{Trace: trace.Fixed(in.Seed, 10_000), Pool: pool(time.Minute), Types: onDemand(benchmark.InstanceTypes(24))}, nil
}

// onDemand leaves no spot offering for sale.
func onDemand(types []*cloudprovider.InstanceType) []*cloudprovider.InstanceType {
	out := make([]*cloudprovider.InstanceType, len(types))
	for i, it := range types {
		out[i] = it.WithOfferings(func(o *cloudprovider.Offering) *cloudprovider.Offering {
			if o.CapacityType() == "spot" {
				return o.Unavailable()
			}
			return o
		})
	}
	return out
}
