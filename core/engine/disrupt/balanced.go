// SPDX-License-Identifier: Apache-2.0

package disrupt

import (
	"maps"
	"math"
	"slices"
)

// Score is what a command is worth to a pool that weighs savings against
// disruption.
type Score struct {
	Pool string
	// Value is the share of the pool's cost that is saved by the share of its
	// disruption that this costs; infinite if it costs none.
	Value float64
	// Saving and Disruption are these shares.
	Saving, Disruption float64
}

// LeastScore is the score from which on a pool approves (EXT-169).
const LeastScore = 1.0 / balancedShare

// Approved reports whether the pool agrees.
func (s Score) Approved() bool { return s.Value >= LeastScore*(1-1e-9) }

// scores are those of the balanced pools that nodes are of (EXT-167, EXT-168).
func scores(nodes []*Node, saving float64, pools map[string]Pool, totals map[string]total) []Score {
	price, all, disruption := map[string]float64{}, 0.0, map[string]float64{}
	for _, n := range nodes {
		all += n.Price
		price[n.Pool] += n.Price
		disruption[n.Pool] += RescheduleCost(n.Pods)
	}
	var out []Score
	for _, pool := range slices.Sorted(maps.Keys(price)) {
		if !pools[pool].Balanced {
			continue
		}
		share := saving
		if len(price) > 1 && all > 0 {
			share *= price[pool] / all
		}
		out = append(out, score(pool, share, disruption[pool], totals[pool]))
	}
	return out
}

func score(pool string, saving, disruption float64, of total) Score {
	out := Score{Pool: pool}
	if saving <= 0 || of.cost <= 0 || of.disruption <= 0 {
		return out
	}
	out.Saving, out.Disruption = saving/of.cost, disruption/of.disruption
	out.Value = math.Inf(1)
	if disruption > 0 {
		out.Value = out.Saving / out.Disruption
	}
	return out
}

// approved reports whether all agree (EXT-170).
func approved(scores []Score) bool {
	return !slices.ContainsFunc(scores, func(s Score) bool { return !s.Approved() })
}
