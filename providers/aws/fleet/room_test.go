// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/address"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
	cloudaws "karpenter.sh/test/cloudsim/aws"
)

// AWS-325, AWS-131: requests that need room for different numbers of pods share a fleet;
// each machine takes what its request needs.
func TestNeeds(t *testing.T) {
	w := newWorld(t, 2)
	subnet := w.Setup.Subnets[0].ID
	if err := w.pool.Read(time.Now(), []address.Network{{ID: subnet, Free: 100}}); err != nil {
		t.Fatal(err)
	}
	few, many := w.request("few", label.OnDemand, "c5.large@a"), w.request("many", label.OnDemand, "c5.large@a")
	few.Offers[0].Addresses, many.Offers[0].Addresses = 5, 11
	if g := got(w.launch(few, many)); g != "c5.large=2" {
		t.Errorf("got %s", g)
	}
	w.fleets(1)
	if left, _ := w.pool.Free(subnet); left != 84 {
		t.Errorf("%d addresses are left", left)
	}
}

// CP-018, AWS-432: offers that no subnet has room for are marked, or the same launch is
// planned again and again; who needs less is launched.
func TestNoRoom(t *testing.T) {
	w := newWorld(t, 2)
	subnet := w.Setup.Subnets[0].ID
	if err := w.pool.Read(time.Now(), []address.Network{{ID: subnet, Free: 8}}); err != nil {
		t.Fatal(err)
	}
	few, many := w.request("few", label.OnDemand, "c5.large@a"), w.request("many", label.OnDemand, "c5.large@a")
	few.Offers[0].Addresses, many.Offers[0].Addresses = 5, 11
	results := w.launch(few, many)
	if results[0].err != nil || !cloudprovider.IsInsufficientCapacityError(results[1].err) {
		t.Errorf("got %s", results)
	}
	if m := w.marks(); m != "instanceType=c5.large zone=us-west-2a network="+subnet {
		t.Errorf("marks %s", m)
	}
	for _, e := range w.health.Snapshot().Entries() {
		if e.Reason != "SubnetIsFull" {
			t.Errorf("reason %s", e.Reason)
		}
	}
}

// scarce is EC2 that has one type only.
type scarce struct {
	kind    string
	configs []int
}

func (s *scarce) CreateFleet(_ context.Context, in *ec2.CreateFleetInput, _ ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	s.configs = append(s.configs, len(in.LaunchTemplateConfigs))
	out := &ec2.CreateFleetOutput{}
	for _, c := range in.LaunchTemplateConfigs {
		for _, o := range c.Overrides {
			told := &types.LaunchTemplateAndOverridesResponse{Overrides: &types.FleetLaunchTemplateOverrides{
				InstanceType: o.InstanceType, AvailabilityZone: o.AvailabilityZone, SubnetId: o.SubnetId,
			}}
			if string(o.InstanceType) == s.kind {
				out.Instances = append(out.Instances, types.CreateFleetInstance{InstanceIds: []string{"i-1"}, InstanceType: o.InstanceType, LaunchTemplateAndOverrides: told})
				continue
			}
			out.Errors = append(out.Errors, types.CreateFleetError{ErrorCode: aws.String("InsufficientInstanceCapacity"), LaunchTemplateAndOverrides: told})
		}
	}
	return out, nil
}

// AWS-434: a fleet has 50 launch templates at most; what is beyond comes next.
func TestManyTemplates(t *testing.T) {
	api := &scarce{kind: "c58.large"}
	w := newWorldWith(t, 1, func(o *fleet.Options) { o.API = api })
	r := w.request("a", label.OnDemand, "c5.large@a")
	offer, content := r.Offers[0], r.Templates[r.Offers[0].Template]
	r.Offers, r.Templates = nil, map[string]launchtemplate.Content{}
	for i := range 60 {
		c := content
		c.UserData = base64.StdEncoding.EncodeToString([]byte{byte(i)})
		name, err := c.Name()
		if err != nil {
			t.Fatal(err)
		}
		r.Templates[name] = c
		o := offer
		o.Type, o.Template, o.Price = fmt.Sprintf("c%d.large", i), name, float64(i)
		r.Offers = append(r.Offers, o)
	}
	if got := w.launch(r)[0]; got.err != nil || fmt.Sprint(api.configs) != "[50 10]" {
		t.Errorf("got %s; launch templates %v", got, api.configs)
	}
}

// AWS-280: when a reservation is used up behind our back, the next one of the type and zone
// is tried before the launch fails.
func TestNextReservation(t *testing.T) {
	w := newWorld(t, 2, func(o *simtest.Options) {
		o.Cloud.Setup.Reservations = []cloudaws.Reservation{
			{ID: "cr-1", Type: "c5.large", Zone: "us-west-2a", Count: 1, Match: "targeted"},
			{ID: "cr-2", Type: "c5.large", Zone: "us-west-2a", Count: 1, Match: "targeted"},
		}
	})
	request := func(uid string) fleet.Request {
		r := w.request(uid, label.OnDemand, "c5.large@a")
		offer, content := r.Offers[0], r.Templates[r.Offers[0].Template]
		r.Offers, r.Templates = nil, map[string]launchtemplate.Content{}
		r.Terms.CapacityType, r.Terms.Reservation = label.Reserved, choice.ReservationDefault
		for _, id := range []string{"cr-2", "cr-1"} {
			c := content
			c.Market = launchtemplate.Market{Preference: "capacity-reservations-only", ReservationID: id}
			name, err := c.Name()
			if err != nil {
				t.Fatal(err)
			}
			r.Templates[name] = c
			o := offer
			o.Template, o.ReservationID = name, id
			r.Offers = append(r.Offers, o)
		}
		return r
	}
	results := w.launch(request("a"), request("b"))
	if g := got(results); g != "c5.large=2" || results[0].ReservationID == results[1].ReservationID {
		t.Errorf("got %s in %s, %s", results, results[0].ReservationID, results[1].ReservationID)
	}
	if told := w.counts.all; len(told) == 0 || told[0] != "launched cr-2" && told[0] != "refused cr-2" {
		t.Errorf("told %v, want the first of the list to be tried first", told)
	}
}
