// SPDX-License-Identifier: Apache-2.0

package zonalshift_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/catalogue"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/zonalshift"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type ends = map[string]time.Time

func in(d time.Duration) time.Time { return start.Add(d) }

// AWS-366: switched off.
func TestOff(t *testing.T) {
	var s *zonalshift.Shifts
	if s.Shifted("az1") || s.Refuse("a", "az1") != nil || len(s.Snapshot().Zones()) != 0 || s.Snapshot().Generation() != 0 {
		t.Error("something is shifted")
	}
	if err := (zonalshift.Source{}).Start(t.Context(), s); err != nil {
		t.Error(err)
	}
	if err := zonalshift.NewController(zonalshift.Options{}).Register(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// AWS-367: each answer replaces the set, shifts end by the clock, and the generation
// changes with the answers to questions and not otherwise.
func TestShifts(t *testing.T) {
	for _, tc := range []struct {
		reason        string
		first, second ends // nil: no second answer
		step          time.Duration
		want          string
		changes       uint64
	}{
		{"none", ends{}, nil, time.Hour, "", 0},
		{"in force", ends{"az2": in(time.Hour), "az1": in(time.Hour)}, nil, time.Hour - 1, "az1 az2", 1},
		{"at its expiry", ends{"az1": in(time.Hour), "az2": in(2 * time.Hour)}, nil, time.Hour, "az2", 2},
		{"over when it is told", ends{"az1": in(0)}, nil, 0, "", 0},
		{"without end", ends{"az1": {}}, nil, 1000 * time.Hour, "az1", 1},
		{"cancelled", ends{"az1": in(time.Hour)}, ends{}, time.Minute, "", 2},
		{"prolonged", ends{"az1": in(time.Hour)}, ends{"az1": in(3 * time.Hour)}, time.Minute, "az1", 1},
		{"moved", ends{"az1": in(time.Hour)}, ends{"az2": in(time.Hour)}, time.Minute, "az2", 2},
		{"prolonged when it was over", ends{"az1": in(time.Hour)}, ends{"az1": in(3 * time.Hour)}, time.Hour, "az1", 3},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(start)
			s := zonalshift.NewShifts(clock)
			s.Replace(tc.first)
			clock.SetTime(start.Add(tc.step))
			if tc.second != nil {
				s.Replace(tc.second)
			}
			now := s.Snapshot()
			if got := strings.Join(now.Zones(), " "); got != tc.want || now.Generation() != tc.changes {
				t.Errorf("got %q in generation %d, want %q in %d", got, now.Generation(), tc.want, tc.changes)
			}
			for _, zone := range []string{"az1", "az2", ""} {
				want := zone != "" && strings.Contains(tc.want, zone)
				if s.Shifted(zone) != want || now.Shifted(zone) != want {
					t.Errorf("%q shifted is %v", zone, s.Shifted(zone))
				}
			}
		})
	}
}

// AWS-367: the caller's map stays the caller's.
func TestReplaceCopies(t *testing.T) {
	s := zonalshift.NewShifts(clocktesting.NewFakePassiveClock(start))
	given := ends{"az1": {}}
	s.Replace(given)
	delete(given, "az1")
	if !s.Shifted("az1") {
		t.Error("shares the map")
	}
}

// AWS-368: the error names the zone.
func TestRefuse(t *testing.T) {
	s := zonalshift.NewShifts(clocktesting.NewFakePassiveClock(start))
	s.Replace(ends{"usw2-az1": {}})
	err := s.Refuse("us-west-2a", "usw2-az1")
	if !errors.Is(err, zonalshift.ErrShifted) || err.Error() != "zone us-west-2a (usw2-az1): traffic is shifted away from the zone" {
		t.Errorf("got %v", err)
	}
	if err := s.Refuse("us-west-2b", "usw2-az2"); err != nil {
		t.Error(err)
	}
}

func offering(zone, zoneID string, available bool) *cloudprovider.Offering {
	reqs := requirement.All(requirement.In(label.Zone, zone), requirement.In(label.CapacityType, label.OnDemand))
	if zoneID != "" {
		reqs = reqs.With(requirement.In(v1.LabelTopologyZoneID, zoneID))
	}
	return &cloudprovider.Offering{Requirements: reqs, Price: 1, Available: available}
}

// AWS-368: offerings of shifted zones are unavailable, and only those.
func TestChange(t *testing.T) {
	base := catalogue.NewBase([]*cloudprovider.InstanceType{{
		Name: "m5.large",
		Offerings: cloudprovider.Offerings{
			offering("a", "az1", true), offering("b", "az2", true), offering("c", "", true), offering("d", "az4", false),
		},
	}})
	s := zonalshift.NewShifts(clocktesting.NewFakePassiveClock(start))
	views := catalogue.NewViews[uint64](0)
	zones := func() (out []string) {
		now := s.Snapshot()
		for _, it := range views.Of(now.Generation(), base, now.Change()) {
			for _, o := range it.Offerings.Available() {
				out = append(out, o.Zone())
			}
		}
		return out
	}
	if got := zones(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("without shifts %v", got)
	}
	s.Replace(ends{"az1": {}, "az4": {}})
	if got := zones(); !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("shifted %v", got)
	}
	s.Replace(nil)
	if got := zones(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("afterwards %v", got)
	}
}
