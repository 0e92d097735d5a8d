// SPDX-License-Identifier: Apache-2.0

package reservation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/reservation"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/wire"
)

const (
	describe = "ec2:DescribeCapacityReservations"
	zone     = "us-west-2a"
)

// world is an account and what looks at it.
type world struct {
	*simtest.Account
	*reservation.Reservations
	counts  *reservation.Counts
	unknown []string
}

func newWorld(t *testing.T, enabled bool, reservations ...cloudaws.Reservation) *world {
	t.Helper()
	w := &world{Account: simtest.New(t, func(o *simtest.Options) { o.Cloud.Setup.Reservations = reservations })}
	w.counts = reservation.NewCounts(w.Clock)
	w.Reservations = reservation.New(reservation.Options{
		API: ec2.NewFromConfig(w.Config), Clock: w.Clock, Enabled: enabled, Counts: w.counts,
		Unknown: func(u reservation.Unknown) { w.unknown = append(w.unknown, u.String()) },
	})
	t.Cleanup(w.Reservations.Close)
	return w
}

func in(d time.Duration) *time.Time {
	at := simtest.Start().Add(d)
	return &at
}

func some() []cloudaws.Reservation {
	return []cloudaws.Reservation{
		{ID: "cr-1", Type: "m5.large", Zone: zone, Count: 3, Match: "targeted", Tags: map[string]string{"team": "a"}},
		{ID: "cr-2", Type: "m5.large", Zone: zone, Count: 5, Match: "open", Owner: "444455556666", Tags: map[string]string{"team": "b"}},
		{ID: "cr-3", Type: "p4d.24xlarge", Zone: zone, Count: 1, Match: "targeted", Kind: "capacity-block", End: in(2 * time.Hour), Tags: map[string]string{"team": "a"}},
		{ID: "cr-4", Type: "m5.large", Zone: zone, Count: 1, Match: "targeted", End: in(-time.Hour), Tags: map[string]string{"team": "a"}},
	}
}

func nodeClass(terms ...v1.CapacityReservationSelectorTerm) *v1.EC2NodeClass {
	c := &v1.EC2NodeClass{}
	c.Name, c.UID, c.Generation = "default", "uid-1", 1
	c.Spec.CapacityReservationSelectorTerms = terms
	return c
}

func (w *world) list(t *testing.T, c *v1.EC2NodeClass) []v1.CapacityReservation {
	t.Helper()
	got, err := w.List(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ids(list []v1.CapacityReservation) string {
	var out []string
	for _, c := range list {
		out = append(out, strings.TrimPrefix(c.ID, "cr-"))
	}
	return strings.Join(out, ",")
}

// queries are what was asked for, in order of text.
func (w *world) queries() []string {
	var out []string
	for _, e := range w.Requests(describe) {
		in := wire.Tree(e.Input)
		text := strings.Join(in.Strs("CapacityReservationIds"), ",")
		for _, f := range in.Trees("Filters") {
			text += fmt.Sprint(f.Str("Name"), "=", f.Strs("Values"), " ")
		}
		if size := in.Int("MaxResults"); size > 0 {
			text += fmt.Sprint("by ", size)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// AWS-350: what terms select, by which queries.
func TestList(t *testing.T) {
	t.Parallel()
	type term = v1.CapacityReservationSelectorTerm
	team := func(name string) map[string]string { return map[string]string{"team": name} }
	for name, test := range map[string]struct {
		terms   []term
		want    string
		queries []string
	}{
		"AWS-350 each ID is a query, by ID and without page size": {
			terms: []term{{ID: "cr-2"}, {ID: "cr-1"}, {ID: "cr-2"}}, want: "1,2", queries: []string{"cr-1", "cr-2"},
		},
		"AWS-350 other terms are filters, ANDed; what ended is left out": {
			terms: []term{{Tags: team("a")}}, want: "1,3", queries: []string{"state=[active] tag:team=[a] by 1000"},
		},
		"AWS-350 owner and criteria": {
			terms: []term{{OwnerID: "444455556666", InstanceMatchCriteria: "open"}}, want: "2",
			queries: []string{"state=[active] owner-id=[444455556666] instance-match-criteria=[open] by 1000"},
		},
		"AWS-350 results are deduplicated": {
			terms: []term{{ID: "cr-1"}, {Tags: team("a")}}, want: "1,3", queries: []string{"cr-1", "state=[active] tag:team=[a] by 1000"},
		},
		"AWS-350 an ID that there is not is no match": {
			terms: []term{{ID: "cr-9"}, {ID: "cr-1"}}, want: "1", queries: []string{"cr-1", "cr-9"},
		},
		"AWS-350 one past its end is dropped, by ID too": {terms: []term{{ID: "cr-4"}}, queries: []string{"cr-4"}},
		"AWS-013 in a mixed term the ID wins": {
			terms: []term{{ID: "cr-1", Tags: team("b")}, {ID: "cr-1"}}, want: "1", queries: []string{"cr-1"},
		},
		"AWS-013 an owner alone selects nothing": {terms: []term{{OwnerID: "444455556666"}, {}}},
		"AWS-080 no terms":                       {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, true, some()...)
			for range 3 {
				if got := ids(w.list(t, nodeClass(test.terms...))); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
			if got := w.queries(); fmt.Sprint(got) != fmt.Sprint(test.queries) {
				t.Errorf("queries %q, want %q", got, test.queries)
			}
		})
	}
}

// AWS-433: with the gate off nothing is asked.
func TestGateOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false, some()...)
	if got := w.list(t, nodeClass(v1.CapacityReservationSelectorTerm{ID: "cr-1"})); got != nil || w.Calls(describe) != 0 {
		t.Errorf("got %v by %d calls", got, w.Calls(describe))
	}
	if got := w.counts.Left("cr-1"); got != 0 {
		t.Errorf("%d are left", got)
	}
}

// AWS-350: an answer is kept for a minute, for all NodeClasses that ask the same.
func TestKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, some()...)
	c := nodeClass(v1.CapacityReservationSelectorTerm{ID: "cr-1"}, v1.CapacityReservationSelectorTerm{ID: "cr-9"})
	other := nodeClass(v1.CapacityReservationSelectorTerm{ID: "cr-1"})
	other.UID = "uid-2"
	w.list(t, c)
	w.list(t, other)
	w.Step(44 * time.Second)
	w.list(t, c)
	if got := w.Calls(describe); got != 2 {
		t.Errorf("%d calls within a minute, want one for each ID", got)
	}
	w.Step(16 * time.Second)
	w.list(t, c)
	if got := w.Calls(describe); got != 4 {
		t.Errorf("%d calls after a minute", got)
	}
	w.Fail(describe, "InternalError", "")
	w.Step(time.Minute + 1)
	if got, err := w.List(t.Context(), c); err == nil || got != nil || !strings.Contains(err.Error(), "EC2NodeClass default") {
		t.Errorf("AWS-081 got %v, %v although the call fails", got, err)
	}
	if got := w.counts.Left("cr-1"); got != 3 {
		t.Errorf("CP-069 %d are left during an outage", got)
	}
}

