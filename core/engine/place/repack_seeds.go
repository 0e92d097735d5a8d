// SPDX-License-Identifier: Apache-2.0

package place

import (
	"slices"

	"karpenter.sh/core/engine/pack"
	"karpenter.sh/core/engine/resource"
)

// seed is what stays of bins that are alike without their movable pods.
type seed struct {
	phase
	used resource.Vector
	of   []rest
}

// seedKey tells most seeds apart.
type seedKey struct {
	phase
	cpu, memory int64
}

// rest is what stays of one bin.
type rest struct {
	bin  *bin
	pods []pod
}

// next is the bin of the seed that gets the next machine.
func (sd *seed) next() *bin {
	r := sd.of[0]
	sd.of = sd.of[1:]
	b := &bin{pool: r.bin.pool, name: r.bin.name, ports: r.bin.ports, minimums: r.bin.minimums, relaxed: r.bin.relaxed}
	for _, p := range r.pods {
		b.hold(p)
	}
	return b
}

// relies reports whether a rule relies on the domains of the pods' bin.
func (s *solver) relies(pods []pod) bool {
	return slices.ContainsFunc(pods, func(p pod) bool {
		return len(p.route.onKeys) > 0 || slices.ContainsFunc(groupsOf(p.route.class.Class), func(g int32) bool {
			return s.obeyed.Has(int(g)) && !s.tally(g).Hostname
		})
	})
}

// addSeed keeps the fixed pods of a bin together. Its state is theirs alone,
// unless it must stay as it is.
func (x *mix) addSeed(b *bin, pods []pod, frozen bool) {
	fresh := &seed{phase: phase{b.state, frozen}}
	if !frozen {
		fresh.state = x.root
	}
	for _, p := range pods {
		fresh.used = fresh.used.Add(p.route.class.Requests)
		if !frozen {
			fresh.state = x.pool.join(fresh.state, p.route)
		}
	}
	key := seedKey{fresh.phase, fresh.used.Get(resource.CPU), fresh.used.Get(resource.Memory)}
	i := slices.IndexFunc(x.alike[key], func(sd *seed) bool { return sd.used.Equal(fresh.used) })
	if i < 0 {
		i = len(x.alike[key])
		x.alike[key] = append(x.alike[key], fresh)
		x.seeds = append(x.seeds, fresh)
	}
	sd := x.alike[key][i]
	sd.of = append(sd.of, rest{b, pods})
}

func (x *mix) packSeeds() []pack.Seed {
	out := make([]pack.Seed, len(x.seeds))
	for i, sd := range x.seeds {
		out[i] = pack.Seed{State: x.numbered(sd.phase), Used: sd.used, Count: len(sd.of)}
	}
	return out
}
