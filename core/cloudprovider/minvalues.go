// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"karpenter.sh/core/engine/requirement"
)

// MinValuesResult tells how far a list of types satisfies minValues.
type MinValuesResult struct {
	// Scanned is how many types, from the front, it takes; 0 without minValues
	// and all when they are not satisfied.
	Scanned int
	// Unsatisfied holds, for each key that falls short, how many distinct values
	// there are.
	Unsatisfied map[string]int
}

// MinValuesError says which keys fall short of their minValues.
type MinValuesError struct {
	// Unsatisfied holds the number of distinct values there are for each key.
	Unsatisfied map[string]int
}

// Error lists the keys, sorted.
func (e *MinValuesError) Error() string {
	parts := make([]string, 0, len(e.Unsatisfied))
	for _, key := range slices.Sorted(maps.Keys(e.Unsatisfied)) {
		parts = append(parts, fmt.Sprintf("%s (%d)", key, e.Unsatisfied[key]))
	}
	return "minValues not satisfied for " + strings.Join(parts, ", ")
}

// SatisfiesMinValues scans the types in their order until each key with
// minValues has that many distinct values (CP-061). Counted are the values that
// a type lists and the requirement admits. The error is a *MinValuesError.
func (its InstanceTypes) SatisfiesMinValues(reqs requirement.Requirements) (MinValuesResult, error) {
	missing := minValuesOf(reqs)
	if len(missing) == 0 {
		return MinValuesResult{}, nil
	}
	for i, it := range its {
		missing = countValues(missing, it)
		if len(missing) == 0 {
			return MinValuesResult{Scanned: i + 1}, nil
		}
	}
	result := MinValuesResult{Scanned: len(its), Unsatisfied: map[string]int{}}
	for _, m := range missing {
		result.Unsatisfied[m.wanted.Key()] = len(m.seen)
	}
	return result, &MinValuesError{Unsatisfied: result.Unsatisfied}
}

// distinct collects the values seen for one requirement with minValues.
type distinct struct {
	wanted requirement.Requirement
	seen   map[string]struct{}
}

func minValuesOf(reqs requirement.Requirements) []distinct {
	if !reqs.HasMinValues() {
		return nil
	}
	var out []distinct
	for r := range reqs.Each() {
		if r.MinValues() > 0 {
			out = append(out, distinct{wanted: r, seen: map[string]struct{}{}})
		}
	}
	return out
}

// countValues adds the type's values and returns what is still missing.
func countValues(missing []distinct, it *InstanceType) []distinct {
	return slices.DeleteFunc(missing, func(d distinct) bool {
		offered, _ := it.Requirements.Get(d.wanted.Key())
		if offered.Concrete() {
			for _, v := range offered.Values() {
				if d.wanted.Has(v) {
					d.seen[v] = struct{}{}
				}
			}
		}
		return len(d.seen) >= d.wanted.MinValues()
	})
}

// Truncation is how a list of types is cut.
type Truncation struct {
	Requirements requirement.Requirements
	// Open are the keys that the requirements may leave undefined.
	Open requirement.MayBeUndefined
	// MaxTypes is how many types are kept.
	MaxTypes int
	// Policy says whether the kept part must satisfy minValues.
	Policy requirement.MinValuesPolicy
}

// Truncate orders the types by price and keeps the first (CP-062). When the
// kept part breaks minValues that bind, it returns the original list and an
// error that holds a *MinValuesError.
func (its InstanceTypes) Truncate(t Truncation) (InstanceTypes, error) {
	ordered := its.OrderByPrice(t.Requirements, t.Open)
	kept := ordered[:min(t.MaxTypes, len(ordered))]
	if t.Policy == requirement.BestEffortMinValues {
		return kept, nil
	}
	if _, err := kept.SatisfiesMinValues(t.Requirements); err != nil {
		return its, fmt.Errorf("keeping the %d cheapest of %d instance types: %w", len(kept), len(its), err)
	}
	return kept, nil
}