// AWS-351: state and end are of now, however old the answer is.
func TestStateOfNow(t *testing.T) {
	t.Parallel()
	block := func(left time.Duration) cloudaws.Reservation {
		return cloudaws.Reservation{ID: "cr-3", Type: "p4d.24xlarge", Zone: zone, Count: 1, Match: "targeted", Kind: "capacity-block", End: in(left)}
	}
	c := nodeClass(v1.CapacityReservationSelectorTerm{ID: "cr-3"})
	w := newWorld(t, true, block(40*time.Minute+10*time.Second))
	if got := w.list(t, c)[0]; got.State != "active" || got.EndTime.Time != *in(40*time.Minute + 10*time.Second) {
		t.Errorf("got %+v", got)
	}
	w.Step(10 * time.Second)
	if got := w.list(t, c)[0]; got.State != "expiring" {
		t.Errorf("40 minutes before the end it is %s", got.State)
	}
	w = newWorld(t, true, block(10*time.Second))
	w.list(t, c)
	w.Step(10 * time.Second)
	if got := w.list(t, c); len(got) != 0 {
		t.Errorf("past its end got %v", got)
	}
	if got := w.Calls(describe); got != 1 {
		t.Errorf("%d calls", got)
	}
}

// AWS-015: what the status shows.
func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, some()...)
	got := w.list(t, nodeClass(v1.CapacityReservationSelectorTerm{ID: "cr-2"}))
	want := v1.CapacityReservation{
		AvailabilityZone: zone, ID: "cr-2", InstanceMatchCriteria: "open", InstanceType: "m5.large",
		OwnerID: "444455556666", ReservationType: "default", State: "active",
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := [2]int{w.counts.Left("cr-2"), w.counts.Left("cr-1")}; got != [2]int{5, 0} {
		t.Errorf("AWS-352 counts of what was asked and of what was not: %v", got)
	}
}

// AWS-350: values that are not known leave a reservation out, and are told once.
func TestUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true, append(some(), cloudaws.Reservation{ID: "cr-5", Type: "m5.large", Zone: zone, Count: 3, Match: "nearby"})...)
	c := nodeClass(v1.CapacityReservationSelectorTerm{ID: "cr-5"}, v1.CapacityReservationSelectorTerm{ID: "cr-1"})
	for range 3 {
		if got := ids(w.list(t, c)); got != "1" {
			t.Errorf("got %q", got)
		}
		w.Step(time.Hour)
	}
	if want := `[capacity reservation cr-5 has unknown InstanceMatchCriteria "nearby"]`; fmt.Sprint(w.unknown) != want {
		t.Errorf("told %v, want %s", w.unknown, want)
	}
}
