// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"slices"
	"time"

	"karpenter.sh/core/benchmark"
	"karpenter.sh/core/cloudprovider"
)

// again is within what time a second eviction of a replica is a repeated one.
const again = time.Hour

// meter measures.
type meter struct {
	bound   *benchmark.Prices
	cpu     float64 // wanted at present
	memory  float64 // in GiB
	price   float64 // of all machines, per hour
	waiting int     // pods that run nowhere
	nodes   int
	pods    int // wanted at present
	longest time.Duration

	upTo  time.Duration
	hours []Hour
	hour  Hour
	failed, reclaimed, launched, removed,
	evictions, repeated, reclaims int
	spans []Span
}

func newMeter(types []*cloudprovider.InstanceType) meter {
	return meter{bound: benchmark.NewPrices(types)}
}

// advance lets time pass in which nothing changes.
func (m *meter) advance(to time.Duration) {
	for m.upTo < to {
		end := min(to, m.upTo.Truncate(time.Hour)+time.Hour)
		h := (end - m.upTo).Hours()
		m.hour.Cost += m.price * h
		m.hour.Bound += m.bound.Of(m.cpu, m.memory) * h
		m.hour.WaitingPodMinutes += float64(m.waiting) * h * 60
		m.upTo = end
		if end == end.Truncate(time.Hour) {
			m.close()
		}
	}
}

// close ends an hour.
func (m *meter) close() {
	m.hour.Nodes, m.hour.Pods = m.nodes, m.pods
	m.hours = append(m.hours, m.hour)
	m.hour = Hour{}
}

func (m *meter) demand(need amount, pods int) {
	m.cpu += float64(pods) * float64(need[0]) / 1000
	m.memory += float64(pods) * float64(need[1]) / (1 << 30)
	m.pods += pods
	if m.pods == 0 {
		m.cpu, m.memory = 0, 0 // exactly
	}
}

func (m *meter) bought(price float64) {
	m.price += price
	m.nodes++
	m.launched++
}

func (m *meter) ended(at *machine, now time.Duration) {
	m.price -= at.offering.Price
	m.nodes--
	m.removed++
	m.spans = append(m.spans, spanOf(at, now))
	if m.nodes == 0 {
		m.price = 0 // exactly
	}
}

func spanOf(m *machine, to time.Duration) Span {
	return Span{Node: m.name, Price: m.offering.Price, From: m.boughtAt, To: to}
}

// waited notes how long a pod ran nowhere.
func (m *meter) waited(d time.Duration) { m.longest = max(m.longest, d) }

// evicted counts an eviction.
func (m *meter) evicted(s *slot, now time.Duration, why cause) {
	if why == byReclaim {
		m.reclaims++
		return
	}
	m.evictions++
	m.hour.Evictions++
	if s.was && now-s.moved < again {
		m.repeated++
	}
	s.was, s.moved = true, now
}

// report is what was measured. Machines that still run are billed to the end.
func (r *replay) report() *Report {
	m := &r.meter
	for _, p := range r.pending {
		m.waited(r.Trace.Length - p.since)
	}
	hours := slices.Clone(m.hours)
	if m.hour != (Hour{}) {
		last := m.hour
		last.Nodes, last.Pods = m.nodes, m.pods
		hours = append(hours, last)
	}
	out := &Report{
		Policy: r.Policy.Name(), Seed: r.Seed, Hours: r.Trace.Length.Hours(),
		Evictions: m.evictions, Repeated: m.repeated, ReclaimEvictions: m.reclaims, Reclaims: m.reclaimed,
		Launched: m.launched, Removed: m.removed, FailedLaunches: m.failed,
		Passes: r.loop.passes, Commands: r.loop.started, Abandoned: r.loop.abandoned, LongestWait: m.longest.Minutes(), Waiting: len(r.pending), Series: hours, Spans: m.spans,
	}
	for _, h := range hours {
		out.Cost += h.Cost
		out.Bound += h.Bound
		out.WaitingPodMinutes += h.WaitingPodMinutes
	}
	if out.Bound > 0 {
		out.Ratio = out.Cost / out.Bound
	}
	for _, x := range r.machines {
		if x.stage != ordered {
			out.Spans = append(out.Spans, spanOf(x, r.Trace.Length))
		}
	}
	return out
}
