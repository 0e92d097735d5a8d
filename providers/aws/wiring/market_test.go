// SPDX-License-Identifier: Apache-2.0

package wiring_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/conformance"
	"karpenter.sh/core/engine/label"
	"karpenter.sh/core/engine/requirement"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/pricing"
	cloud "karpenter.sh/test/cloudsim/world"
)

// offerReservation selects the account's reservation.
func (w *world) offerReservation(testing.TB) string {
	w.change(func(s *v1.EC2NodeClassSpec) {
		s.CapacityReservationSelectorTerms = []v1.CapacityReservationSelectorTerm{{ID: reservationID}}
	})
	return reservedType
}

func (w *world) reservations() *conformance.Reservations {
	return &conformance.Reservations{
		Offer: w.offerReservation,
		SellOut: func(testing.TB, *cloudprovider.InstanceType, *cloudprovider.Offering) {
			w.launch(reservedCount, nil, func(d *types.RequestLaunchTemplateData) {
				d.CapacityReservationSpecification = &types.LaunchTemplateCapacityReservationSpecificationRequest{
					CapacityReservationTarget: &types.CapacityReservationTarget{CapacityReservationId: aws.String(reservationID)},
				}
			})
		},
	}
}

func (w *world) truncation() *conformance.Truncation {
	return &conformance.Truncation{
		Limit: func() int { return 60 }, // AWS-280
		BestEffort: func(testing.TB) {
			w.minValues = requirement.BestEffortMinValues
			w.restart()
		},
	}
}

func (w *world) batching() *conformance.Batching {
	return &conformance.Batching{
		Turn: w.windows.turn,
		Fill: func(_ testing.TB, machines int) {
			w.Cloud.Stock().Set(cloud.Pool{}, 0)
			w.Cloud.Stock().Set(cloud.Pool{Type: "t3.medium", Zone: "us-west-2b", Capacity: label.Spot}, machines)
		},
		Collect: func(t testing.TB) {
			w.Step(time.Minute)
			w.collect(t)
			w.Step(time.Minute)
		},
	}
}

// breakPrices makes both sources of prices fail.
func (w *world) breakPrices() {
	w.Fail("pricing:GetProducts", "InternalErrorException", "")
	w.Fail("ec2:DescribeSpotPriceHistory", "InternalError", "")
}

func (w *world) prices() *conformance.Prices {
	return &conformance.Prices{
		StartWithout: func(t testing.TB) conformance.Cloud { return newWorld(t, (*world).breakPrices).cloud() },
		Break:        func(testing.TB) { w.breakPrices() },
		Refresh: func(t testing.TB) {
			w.Step(12 * time.Hour)
			_, _ = controllersOf[*pricing.Controller](w)[0].Reconcile(t.Context()) // it fails while prices are broken
		},
		CapacityType: label.Spot, // others are estimated (AWS-233)
		Forget: func(_ testing.TB, it *cloudprovider.InstanceType, o *cloudprovider.Offering) {
			w.Cloud.Prices().Fix(poolOf(it, o), 0)
			w.restart() // what was told once is kept (AWS-232)
		},
	}
}
