// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	cloud "karpenter.sh/test/cloudsim/world"
)

func (w *world) faults() *conformance.Faults {
	return &conformance.Faults{
		Break: func(testing.TB) {
			w.restart() // what is remembered is told without a call (AWS-321)
			w.Fail("*", "InternalError", "")
		},
		FailLaunches: func(_ testing.TB, fault conformance.Fault) {
			w.Fail("ec2:CreateFleet", map[conformance.Fault]string{
				conformance.Throttled: "RequestLimitExceeded", conformance.ServerFault: "InternalError",
			}[fault], "")
		},
		Mend: func(testing.TB) { w.Heal() },
	}
}

// plenty is how many machines a pool has by default.
const plenty = 1000

func poolOf(it *cloudprovider.InstanceType, o *cloudprovider.Offering) cloud.Pool {
	return cloud.Pool{Type: it.Name, Zone: o.Zone(), Capacity: o.CapacityType()}
}

func (w *world) stock() *conformance.Stock {
	return &conformance.Stock{
		SellOut: func(_ testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
			w.Cloud.Stock().Set(poolOf(it, o), 0)
		},
		Restock:        func(testing.TB) { w.Cloud.Stock().Set(cloud.Pool{}, plenty) },
		UnavailableFor: 3 * time.Minute,
		Step:           w.Step,
	}
}

// scopes are those of AWS-293, AWS-441 and AWS-445.
func (w *world) scopes() *conformance.Scopes {
	var asked struct {
		it *cloudprovider.InstanceType
		o  *cloudprovider.Offering
	}
	scope := func(name, capacityType string, provoke func(), covers func(*cloudprovider.InstanceType, *cloudprovider.Offering) bool) conformance.ScopedFault {
		return conformance.ScopedFault{
			Name: name, CapacityType: capacityType, Covers: covers,
			Provoke: func(_ testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
				asked.it, asked.o = it, o
				provoke()
			},
		}
	}
	quota := func(it *cloudprovider.InstanceType, o *cloudprovider.Offering) bool {
		return o.CapacityType() == asked.o.CapacityType() && quotaGroup(it) == quotaGroup(asked.it) && vcpus(it) >= vcpus(asked.it)
	}
	zone := func(_ *cloudprovider.InstanceType, o *cloudprovider.Offering) bool { return o.Zone() == asked.o.Zone() }
	return &conformance.Scopes{Faults: []conformance.ScopedFault{
		scope("the quota of vCPUs on demand", label.OnDemand, func() { w.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 0) }, quota),
		scope("the quota of spot capacity", label.Spot, func() { w.Cloud.Quotas().Set(cloudaws.QuotaSpot, 0) }, quota),
		scope("the service-linked role of spot", label.Spot, func() {
			w.Within(nil, "AuthFailure.ServiceLinkedRoleCreationNotPermitted", "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.")
		}, func(_ *cloudprovider.InstanceType, o *cloudprovider.Offering) bool {
			return o.CapacityType() == label.Spot
		}),
		scope("the addresses of a subnet", label.OnDemand, func() { w.must(w.Cloud.BlockAddresses(w.subnetIn(asked.o.Zone()), 0)) }, zone),
		scope("the room of a spread group in a zone", label.OnDemand, func() {
			w.change(func(s *v1.EC2NodeClassSpec) {
				s.PlacementGroupSelector = &v1.PlacementGroupSelector{Name: aws.String(spreadGroup)}
			})
			for range 7 {
				w.launch(1, nil, func(d *types.RequestLaunchTemplateData) {
					d.Placement = &types.LaunchTemplatePlacementRequest{GroupName: aws.String(spreadGroup)}
				})
			}
		}, zone),
	}}
}

func (w *world) subnetIn(zone string) string {
	for _, s := range w.Setup.Subnets {
		if s.Zone == zone {
			return s.ID
		}
	}
	return ""
}

// quotaGroup is the group of families that share a quota (AWS-441).
func quotaGroup(it *cloudprovider.InstanceType) string {
	r, _ := it.Requirements.Get(v1.LabelInstanceCategory)
	category, _ := r.Single()
	switch {
	case len(category) == 1 && strings.Contains("acdhimrtz", category):
		return "standard"
	case category == "vt":
		return "g"
	}
	return category
}

func vcpus(it *cloudprovider.InstanceType) int {
	r, _ := it.Requirements.Get(v1.LabelInstanceCPU)
	text, _ := r.Single()
	n, _ := strconv.Atoi(text)
	return n
}
