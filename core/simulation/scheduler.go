// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"math"

	"karpenter.sh/core/simulation/trace"
)

// schedule binds the pending pods that can be, the oldest first, and has capacity
// be asked for on behalf of the others. Pods of a shape are all alike, so that the
// first of them that finds no place speaks for all until another pod is bound.
func (r *replay) schedule() {
	if len(r.pending) == 0 {
		return
	}
	for r.scheduleOnce() {
	}
	for _, p := range r.pending {
		if !p.asked {
			p.asked = true
			r.trigger()
		}
	}
}

// scheduleOnce reports whether it bound a pod after it refused one that rules
// about other pods concern.
func (r *replay) scheduleOnce() (again bool) {
	refused, ruled := map[*trace.Shape]bool{}, false
	left := r.pending[:0]
	for _, p := range r.pending {
		var m *machine
		if !refused[p.shape] {
			m = r.pick(p)
		}
		if m == nil {
			refused[p.shape] = true
			ruled = ruled || p.shape.ZoneSkew > 0
			left = append(left, p)
			continue
		}
		r.bind(p, m)
		again = again || ruled
	}
	clear(r.pending[len(left):])
	r.pending = left
	return again
}

// pick is the best node for a pod, the first of equals; nil for none.
func (r *replay) pick(p *pod) *machine {
	var best *machine
	top := math.Inf(-1)
	for _, m := range r.machines {
		if !m.takes(p) || !r.balances(p, m.zone) {
			continue
		}
		if s := r.score(p, m); s > top {
			best, top = m, s
		}
	}
	return best
}

// takes reports whether a machine could run a pod, whatever rules say about zones.
func (m *machine) takes(p *pod) bool {
	if m.stage != ready || !p.need.fits(m.free) || p.shape.Zone != "" && p.shape.Zone != m.zone {
		return false
	}
	if p.shape.Apart {
		for _, o := range m.pods {
			if o.app == p.app {
				return false
			}
		}
	}
	return true
}

// balances reports whether one more pod in a zone keeps the skew. Zones count in
// which there is a node, even one that takes no pods.
func (r *replay) balances(p *pod, zone string) bool {
	if p.shape.ZoneSkew == 0 {
		return true
	}
	least := math.MaxInt
	for z, nodes := range r.zones {
		if nodes > 0 && (p.shape.Zone == "" || p.shape.Zone == z) {
			least = min(least, p.app.zones[z])
		}
	}
	return p.app.zones[zone]+1-least <= int(p.shape.ZoneSkew)
}

// score prefers nodes with much room left, or with little, and among them those
// whose CPU and memory are used alike.
func (r *replay) score(p *pod, m *machine) float64 {
	free := m.free.minus(p.need)
	cpu, memory := share(free[0], m.room[0]), share(free[1], m.room[1])
	room := (cpu + memory) / 2
	if r.MostAllocated {
		room = 1 - room
	}
	return room + 1 - math.Abs(cpu-memory)/2
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
