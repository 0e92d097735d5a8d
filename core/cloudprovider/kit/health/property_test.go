// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"karpenter.sh/core/cloudprovider/kit/health"
)

// KIT-001 to KIT-010: whatever is marked and lifted and however time goes, the
// record answers like a plain list of marks, and one generation has one answer.
func TestLikeAList(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		w, list := newWorld(0), map[health.Scope]time.Time{}
		questions := make([]health.Offering, 40)
		for i := range questions {
			questions[i] = someOffering(random)
		}
		answers := map[uint64][]bool{}
		for range 60 {
			switch random.IntN(4) {
			case 0, 1:
				s, ttl := someScope(random), time.Duration(1+random.IntN(5))*time.Minute
				w.mark(t, s, "R", ttl)
				if until := w.clock.Now().Add(ttl); until.After(list[s]) {
					list[s] = until
				}
			case 2:
				w.advance(time.Duration(random.IntN(120)) * time.Second)
			case 3:
				s := someScope(random)
				w.Lift(s)
				delete(list, s)
			}
			got, want := ask(w.Snapshot(), questions), askList(list, w.clock.Now(), questions)
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: got %v, want %v", seed, got, want)
			}
			if before, ok := answers[w.Generation()]; ok && !slices.Equal(before, got) {
				t.Fatalf("seed %d: two answers in generation %d", seed, w.Generation())
			}
			answers[w.Generation()] = got
		}
	}
}

func ask(s *health.Snapshot, questions []health.Offering) []bool {
	out := make([]bool, len(questions))
	for i, o := range questions {
		_, out[i] = s.Why(o)
	}
	return out
}

// askList is the slow, obvious answer.
func askList(list map[health.Scope]time.Time, now time.Time, questions []health.Offering) []bool {
	out := make([]bool, len(questions))
	for i, o := range questions {
		full := map[string]bool{}
		for s, until := range list {
			if !now.Before(until) || !inScope(s, o) {
				continue
			}
			if s.Network == "" {
				out[i] = true
			}
			full[s.Network] = true
		}
		all := len(o.Networks) > 0
		for _, n := range o.Networks {
			all = all && full[n]
		}
		out[i] = out[i] || all
	}
	return out
}

func inScope(s health.Scope, o health.Offering) bool {
	for _, pair := range [][2]string{
		{s.CapacityType, o.CapacityType}, {s.InstanceType, o.InstanceType}, {s.Zone, o.Zone}, {s.NodePool, o.NodePool}, {s.Family, o.Family},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return (s.Place == "" || slices.Contains(o.Places, s.Place)) && o.VCPUs >= s.MinVCPUs
}

func some(r *rand.Rand, values ...string) string { return values[r.IntN(len(values))] }

func someScope(r *rand.Rand) health.Scope {
	for {
		s := health.Scope{
			CapacityType: some(r, "", "", spot, onDemand), InstanceType: some(r, "", "t1", "t2"), Zone: some(r, "", "a", "b"),
			Network: some(r, "", "", "n1", "n2"), NodePool: some(r, "", "", "p1"), Place: some(r, "", "", "g1", "g2"), Family: some(r, "", "", "f1", "f2"),
		}
		if s.Family != "" {
			s.MinVCPUs = r.Int64N(3) * 4
		}
		if s != (health.Scope{}) {
			return s
		}
	}
}

func someOffering(r *rand.Rand) health.Offering {
	o := health.Offering{
		CapacityType: some(r, spot, onDemand), InstanceType: some(r, "t1", "t2", "t3"), Zone: some(r, "a", "b"),
		NodePool: some(r, "p1", "p2"), Family: some(r, "f1", "f2"), VCPUs: r.Int64N(12),
	}
	if r.IntN(2) == 0 {
		o.Places = []string{some(r, "g1", "g2")}
	}
	for _, n := range []string{"n1", "n2"} {
		if r.IntN(2) == 0 {
			o.Networks = append(o.Networks, n)
		}
	}
	return o
}
