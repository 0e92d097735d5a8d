// SPDX-License-Identifier: Apache-2.0

package reservation_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"
	"pgregory.net/rapid"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/reservation"
)

// lister lists one reservation, and lets something happen while it is being read.
type lister struct {
	reservation types.CapacityReservation
	meanwhile   func()
}

func (l *lister) DescribeCapacityReservations(context.Context, *ec2.DescribeCapacityReservationsInput, ...func(*ec2.Options)) (*ec2.DescribeCapacityReservationsOutput, error) {
	answer := l.reservation
	if l.meanwhile != nil {
		l.meanwhile()
	}
	return &ec2.DescribeCapacityReservationsOutput{CapacityReservations: []types.CapacityReservation{answer}}, nil
}

// counting is a reservation of ten, of which some are left.
type counting struct {
	*reservation.Counts
	listBy func(term v1.CapacityReservationSelectorTerm) []v1.CapacityReservation
	api    *lister
	clock  *testclock.FakeClock
	told   []reservation.Unknown
}

func (c *counting) list() []v1.CapacityReservation {
	return c.listBy(v1.CapacityReservationSelectorTerm{ID: "cr-1"})
}

func count(t rapidOrTesting) *counting {
	c := &counting{clock: testclock.NewFakeClock(simtest.Start()), api: &lister{reservation: types.CapacityReservation{
		CapacityReservationId: aws.String("cr-1"), State: types.CapacityReservationStateActive,
		InstanceMatchCriteria: types.InstanceMatchCriteriaTargeted, InstanceType: aws.String("m5.large"),
		AvailabilityZone: aws.String(zone), TotalInstanceCount: aws.Int32(10),
	}}}
	c.Counts = reservation.NewCounts(c.clock)
	reservations := reservation.New(reservation.Options{
		API: c.api, Clock: c.clock, Enabled: true, Counts: c.Counts,
		Unknown: func(u reservation.Unknown) { c.told = append(c.told, u) },
	})
	t.Cleanup(reservations.Close)
	c.listBy = func(term v1.CapacityReservationSelectorTerm) []v1.CapacityReservation {
		got, err := reservations.List(context.Background(), nodeClass(term))
		if err != nil {
			t.Error(err)
		}
		return got
	}
	return c
}

type rapidOrTesting interface {
	Cleanup(func())
	Error(...any)
}

// read lets a minute pass and reads that so many are left.
func (c *counting) read(left int32) {
	c.clock.Step(time.Minute)
	c.api.reservation.AvailableInstanceCount = aws.Int32(left)
	c.list()
}

// CP-069, AWS-352: what is left after what happened.
func TestLeft(t *testing.T) {
	t.Parallel()
	const id = "cr-1"
	for name, test := range map[string]struct {
		happens func(c *counting)
		want    int
	}{
		"CP-068 unknown is none":                     {func(*counting) {}, 0},
		"CP-069 unknown stays none":                  {func(c *counting) { c.Ended(id); c.Launched(id) }, 0},
		"CP-069 what is listed":                      {func(c *counting) { c.read(3) }, 3},
		"CP-069 less what was launched":              {func(c *counting) { c.read(3); c.Launched(id); c.Launched(id) }, 1},
		"CP-069 not below none":                      {func(c *counting) { c.read(1); c.Launched(id); c.Launched(id); c.Ended(id) }, 1},
		"CP-069 a refusal is none":                   {func(c *counting) { c.read(3); c.Refused(id) }, 0},
		"CP-069 a newer listing ends a refusal":      {func(c *counting) { c.read(3); c.Refused(id); c.read(2) }, 2},
		"CP-069 a newer listing holds launches":      {func(c *counting) { c.read(3); c.Launched(id); c.read(2) }, 2},
		"CP-069 one more after an end":               {func(c *counting) { c.read(3); c.Ended(id) }, 4},
		"CP-069 one more after a refusal":            {func(c *counting) { c.read(3); c.Refused(id); c.Ended(id) }, 1},
		"CP-069 not more than there is in all":       {func(c *counting) { c.read(9); c.Ended(id); c.Ended(id); c.Ended(id) }, 10},
		"CP-069 an end that a listing holds":         {func(c *counting) { c.read(3); c.Ended(id); c.read(4) }, 4},
		"CP-069 others do not count":                 {func(c *counting) { c.read(3); c.Launched("cr-2"); c.Refused("cr-2") }, 3},
		"CP-069 kept for a day":                      {func(c *counting) { c.read(3); c.Launched(id); c.clock.Step(24*time.Hour - 1) }, 2},
		"CP-069 not longer":                          {func(c *counting) { c.read(3); c.clock.Step(24 * time.Hour) }, 0},
		"CP-069 a launch while nothing is known yet": {func(c *counting) { c.api.meanwhile = c.later(c.Launched); c.read(3) }, 3},
		"CP-069 a launch while the next is read": {func(c *counting) {
			c.read(3)
			c.api.meanwhile = c.later(c.Launched)
			c.read(3)
		}, 2},
		"CP-069 a refusal while the next is read": {func(c *counting) {
			c.read(3)
			c.api.meanwhile = c.later(c.Refused)
			c.read(3)
		}, 0},
		"CP-069 more than is remembered": {func(c *counting) {
			c.read(1000)
			for range 400 {
				c.Launched(id)
			}
		}, 600},
		"CP-069 a listing that began earlier comes later": {func(c *counting) {
			c.api.meanwhile = func() {
				c.api.meanwhile = nil
				c.clock.Step(time.Second)
				c.api.reservation.AvailableInstanceCount = aws.Int32(1)
				c.listBy(v1.CapacityReservationSelectorTerm{InstanceMatchCriteria: "targeted"})
			}
			c.read(3)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := count(t)
			test.happens(c)
			if got := c.Left(id); got != test.want {
				t.Errorf("%d are left, want %d", got, test.want)
			}
		})
	}
}

