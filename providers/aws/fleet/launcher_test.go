// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	cloud "karpenter.sh/test/cloudsim/world"
)

// got writes results as "c5.large=2 error=1".
func got(results []result) string {
	counts := map[string]int{}
	for _, r := range results {
		if r.err != nil {
			counts["error"]++
			continue
		}
		counts[r.Type]++
	}
	var out []string
	for name, n := range counts {
		out = append(out, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// AWS-325, CP-319: requests share fleets, and each gets what it lists.
func TestSharedFleets(t *testing.T) {
	for _, tc := range []struct {
		name         string
		capacityType string
		lists        [][]string
		stock        map[string]int
		want         string
		fleets       int
	}{
		{"equal lists", label.OnDemand, [][]string{{"c5.large", "m5.large"}, {"m5.large", "c5.large"}}, nil, "c5.large=20", 1},
		{"lists that begin alike", label.OnDemand, [][]string{{"c5a.large", "c5.large", "m5.large"}, {"c5a.large", "m5a.large"}, {"c5a.large"}}, nil, "c5a.large=30", 1},
		{"lists that do not", label.OnDemand, [][]string{{"c5a.large", "m5.large"}, {"c5.large", "m5.large"}}, nil, "c5.large=10 c5a.large=10", 2},
		{"what is shared runs out: each goes on by its own list", label.OnDemand, [][]string{{"c5a.large", "c5.large"}, {"c5a.large", "m5a.large"}},
			map[string]int{"c5a.large": 0}, "c5.large=10 m5a.large=10", 3},
		{"it runs out on the way", label.OnDemand, [][]string{{"c5a.large", "c5.large"}, {"c5a.large", "m5a.large"}},
			map[string]int{"c5a.large": 4}, "c5.large=0 c5a.large=12", 0},
		{"spot lists that are much alike", label.Spot, [][]string{
			{"c5a.large", "c5.large", "m5a.large", "m5.large", "m6i.large", "m7i.large"}, {"c5a.large", "c5.large", "m5a.large", "m5.large", "m6i.large", "c6i.large"},
		}, nil, "c5a.large=20", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var n int
			w := newWorld(t, 10*len(tc.lists))
			for kind, left := range tc.stock {
				w.Cloud.Stock().Set(cloud.Pool{Type: kind}, left)
			}
			var requests []fleet.Request
			for _, kinds := range tc.lists {
				for range 10 {
					n++
					requests = append(requests, w.request(uid(n), tc.capacityType, kinds...))
				}
			}
			results := w.launch(requests...)
			if tc.fleets == 0 { // who comes first is a race; what is certain is how many
				if g := got(results); !strings.Contains(g, "c5a.large=12") || strings.Contains(g, "error") {
					t.Errorf("got %s", g)
				}
				return
			}
			if g := got(results); g != tc.want && tc.capacityType == label.OnDemand || strings.Contains(g, "error") {
				t.Errorf("got %s, want %s", g, tc.want)
			}
			w.fleets(tc.fleets)
			if running := len(w.running()); running != len(requests) {
				t.Errorf("%d machines for %d requests", running, len(requests))
			}
		})
	}
}

// KIT-073: an answer that is lost, late or an error of the service launches nothing twice.
func TestRepeatedCalls(t *testing.T) {
	for _, tc := range []struct {
		name, rules string
		calls       int
	}{
		{"lost", `[{"call": "ec2:CreateFleet", "times": 2, "lost": true}]`, 3},
		{"an error although it was done", `[{"call": "ec2:CreateFleet", "times": 1, "effective": true, "error": {"code": "InternalError"}}]`, 2},
		{"an error without effect", `[{"call": "ec2:CreateFleet", "times": 1, "error": {"code": "Unavailable"}}]`, 2},
		{"done later", `[{"call": "ec2:CreateFleet", "times": 1, "late": "1m", "error": {"code": "InternalError"}}]`, 2},
		{"AWS-431: throttled", `[{"call": "ec2:CreateFleet", "times": 3, "error": {"code": "RequestLimitExceeded"}}]`, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, 3)
			w.Fault(tc.rules)
			results := w.launch(w.request("a", label.OnDemand, "c5.large"), w.request("b", label.OnDemand, "c5.large"), w.request("c", label.OnDemand, "c5.large"))
			if g := got(results); g != "c5.large=3" {
				t.Errorf("got %s", results)
			}
			w.fleets(tc.calls)
			w.Step(61 * time.Second)
			if n := len(w.running()); n != 3 {
				t.Errorf("%d machines are running", n)
			}
			tokens := map[any]bool{}
			for _, e := range w.Requests("ec2:CreateFleet") {
				tokens[e.Input["ClientToken"]] = true
			}
			if len(tokens) != 1 {
				t.Errorf("tokens %v", tokens)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	isICE := cloudprovider.IsInsufficientCapacityError
	reason := func(want string) func(error) bool {
		return func(err error) bool {
			e, ok := cloudprovider.AsCreateError(err)
			return ok && e.Reason == want && !isICE(err)
		}
	}
	plain := func(err error) bool { return err != nil && cloudprovider.ClassOf(err) == cloudprovider.ClassOther }
	for _, tc := range []struct {
		name  string
		ct    string
		rules string
		check func(error) bool
		marks string
		calls int
	}{
		{"AWS-294: all unfulfillable", label.Spot, `[{"call": "ec2:CreateFleet", "within": {"code": "InsufficientInstanceCapacity"}}]`, isICE,
			"capacityType=spot instanceType=c5.large zone=us-west-2a\ncapacityType=spot instanceType=c5.large zone=us-west-2b\ncapacityType=spot instanceType=c5.large zone=us-west-2c", 1},
		{"AWS-294: fewer machines, and no error", label.OnDemand, `[{"call": "ec2:CreateFleet", "atMost": 0}]`, isICE, "", 1},
		{"AWS-294: another error", label.OnDemand, `[{"call": "ec2:CreateFleet", "within": {"code": "PendingVerification"}}]`, reason("AccountPendingVerification"), "", 1},
		{"AWS-294: an error of the call", label.OnDemand, `[{"call": "ec2:CreateFleet", "error": {"code": "InvalidAMIID.NotFound", "message": "no"}}]`, func(err error) bool {
			e, ok := cloudprovider.AsCreateError(err)
			return ok && e.Reason == "AMINotFound" && strings.HasPrefix(e.Message, "Error creating fleet request: ")
		}, "", 1},
		{"CP-018: capacity as an error of the call", label.OnDemand, `[{"call": "ec2:CreateFleet", "error": {"code": "InsufficientInstanceCapacity"}}]`, isICE,
			"capacityType=on-demand instanceType=c5.large zone=us-west-2a\ncapacityType=on-demand instanceType=c5.large zone=us-west-2b\ncapacityType=on-demand instanceType=c5.large zone=us-west-2c", 1},
		{"AWS-431, CP-316: throttled for good", label.OnDemand, `[{"call": "ec2:CreateFleet", "error": {"code": "RequestLimitExceeded"}}]`, plain, "", 10},
		{"CP-316: a service that fails for good", label.OnDemand, `[{"call": "ec2:CreateFleet", "error": {"code": "InternalError"}}]`, plain, "", 10},
		{"AWS-431: throttled within", label.OnDemand, `[{"call": "ec2:CreateFleet", "within": {"code": "RequestLimitExceeded"}}]`, plain, "", 1},
		{"AWS-294: templates", label.OnDemand, `[{"call": "ec2:CreateLaunchTemplate", "error": {"code": "UnauthorizedOperation", "message": "no"}}]`, func(err error) bool {
			e, ok := cloudprovider.AsCreateError(err)
			return ok && e.Reason == "Unauthorized" && strings.HasPrefix(e.Message, "Error getting launch template configs: ")
		}, "", 0},
		{"AWS-431: templates throttled", label.OnDemand, `[{"call": "ec2:DescribeLaunchTemplates", "error": {"code": "InternalError"}}]`, plain, "", 0},
		{"AWS-293: the role for spot", label.Spot, `[{"call": "ec2:CreateFleet", "within": {"code": "AuthFailure.ServiceLinkedRoleCreationNotPermitted"}}]`, func(err error) bool {
			e, ok := errors.AsType[*fleet.Error](err)
			return ok && e.RowSpotRole() && isICE(err)
		}, "capacityType=spot", 1},
		{"AWS-430: a price too low", label.Spot, `[{"call": "ec2:CreateFleet", "match": {"AvailabilityZone": "us-west-2a"}, "within": {"code": "SpotMaxPriceTooLow"}}]`, func(err error) bool { return err == nil },
			"capacityType=spot instanceType=c5.large zone=us-west-2a", 1},
		{"AWS-292: vanished for good", label.OnDemand, `[{"call": "ec2:CreateFleet", "error": {"code": "InvalidLaunchTemplateName.NotFoundException"}}]`, reason("LaunchTemplateNotFound"), "", 2},
		{"AWS-434: too large even with one", label.OnDemand, `[{"call": "ec2:CreateFleet", "error": {"code": "RequestResourceCountExceeded"}}]`, reason("FleetRequestTooLarge"), "", 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.Fault(tc.rules)
			_, err := w.launcher.Launch(t.Context(), w.request("a", tc.ct, "c5.large"))
			if !tc.check(err) {
				t.Errorf("got %v", err)
			}
			if m := w.marks(); m != tc.marks {
				t.Errorf("marks\n%s\nwant\n%s", m, tc.marks)
			}
			w.fleets(tc.calls)
		})
	}
}

// AWS-293, CP-018: what failed on the way is marked and counted although a machine came.
func TestFailuresOnTheWay(t *testing.T) {
	w := newWorld(t, 1)
	w.Cloud.Stock().Set(cloud.Pool{Type: "c5.large", Zone: "us-west-2a"}, 0)
	results := w.launch(w.request("a", label.OnDemand, "c5.large@a", "m5.large"))
	if g := got(results); g != "m5.large=1" {
		t.Errorf("got %s", results)
	}
	if m := w.marks(); m != "capacityType=on-demand instanceType=c5.large zone=us-west-2a" {
		t.Errorf("marks %s", m)
	}
	want := `# HELP karpenter_cloudprovider_instance_launch_failures_total Offerings that could not be launched, by zone, zone ID, capacity type and reason.
# TYPE karpenter_cloudprovider_instance_launch_failures_total counter
karpenter_cloudprovider_instance_launch_failures_total{capacity_type="on-demand",reason="InsufficientInstanceCapacity",zone="us-west-2a",zone_id="id-of-us-west-2a"} 1
`
	if err := testutil.GatherAndCompare(w.registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// CP-320, CP-091: of k machines for n requests, k get one and the rest an error.
func TestPartialFulfilment(t *testing.T) {
	w := newWorld(t, 5)
	w.Cloud.Stock().Set(cloud.Pool{}, 0)
	w.Cloud.Stock().Set(cloud.Pool{Type: "c5.large", Zone: "us-west-2b"}, 2)
	var requests []fleet.Request
	for i := range 5 {
		requests = append(requests, w.request(uid(i), label.OnDemand, "c5.large"))
	}
	results := w.launch(requests...)
	if g := got(results); g != "c5.large=2 error=3" || len(w.running()) != 2 {
		t.Errorf("got %s, %d running", results, len(w.running()))
	}
	for _, r := range results {
		if r.err != nil && !cloudprovider.IsInsufficientCapacityError(r.err) {
			t.Errorf("got %v", r.err)
		}
	}
}

// AWS-292, CP-317: templates that vanished are made again, once, without anybody noticing.
func TestVanishedTemplates(t *testing.T) {
	for _, where := range []string{"from the call", "within the answer"} {
		t.Run(where, func(t *testing.T) {
			w := newWorld(t, 1)
			w.launch(w.request("a", label.OnDemand, "c5.large"))
			made := 2
			if where == "from the call" {
				w.Cloud.DropLaunchTemplates()
			} else {
				w.Fault(`[{"call": "ec2:CreateFleet", "times": 1, "within": {"code": "InvalidLaunchTemplateId.NotFound", "message": "gone"}}]`)
				made = 1 // a look-up finds it
			}
			if g := got(w.launch(w.request("b", label.OnDemand, "c5.large"))); g != "c5.large=1" {
				t.Errorf("got %s", g)
			}
			w.fleets(3)
			if n := w.Calls("ec2:CreateLaunchTemplate"); n != made {
				t.Errorf("%d templates were made, want %d", n, made)
			}
			if n := w.Calls("ec2:DescribeLaunchTemplates"); n != 2 {
				t.Errorf("%d look-ups, want another one", n)
			}
			if w.marks() != "" {
				t.Errorf("marks %s", w.marks())
			}
		})
	}
}

// AWS-434: half of the overrides, the cheapest, until EC2 takes them; whose list was cut
// loses nothing.
func TestTooLarge(t *testing.T) {
	w := newWorld(t, 1)
	w.Fault(`[{"call": "ec2:CreateFleet", "times": 2, "error": {"code": "RequestResourceCountExceeded"}}]`)
	w.Cloud.Stock().Set(cloud.Pool{}, 0)
	w.Cloud.Stock().Set(cloud.Pool{Type: "m5.large"}, 10)
	if g := got(w.launch(w.request("a", label.OnDemand, "c5a.large", "c5.large", "m5a.large", "m5.large"))); g != "m5.large=1" {
		t.Errorf("got %s", g)
	}
	var sizes []int
	for _, e := range w.Requests("ec2:CreateFleet") {
		n := strings.Count(fmt.Sprint(e.Input), "InstanceType")
		sizes = append(sizes, n)
	}
	if fmt.Sprint(sizes) != "[12 6 3 9]" {
		t.Errorf("overrides of the requests: %v", sizes)
	}
}

// KIT-084, KIT-086, CP-092, CP-321: who leaves changes nothing for the others, and the
// machine that was meant for it is surplus.
func TestLeaving(t *testing.T) {
	w := newWorld(t, 2)
	w.Fault(`[{"call": "ec2:CreateFleet", "times": 1, "delay": "10s"}]`)
	ctx, leave := context.WithCancel(t.Context())
	gone, stays := make(chan error), make(chan result)
	go func() {
		_, err := w.launcher.Launch(ctx, w.request("a", label.OnDemand, "c5.large"))
		gone <- err
	}()
	go func() {
		i, err := w.launcher.Launch(t.Context(), w.request("b", label.OnDemand, "c5.large"))
		stays <- result{i, err}
	}()
	for !w.Clock.HasWaiters() {
		runtime.Gosched()
	}
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	w.Step(10 * time.Second)
	r := <-stays
	if r.err != nil {
		t.Fatal(r.err)
	}
	if err := w.launcher.Close(t.Context()); err != nil {
		t.Error(err)
	}
	ids := append([]string{r.ID}, w.surplus...)
	slices.Sort(ids)
	running := w.running()
	slices.Sort(running)
	if len(w.surplus) != 1 || !slices.Equal(ids, running) {
		t.Errorf("%s was given, %v are surplus, %v run", r.ID, w.surplus, running)
	}
}

// AWS-131, AWS-293: a full subnet is told, and another one of the zone is tried; no
// offering is marked.
func TestFullSubnet(t *testing.T) {
	w := newWorld(t, 1, func(o *simtest.Options) {
		o.Cloud.Setup.Subnets = []cloudaws.Subnet{{ID: "subnet-1", Zone: "us-west-2a", CIDR: "10.0.0.0/24"}, {ID: "subnet-2", Zone: "us-west-2a", CIDR: "10.0.1.0/24"}}
	})
	if err := w.pool.Read(time.Now(), []address.Network{{ID: "subnet-1", Free: 100}, {ID: "subnet-2", Free: 50}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Cloud.BlockAddresses("subnet-1", 0); err != nil {
		t.Fatal(err)
	}
	results := w.launch(w.request("a", label.OnDemand, "c5.large@a"))
	if results[0].err != nil || results[0].SubnetID != "subnet-2" {
		t.Errorf("got %s in %s", results[0], results[0].SubnetID)
	}
	if m := w.marks(); m != "network=subnet-1" {
		t.Errorf("marks %s", m)
	}
	if left, _ := w.pool.Free("subnet-1"); left != 0 {
		t.Errorf("%d addresses are left in the full subnet", left)
	}
	if left, _ := w.pool.Free("subnet-2"); left != 49 {
		t.Errorf("%d addresses are left in the other, want what the machine took", left)
	}
	// AWS-432: no subnet with room at all.
	w.pool.Exhausted("subnet-2")
	if _, err := w.launcher.Launch(t.Context(), w.request("b", label.OnDemand, "c5.large@a")); !cloudprovider.IsInsufficientCapacityError(err) {
		t.Errorf("got %v", err)
	}
	w.fleets(2)
}

// AWS-293, AWS-295: reservations are told of what came of launches into them.
func TestReservations(t *testing.T) {
	w := newWorld(t, 2, func(o *simtest.Options) {
		o.Cloud.Setup.Reservations = []cloudaws.Reservation{{ID: "cr-1", Type: "c5.large", Zone: "us-west-2a", Count: 1, Match: "targeted"}}
	})
	into := func(uid, reservation string) fleet.Request {
		r := w.request(uid, label.OnDemand, "c5.large@a")
		c := r.Templates[r.Offers[0].Template]
		c.Market = launchtemplate.Market{Preference: "capacity-reservations-only", ReservationID: reservation}
		name, err := c.Name()
		if err != nil {
			t.Fatal(err)
		}
		r.Templates = map[string]launchtemplate.Content{name: c}
		r.Offers[0].Template, r.Offers[0].ReservationID = name, reservation
		r.Terms.CapacityType, r.Terms.Reservation = label.Reserved, choice.ReservationDefault
		return r
	}
	results := w.launch(into("a", "cr-1"), into("b", "cr-1"))
	if g := got(results); g != "c5.large=1 error=1" {
		t.Errorf("got %s", results)
	}
	for _, r := range results {
		if r.err == nil && (r.CapacityType != label.Reserved || r.ReservationID != "cr-1" || r.ReservationType != v1.CapacityReservationTypeDefault) {
			t.Errorf("got %+v", r.Instance)
		}
		if r.err != nil && !cloudprovider.IsInsufficientCapacityError(r.err) {
			t.Errorf("got %v", r.err)
		}
	}
	results = w.launch(into("c", "cr-2"), into("d", "cr-2")) // CP-070: gone
	if !cloudprovider.IsInsufficientCapacityError(results[0].err) {
		t.Errorf("got %v", results[0].err)
	}
	slices.Sort(w.counts.all)
	if all := fmt.Sprint(w.counts.all); all != "[launched cr-1 refused cr-1 refused cr-2]" {
		t.Errorf("told %s", all)
	}
	if w.marks() != "" {
		t.Errorf("CP-085: marks %s", w.marks())
	}
}

// CP-022: who asks again is given the same machine, until that is ended.
func TestAskingAgain(t *testing.T) {
	w := newWorld(t, 1)
	one := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]
	two := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]
	if one.err != nil || one.ID != two.ID {
		t.Errorf("got %s, then %s", one.ID, two.ID)
	}
	w.fleets(1)
	w.launcher.Forget(one.ID)
	three := w.launch(w.request("a", label.OnDemand, "c5.large"))[0]
	if three.err != nil || three.ID == one.ID {
		t.Errorf("after its end: %s, %v", three.ID, three.err)
	}
	// A failure is not answered again by an old token.
	w.Cloud.Stock().Set(cloud.Pool{}, 0)
	w.launch(w.request("b", label.OnDemand, "c5.large"))
	w.Cloud.Stock().Set(cloud.Pool{}, 10)
	if r := w.launch(w.request("b", label.OnDemand, "c5.large"))[0]; r.err != nil {
		t.Errorf("got %v", r.err)
	}
}
