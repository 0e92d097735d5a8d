// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"fmt"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"karpenter.sh/test/internal/simcloud"
)

// operator calls the account as the one who may do everything.
func operator(ctx context.Context) *simcloud.Caller {
	GinkgoHelper()
	caller, err := cloud.As(ctx, "operator")
	if err != nil {
		Skip("the account was not made by make e2e PROVIDER=aws: " + err.Error())
	}
	return caller
}

// query makes a call as the operator.
func query(ctx context.Context, service, action string, parameters url.Values, into any) {
	GinkgoHelper()
	Expect(operator(ctx).Query(ctx, service, action, parameters, into)).To(Succeed())
}

// list writes a list of values into parameters, numbered from 1.
func list(parameters url.Values, prefix string, values ...string) {
	for i, value := range values {
		parameters.Set(fmt.Sprintf("%s.%d", prefix, i+1), value)
	}
}

// tagList writes tags into parameters.
func tagList(parameters url.Values, prefix string, tags map[string]string) {
	i := 0
	for key, value := range tags {
		i++
		parameters.Set(fmt.Sprintf("%s.%d.Key", prefix, i), key)
		parameters.Set(fmt.Sprintf("%s.%d.Value", prefix, i), value)
	}
}

// subnetIn is the subnet of a zone, groups the security group of nodes and image the
// one that a parameter names: what machines are made of.
func subnetIn(ctx context.Context, zone string) string {
	GinkgoHelper()
	var answer struct {
		IDs []string `xml:"subnetSet>item>subnetId"`
	}
	query(ctx, "ec2", "DescribeSubnets", url.Values{"Filter.1.Name": {"availability-zone"}, "Filter.1.Value.1": {zone}}, &answer)
	Expect(answer.IDs).NotTo(BeEmpty())
	return answer.IDs[0]
}

func securityGroup(ctx context.Context) string {
	GinkgoHelper()
	var answer struct {
		IDs []string `xml:"securityGroupInfo>item>groupId"`
	}
	query(ctx, "ec2", "DescribeSecurityGroups", url.Values{"Filter.1.Name": {"group-name"}, "Filter.1.Value.1": {"nodes"}}, &answer)
	Expect(answer.IDs).To(HaveLen(1))
	return answer.IDs[0]
}

func imageNamed(ctx context.Context, name string) string {
	GinkgoHelper()
	var answer struct {
		IDs []string `xml:"imagesSet>item>imageId"`
	}
	query(ctx, "ec2", "DescribeImages", url.Values{"Filter.1.Name": {"name"}, "Filter.1.Value.1": {name}}, &answer)
	Expect(answer.IDs).To(HaveLen(1))
	return answer.IDs[0]
}

// launchWith makes a launch template and a fleet of it in a zone, and returns the
// machines.
func launchWith(ctx context.Context, name string, template url.Values, fleet url.Values, count int) []string {
	GinkgoHelper()
	template.Set("LaunchTemplateName", name)
	query(ctx, "ec2", "CreateLaunchTemplate", template, nil)
	fleet.Set("Type", "instant")
	fleet.Set("LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName", name)
	fleet.Set("LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version", "$Latest")
	fleet.Set("TargetCapacitySpecification.TotalTargetCapacity", fmt.Sprint(count))
	fleet.Set("TargetCapacitySpecification.DefaultTargetCapacityType", "on-demand")
	var answer struct {
		IDs    []string `xml:"fleetInstanceSet>item>instanceIds>item"`
		Errors []string `xml:"errorSet>item>errorMessage"`
	}
	query(ctx, "ec2", "CreateFleet", fleet, &answer)
	Expect(answer.Errors).To(BeEmpty())
	Expect(answer.IDs).To(HaveLen(count))
	return answer.IDs
}

// launchIntoReservation takes machines of the reservation for something else.
func launchIntoReservation(ctx context.Context, count int) []string {
	GinkgoHelper()
	template := url.Values{
		"LaunchTemplateData.ImageId": {imageNamed(ctx, "platform-node-7")}, // it has no user data, and joins no cluster
		"LaunchTemplateData.CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId": {reservation},
	}
	fleet := url.Values{
		"LaunchTemplateConfigs.1.Overrides.1.InstanceType": {"m5.large"},
		"LaunchTemplateConfigs.1.Overrides.1.SubnetId":     {subnetIn(ctx, "us-west-2a")},
	}
	return launchWith(ctx, env.Name("somebody-else"), template, fleet, count)
}

func terminate(ctx context.Context, ids ...string) {
	GinkgoHelper()
	parameters := url.Values{}
	list(parameters, "InstanceId", ids...)
	query(ctx, "ec2", "TerminateInstances", parameters, nil)
}