// later happens a second after what is being read began.
func (c *counting) later(tell func(string)) func() {
	return func() {
		c.clock.Step(time.Second)
		tell("cr-1")
	}
}

// CP-084: the generation changes with the answer, and only then.
func TestGeneration(t *testing.T) {
	t.Parallel()
	c := count(t)
	last := c.Generation()
	step := func(why string, changes bool, happens func()) {
		t.Helper()
		happens()
		if now := c.Generation(); (now != last) != changes {
			t.Errorf("%s: generation %d after %d", why, now, last)
		}
		last = c.Generation()
	}
	step("a first listing", true, func() { c.read(2) })
	step("the same listing", false, func() { c.read(2) })
	step("a launch", true, func() { c.Launched("cr-1") })
	step("a listing that says the same", false, func() { c.read(1) })
	step("a refusal", true, func() { c.Refused("cr-1") })
	step("another refusal", false, func() { c.Refused("cr-1") })
	step("another reservation", false, func() { c.Launched("cr-2") })
	step("a newer listing", true, func() { c.read(1) })
	step("time", false, func() { c.clock.Step(time.Hour) })
	step("the end of the retention", true, func() { c.clock.Step(23 * time.Hour) })
}

// CP-069: whatever happens, a count is between none and all there are, and the
// generation changes whenever it does.
func TestCountsHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := count(t)
		left, generation := c.Left("cr-1"), c.Generation()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				c.read(rapid.Int32Range(-1, 12).Draw(t, "left"))
			case 1:
				c.Launched("cr-1")
			case 2:
				c.Refused("cr-1")
			case 3:
				c.Ended("cr-1")
			case 4:
				c.clock.Step(time.Duration(rapid.IntRange(0, 1500).Draw(t, "minutes")) * time.Minute)
			}
			now, next := c.Left("cr-1"), c.Generation()
			if now < 0 || now > 12 {
				t.Fatalf("%d are left", now)
			}
			if now != left && next == generation {
				t.Fatalf("%d are left after %d in the same generation", now, left)
			}
			left, generation = now, next
		}
	})
}

// AWS-350, AWS-352: what the simulated cloud has no reservations of.
func TestKinds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*types.CapacityReservation)
		unknown string
		want    func(v1.CapacityReservation) bool
	}{
		"AWS-352 interruptible": {
			change: func(c *types.CapacityReservation) { c.Interruptible = aws.Bool(true) },
			want:   func(c v1.CapacityReservation) bool { return c.Interruptible },
		},
		"AWS-015 no type is the default one": {
			want: func(c v1.CapacityReservation) bool { return c.ReservationType == "default" && !c.Interruptible },
		},
		"AWS-350 an unknown type": {
			change: func(c *types.CapacityReservation) { c.ReservationType = "future" }, unknown: "ReservationType",
		},
		"AWS-352 without a zone it is no offering": {
			change: func(c *types.CapacityReservation) { c.AvailabilityZone = nil }, unknown: "AvailabilityZone",
		},
		"AWS-352 without an instance type it is no offering": {
			change: func(c *types.CapacityReservation) { c.InstanceType = nil }, unknown: "InstanceType",
		},
		"AWS-350 not active":  {change: func(c *types.CapacityReservation) { c.State = types.CapacityReservationStateCancelled }},
		"AWS-350 an ID alone": {change: func(c *types.CapacityReservation) { c.CapacityReservationId = nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := count(t)
			if test.change != nil {
				test.change(&c.api.reservation)
			}
			got := c.list()
			if test.want == nil && len(got) != 0 || test.want != nil && (len(got) != 1 || !test.want(got[0])) {
				t.Errorf("got %+v", got)
			}
			if len(c.told) != min(len(test.unknown), 1) || len(c.told) == 1 && c.told[0].Field != test.unknown {
				t.Errorf("told %v", c.told)
			}
		})
	}
}

// AWS-351, AWS-080: when a list changes by itself.
func TestNextChange(t *testing.T) {
	t.Parallel()
	now := simtest.Start()
	ending := func(kind v1.CapacityReservationType, left time.Duration) v1.CapacityReservation {
		c := v1.CapacityReservation{ReservationType: kind}
		c.EndTime = &metav1.Time{Time: now.Add(left)}
		return c
	}
	for name, test := range map[string]struct {
		list []v1.CapacityReservation
		want time.Duration
		any  bool
	}{
		"AWS-080 none ends":                   {list: []v1.CapacityReservation{{}}},
		"AWS-080 the next end":                {list: []v1.CapacityReservation{ending("default", 3*time.Hour), ending("default", time.Hour)}, want: time.Hour, any: true},
		"AWS-351 a block expires before":      {list: []v1.CapacityReservation{ending("capacity-block", time.Hour)}, want: 20 * time.Minute, any: true},
		"AWS-351 a block that expires ends":   {list: []v1.CapacityReservation{ending("capacity-block", 40*time.Minute)}, want: 40 * time.Minute, any: true},
		"AWS-080 what has ended is no change": {list: []v1.CapacityReservation{ending("default", 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, any := reservation.NextChange(test.list, now); got != test.want || any != test.any {
				t.Errorf("got %v, %v", got, any)
			}
		})
	}
	if got := reservation.StateAt(ending("default", time.Minute), now); got != "active" {
		t.Errorf("a reservation that is no block is %s", got)
	}
}
