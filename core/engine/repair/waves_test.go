// SPDX-License-Identifier: Apache-2.0

package repair_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"karpenter.sh/core/engine/repair"
)

// machine is a node of a world in which nodes fall sick at random moments, take a while
// to go and are not replaced.
type machine struct {
	sickAt  time.Time
	gone    time.Time // zero while nobody gave it up
	deleted bool
}

func (m machine) there(at time.Time) bool { return !m.deleted || at.Before(m.gone) }
func (m machine) sick(at time.Time) bool  { return m.there(at) && !at.Before(m.sickAt) }

// EXT-141: however many nodes fall sick within the time that sickness is tolerated, no
// more of them go than may be sick at once: not in waves either, as the first ones go.
func TestNoWaves(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		const toleration = 10 * time.Minute
		machines := make([]machine, 1+r.IntN(40))
		falling := r.IntN(len(machines) + 1)
		for i := range machines {
			machines[i].sickAt = now.Add(1000 * time.Hour)
			if i < falling {
				machines[i].sickAt = now.Add(time.Duration(r.Int64N(int64(toleration))))
			}
		}
		bearable := repair.Peers{All: len(machines)}.Bearable()
		given := live(machines, toleration, time.Duration(1+r.IntN(600))*time.Second)
		switch {
		case falling > bearable && given > 0:
			t.Fatalf("seed %d: %d of %d nodes fall sick, and %d are given up", seed, falling, len(machines), given)
		case falling <= bearable && given != falling:
			t.Fatalf("seed %d: %d of %d nodes fall sick, and only %d are given up", seed, falling, len(machines), given)
		}
	}
}

// live looks at every node each ten seconds and returns how many are given up. Each takes
// a while to go.
func live(machines []machine, toleration, takes time.Duration) int {
	given := 0
	for at := now; at.Before(now.Add(time.Hour)); at = at.Add(10 * time.Second) {
		for i := range machines {
			m := &machines[i]
			sickness := repair.Sickness{Stated: m.sickAt, Seen: m.sickAt, Toleration: toleration}
			if !m.sick(at) || m.deleted || at.Before(sickness.Due()) {
				continue
			}
			if d := repair.Decide(repair.Case{Now: at, Peers: count(machines, at)}); d.Delete {
				m.deleted, m.gone = true, at.Add(takes)
				given++
			}
		}
	}
	return given
}

func count(machines []machine, at time.Time) repair.Peers {
	var p repair.Peers
	for _, m := range machines {
		if m.there(at) {
			p.All++
		}
		if m.sick(at) {
			p.Sick++
		}
	}
	return p
}
