// SPDX-License-Identifier: Apache-2.0

package cloudprovider_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
)

func only(key string, values ...string) requirement.Requirements {
	return requirement.All(requirement.In(key, values...))
}

func TestOrderByPrice(t *testing.T) {
	types := cloudprovider.InstanceTypes{
		instanceType("gone", unavailable(offering("a", "spot", 1))),
		instanceType("z", offering("a", "spot", 2), offering("b", "spot", 1)),
		instanceType("m", offering("a", "on-demand", 3), offering("a", "spot", 1)),
		instanceType("cheap", offering("b", "spot", 0.5), unavailable(offering("a", "spot", 0.1))),
	}
	before := slices.Clone(types)
	for _, tc := range []struct {
		reason string
		reqs   requirement.Requirements
		want   string
	}{
		{"CP-056: lowest available price, ties by name, none last", requirement.All(), "cheap m z gone"},
		{"CP-056: only compatible offerings count", only(label.Zone, "a"), "m z cheap gone"},
		{"CP-056: only the capacity types asked for count", only(label.CapacityType, "on-demand"), "m cheap gone z"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := names(types.OrderByPrice(tc.reqs, wellKnown)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	if !slices.Equal(types, before) { // CP-009
		t.Error("ordering changed the list it was asked on")
	}
}

func TestOfferingFilters(t *testing.T) {
	spotA, onDemandA := offering("a", "spot", 1), offering("a", "on-demand", 2)
	spotB := unavailable(offering("b", "spot", 1))
	custom := offering("c", "spot", 1)
	custom.Requirements = custom.Requirements.With(requirement.In("example.com/custom", "x"))
	all := cloudprovider.Offerings{onDemandA, spotB, spotA, custom}

	t.Run("CP-057: available", func(t *testing.T) {
		wantOfferings(t, all.Available(), cloudprovider.Offerings{onDemandA, spotA, custom})
	})
	t.Run("CP-057: compatible, available or not", func(t *testing.T) {
		wantOfferings(t, all.Compatible(only(label.CapacityType, "spot"), wellKnown), cloudprovider.Offerings{spotB, spotA})
	})
	t.Run("CP-006: a key that is not well-known needs naming", func(t *testing.T) {
		wantOfferings(t, all.Compatible(only("example.com/custom", "x"), wellKnown), all)
	})
	t.Run("CP-057: filters own their result", func(t *testing.T) {
		slices.Reverse(all.Available())
		slices.Reverse(all.Compatible(only("example.com/custom", "x"), wellKnown))
		wantOfferings(t, all, cloudprovider.Offerings{onDemandA, spotB, spotA, custom})
	})
	t.Run("CP-057: types with an available compatible offering", func(t *testing.T) {
		types := cloudprovider.InstanceTypes{instanceType("a", spotA), instanceType("b", spotB), instanceType("c", onDemandA, spotB)}
		if got := names(types.Compatible(only(label.CapacityType, "spot"), wellKnown)); got != "a" {
			t.Errorf("got %s", got)
		}
	})
}

func TestCheapestAndMostExpensive(t *testing.T) { // CP-058
	first, second, dear := offering("a", "spot", 1), offering("b", "spot", 1), offering("c", "spot", 2)
	dearToo := offering("d", "spot", 2)
	all := cloudprovider.Offerings{first, second, dear, dearToo}
	if all.Cheapest() != first || all.MostExpensive() != dear {
		t.Error("the first of equals wins")
	}
	if none := (cloudprovider.Offerings{}); none.Cheapest() != nil || none.MostExpensive() != nil {
		t.Error("an empty list has neither")
	}
}

func TestWorstLaunchPrice(t *testing.T) {
	spot, spotDear, onDemand := offering("a", "spot", 1), offering("b", "spot", 3), offering("a", "on-demand", 9)
	reserved := offering("a", "reserved", 0.1)
	for _, tc := range []struct {
		reason    string
		offerings cloudprovider.Offerings
		reqs      requirement.Requirements
		want      float64
	}{
		{"CP-059: reserved before spot", cloudprovider.Offerings{onDemand, spot, reserved}, requirement.All(), 0.1},
		{"CP-059: spot before on-demand, the dearest of it", cloudprovider.Offerings{onDemand, spot, spotDear}, requirement.All(), 3},
		{"CP-059: only compatible ones", cloudprovider.Offerings{onDemand, spot, spotDear}, only(label.Zone, "a"), 1},
		{"CP-059: on-demand when that is what is allowed", cloudprovider.Offerings{onDemand, spot}, only(label.CapacityType, "on-demand"), 9},
		{"CP-059: infinite when nothing is compatible", cloudprovider.Offerings{spot}, only(label.Zone, "z"), math.Inf(1)},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := tc.offerings.WorstLaunchPrice(tc.reqs, wellKnown); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestPriceOf(t *testing.T) {
	types := cloudprovider.InstanceTypes{
		instanceType("t", offering("a", "spot", 1), unavailable(offering("b", "spot", 2))),
	}
	for _, tc := range []struct {
		reason string
		node   cloudprovider.RunningNode
		want   float64
		known  bool
	}{
		{"CP-060: by zone and capacity type", cloudprovider.RunningNode{"t", "a", "spot"}, 1, true},
		{"CP-060: whether or not available", cloudprovider.RunningNode{"t", "b", "spot"}, 2, true},
		{"CP-060: unknown zone", cloudprovider.RunningNode{"t", "c", "spot"}, 0, false},
		{"CP-060: unknown capacity type", cloudprovider.RunningNode{"t", "a", "on-demand"}, 0, false},
		{"CP-060: unknown type", cloudprovider.RunningNode{"u", "a", "spot"}, 0, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got, known := types.PriceOf(tc.node); got != tc.want || known != tc.known {
				t.Errorf("got %v, %t", got, known)
			}
		})
	}
}

func TestSatisfiesMinValues(t *testing.T) {
	types := cloudprovider.InstanceTypes{
		instanceType("a", offering("z1", "spot", 1)),
		instanceType("b", offering("z1", "spot", 1)),
		instanceType("c", offering("z2", "spot", 1)),
	}
	complement := instanceType("d", offering("z1", "spot", 1))
	complement.Requirements = requirement.All(requirement.Exists(label.InstanceType), requirement.NotIn(label.Zone, "z9"))
	min := func(r requirement.Requirement, n int) requirement.Requirement { return r.WithMinValues(n) }
	for _, tc := range []struct {
		reason  string
		types   cloudprovider.InstanceTypes
		reqs    requirement.Requirements
		scanned int
		short   map[string]int
	}{
		{"CP-061: nothing asked, nothing scanned", types, only(label.Zone, "z1"), 0, nil},
		{"CP-061: scans as far as needed", types, requirement.All(min(requirement.Exists(label.InstanceType), 2)), 2, nil},
		{"CP-061: every key must be satisfied", types,
			requirement.All(min(requirement.Exists(label.InstanceType), 2), min(requirement.Exists(label.Zone), 2)), 3, nil},
		{"CP-061: unsatisfied keys and their counts", types,
			requirement.All(min(requirement.Exists(label.InstanceType), 4), min(requirement.Exists(label.Zone), 2)), 3,
			map[string]int{label.InstanceType: 3}},
		{"CP-061: only admitted values count", types, requirement.All(min(requirement.In(label.InstanceType, "a", "c", "x"), 3)), 3,
			map[string]int{label.InstanceType: 2}},
		{"CP-061: complements contribute nothing", cloudprovider.InstanceTypes{complement},
			requirement.All(min(requirement.Exists(label.Zone), 1)), 1, map[string]int{label.Zone: 0}},
		{"CP-061: no types at all", nil, requirement.All(min(requirement.Exists(label.Zone), 1)), 0, map[string]int{label.Zone: 0}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := tc.types.SatisfiesMinValues(tc.reqs)
			if got.Scanned != tc.scanned || len(got.Unsatisfied) != len(tc.short) || (err != nil) != (tc.short != nil) {
				t.Fatalf("got %+v, %v", got, err)
			}
			for key, n := range tc.short {
				if have, ok := got.Unsatisfied[key]; !ok || have != n {
					t.Errorf("%s: %d, want %d", key, have, n)
				}
			}
		})
	}
}

func TestMinValuesErrorText(t *testing.T) { // CP-061: the error names the keys
	err := &cloudprovider.MinValuesError{Unsatisfied: map[string]int{"b": 0, "a": 2}}
	if got := err.Error(); got != "minValues not satisfied for a (2), b (0)" {
		t.Error(got)
	}
}

func TestTruncate(t *testing.T) {
	types := cloudprovider.InstanceTypes{
		instanceType("dear", offering("a", "spot", 3)),
		instanceType("cheap", offering("a", "spot", 1)),
		instanceType("middle", offering("a", "spot", 2)),
	}
	three := requirement.All(requirement.Exists(label.InstanceType).WithMinValues(3))
	for _, tc := range []struct {
		reason string
		reqs   requirement.Requirements
		n      int
		policy requirement.MinValuesPolicy
		want   string
		fails  bool
	}{
		{"CP-062: the cheapest are kept", requirement.All(), 2, requirement.StrictMinValues, "cheap middle", false},
		{"CP-062: a longer limit keeps all", requirement.All(), 9, requirement.StrictMinValues, "cheap middle dear", false},
		{"CP-062: Strict returns the original list and an error", three, 2, requirement.StrictMinValues, "dear cheap middle", true},
		{"CP-062: Strict is content when enough is kept", three, 3, requirement.StrictMinValues, "cheap middle dear", false},
		{"CP-062: BestEffort does not check", three, 2, requirement.BestEffortMinValues, "cheap middle", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := types.Truncate(cloudprovider.Truncation{Requirements: tc.reqs, Open: wellKnown, MaxTypes: tc.n, Policy: tc.policy})
			var short *cloudprovider.MinValuesError
			if errors.As(err, &short) != tc.fails || (err != nil) != tc.fails {
				t.Errorf("error %v", err)
			}
			if names(got) != tc.want {
				t.Errorf("got %s, want %s", names(got), tc.want)
			}
		})
	}
}

func TestLaunchable(t *testing.T) {
	small, big, gone := offering("a", "spot", 1), offering("b", "spot", 1), unavailable(offering("c", "spot", 1))
	big.CapacityOverride = resources("memory=64Gi")
	it := instanceType("t", small, big, gone)
	for _, tc := range []struct {
		reason   string
		reqs     requirement.Requirements
		requests string
		want     cloudprovider.Offerings
	}{
		{"CP-013: every group that fits", requirement.All(), "memory=1Gi", cloudprovider.Offerings{small, big}},
		{"CP-013: only an override group fits", requirement.All(), "memory=32Gi", cloudprovider.Offerings{big}},
		{"CP-013: nothing fits", requirement.All(), "memory=65Gi", nil},
		{"CP-013: the offering must be compatible", only(label.Zone, "a"), "memory=1Gi", cloudprovider.Offerings{small}},
		{"CP-013: the fitting group must be compatible", only(label.Zone, "a"), "memory=32Gi", nil},
		{"CP-013: the type must be compatible", only(label.InstanceType, "other"), "", nil},
		{"CP-013: unavailable offerings do not count", only(label.Zone, "c"), "", nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := it.Launchable(cloudprovider.LaunchRequest{Requirements: tc.reqs, Resources: resources(tc.requests), Open: wellKnown})
			wantOfferings(t, got, tc.want)
		})
	}
}

func TestPreferredCapacityType(t *testing.T) { // CP-014
	spot, onDemand, reserved := offering("a", "spot", 1), offering("a", "on-demand", 1), offering("a", "reserved", 1)
	for want, offerings := range map[string]cloudprovider.Offerings{
		"reserved":  {onDemand, spot, reserved},
		"spot":      {onDemand, spot},
		"on-demand": {onDemand},
		"":          {},
	} {
		if got := offerings.PreferredCapacityType(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestReservedPrice(t *testing.T) { // CP-065
	if cloudprovider.ReservedPrice(10) != 0.000001 || cloudprovider.ReservedPrice(0) != 0 {
		t.Error("reserved capacity costs a ten-millionth of on-demand")
	}
}
