// SPDX-License-Identifier: Apache-2.0

package failure_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider/kit/errortable"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/internal/simtest"
)

// launcher launches single machines in an account.
type launcher struct {
	*testing.T
	account *simtest.Account
	api     *ec2.Client
	table   *failure.Table
	// group is the placement group of its launches, profile their instance profile.
	group, profile string
}

func newLauncher(t *testing.T, table *failure.Table, change ...func(*simtest.Options)) *launcher {
	t.Helper()
	a := simtest.New(t, change...)
	return &launcher{T: t, account: a, api: ec2.NewFromConfig(a.Config), table: table}
}

// template makes a launch template.
func (l *launcher) template(userData string) (string, error) {
	data := &types.RequestLaunchTemplateData{
		ImageId:  aws.String(l.account.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]),
		UserData: aws.String(userData),
	}
	if l.group != "" {
		data.Placement = &types.LaunchTemplatePlacementRequest{GroupId: &l.group}
	}
	if l.profile != "" {
		data.IamInstanceProfile = &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: &l.profile}
	}
	out, err := l.api.CreateLaunchTemplate(context.Background(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("karpenter.k8s.aws/1"), LaunchTemplateData: data,
	})
	if err != nil {
		return "", err
	}
	return *out.LaunchTemplate.LaunchTemplateId, nil
}

// launch asks a fleet for m5.xlarge in the first zone; the verdict is that of the call's
// error or of the first one of the answer.
func (l *launcher) launch(template, capacityType string) failure.Verdict {
	l.Helper()
	subnet := l.account.Setup.Subnets[0]
	attempt := failure.Attempt{
		CapacityType: capacityType, InstanceType: "m5.xlarge", VCPUs: 4, Zone: subnet.Zone, SubnetID: subnet.ID, PlacementGroupID: l.group,
	}
	target := types.DefaultTargetCapacityType(capacityType)
	if capacityType == "reserved" {
		target = types.DefaultTargetCapacityTypeOnDemand
	}
	out, err := l.api.CreateFleet(context.Background(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: &template, Version: aws.String("$Latest")},
			Overrides: []types.FleetLaunchTemplateOverridesRequest{{
				InstanceType: "m5.xlarge", SubnetId: &subnet.ID, AvailabilityZone: &subnet.Zone,
			}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: target},
	})
	if err != nil {
		return l.table.Classify(failure.Of(err), attempt)
	}
	if len(out.Errors) == 0 {
		l.Fatal("the launch succeeded")
	}
	return l.table.Classify(failure.OfFleet(out.Errors[0]), attempt)
}

// usual makes a template and launches with it.
func (l *launcher) usual(capacityType string) failure.Verdict {
	l.Helper()
	template, err := l.template("")
	if err != nil {
		l.Fatal(err)
	}
	return l.launch(template, capacityType)
}

func marks(v failure.Verdict) []string {
	var out []string
	for _, m := range v.Marks {
		out = append(out, m.Scope.String())
		if m.TTL != failure.TTL {
			out = append(out, "for "+m.TTL.String())
		}
	}
	return out
}

func table(t *testing.T) *failure.Table {
	t.Helper()
	out, err := failure.New()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// coverage is a table of which each row must have decided when the test and its
// subtests are over.
func coverage(t *testing.T) *errortable.Coverage {
	t.Helper()
	rows, err := errortable.New(failure.Rows()...)
	if err != nil {
		t.Fatal(err)
	}
	covered := errortable.NewCoverage(rows)
	t.Cleanup(func() {
		if missed := covered.Missed(); len(missed) > 0 {
			t.Errorf("no case reached the rows %v", missed)
		}
	})
	return covered
}
