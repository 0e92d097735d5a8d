// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/engine/label"
	"karpenter.sh/providers/aws/choice"
	"karpenter.sh/providers/aws/fleet"
)

// AWS-290, AWS-291, AWS-424: each row of the table.
func TestPlan(t *testing.T) {
	onDemand := func(s types.FleetOnDemandAllocationStrategy) *types.OnDemandOptionsRequest {
		return &types.OnDemandOptionsRequest{AllocationStrategy: s}
	}
	for _, tc := range []struct {
		name  string
		terms fleet.Terms
		want  ec2.CreateFleetInput
	}{
		{"spot", fleet.Terms{CapacityType: label.Spot}, ec2.CreateFleetInput{
			SpotOptions:                 &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized},
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "spot"},
		}},
		{"spot by overlaid prices", fleet.Terms{CapacityType: label.Spot, ByPrice: true}, ec2.CreateFleetInput{
			SpotOptions:                 &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyCapacityOptimizedPrioritized},
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "spot"},
		}},
		{"on-demand", fleet.Terms{CapacityType: label.OnDemand}, ec2.CreateFleetInput{
			OnDemandOptions:             onDemand(types.FleetOnDemandAllocationStrategyLowestPrice),
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "on-demand"},
		}},
		{"on-demand by overlaid prices", fleet.Terms{CapacityType: label.OnDemand, ByPrice: true}, ec2.CreateFleetInput{
			OnDemandOptions:             onDemand(types.FleetOnDemandAllocationStrategyPrioritized),
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "on-demand"},
		}},
		{"reserved", fleet.Terms{CapacityType: label.Reserved, Reservation: choice.ReservationDefault}, ec2.CreateFleetInput{
			OnDemandOptions:             onDemand(types.FleetOnDemandAllocationStrategyLowestPrice),
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "on-demand"},
		}},
		{"capacity block", fleet.Terms{CapacityType: label.Reserved, Reservation: choice.ReservationCapacityBlock}, ec2.CreateFleetInput{
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "capacity-block"},
		}},
		{"interruptible reservation", fleet.Terms{CapacityType: label.Reserved, Reservation: choice.ReservationInterruptible}, ec2.CreateFleetInput{
			ReservedCapacityOptions: &types.ReservedCapacityOptionsRequest{
				ReservationTypes: []types.FleetReservationType{types.FleetReservationTypeInterruptibleCapacityReservation},
			},
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "reserved-capacity"},
		}},
		{"AWS-291: with a context", fleet.Terms{CapacityType: label.Spot, Context: "ctx"}, ec2.CreateFleetInput{
			SpotOptions:                 &types.SpotOptionsRequest{AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized},
			TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{DefaultTargetCapacityType: "spot"},
			Context:                     aws.String("ctx"),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.terms.Tags = map[string]string{"b": "2", "a": "1"}
			offers := []fleet.Offer{
				{Type: "c5.large", Zone: "z1", ImageID: "ami-1", Template: "one", Price: 0.1}, {Type: "m5.large", Zone: "z2", ImageID: "ami-2", Template: "two", Price: 0.25},
				{Type: "c5.xlarge", Zone: "z2", ImageID: "ami-1", Template: "one", Price: 0.3},
			}
			override := func(kind, image, zone, subnet string, price float64) types.FleetLaunchTemplateOverridesRequest {
				return types.FleetLaunchTemplateOverridesRequest{
					InstanceType: types.InstanceType(kind), ImageId: &image, AvailabilityZone: &zone, SubnetId: &subnet, Priority: &price,
				}
			}
			template := func(name string, overrides ...types.FleetLaunchTemplateOverridesRequest) types.FleetLaunchTemplateConfigRequest {
				return types.FleetLaunchTemplateConfigRequest{
					LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateName: &name, Version: aws.String("$Latest")},
					Overrides:                   overrides,
				}
			}
			want := tc.want
			want.Type = types.FleetTypeInstant
			want.TargetCapacitySpecification.TotalTargetCapacity = aws.Int32(7)
			want.LaunchTemplateConfigs = []types.FleetLaunchTemplateConfigRequest{
				template("one", override("c5.large", "ami-1", "z1", "s1", 0), override("c5.xlarge", "ami-1", "z2", "s2", 2)),
				template("two", override("m5.large", "ami-2", "z2", "s2", 1)),
			}
			for _, kind := range []types.ResourceType{"instance", "volume", "fleet"} {
				want.TagSpecifications = append(want.TagSpecifications, types.TagSpecification{
					ResourceType: kind, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}},
				})
			}
			got := fleet.Plan(tc.terms, offers, map[string]string{"z1": "s1", "z2": "s2"}, 7)
			if g, w := text(t, got), text(t, want); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
