// SPDX-License-Identifier: Apache-2.0

package instancetype

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/ration"
)

// limit is one that offerings of a base draw on.
type limit struct {
	name string
	// amounts are what single machines draw, ascending.
	amounts []int64
}

// limitsOf are the limits that types draw on, by name.
func limitsOf(list []*cloudprovider.InstanceType) []limit {
	amounts := map[string]map[int64]bool{}
	for _, it := range list {
		for _, o := range it.Offerings {
			for _, d := range o.Draws {
				if amounts[d.Limit] == nil {
					amounts[d.Limit] = map[int64]bool{}
				}
				amounts[d.Limit][d.Amount] = true
			}
		}
	}
	var out []limit
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		out = append(out, limit{name, slices.Sorted(maps.Keys(amounts[name]))})
	}
	return out
}

// rooms are, by limit, what the largest machine draws that there is room for. What is
// left beyond that makes no difference to a view, so that most launches change none.
// Limits that nobody knows, and those with room for all, are not there.
type rooms map[string]int64

func (p *Provider) rooms(b *base) rooms {
	out := rooms{}
	for _, l := range b.limits {
		left, known := p.opts.Quotas.Left(l.name)
		if !known || left >= l.amounts[len(l.amounts)-1] {
			continue
		}
		out[l.name] = 0
		for _, amount := range l.amounts {
			if amount <= left {
				out[l.name] = amount
			}
		}
	}
	return out
}

// exceeded reports whether there is no room for what a machine draws.
func (r rooms) exceeded(draws []ration.Draw) bool {
	return slices.ContainsFunc(draws, func(d ration.Draw) bool {
		most, bound := r[d.Limit]
		return bound && d.Amount > most
	})
}

// String is equal for equal rooms only.
func (r rooms) String() string {
	parts := make([]string, 0, len(r))
	for _, name := range slices.Sorted(maps.Keys(r)) {
		parts = append(parts, fmt.Sprintf("%s=%d", name, r[name]))
	}
	return strings.Join(parts, ",")
}
