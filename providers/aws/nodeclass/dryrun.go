// SPDX-License-Identifier: Apache-2.0

package nodeclass

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/launchtemplate"
)

// LaunchAPI are the calls that are tried; *ec2.Client makes them.
type LaunchAPI interface {
	CreateFleet(context.Context, *ec2.CreateFleetInput, ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error)
	RunInstances(context.Context, *ec2.RunInstancesInput, ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error)
}

// Templates make sure that a launch template exists; *launchtemplate.Templates do.
type Templates interface {
	Acquire(context.Context, ...launchtemplate.Content) (*launchtemplate.Lease, error)
}

// DryRunOptions are what launches are tried with; all are required.
type DryRunOptions struct {
	API       LaunchAPI
	Templates Templates
	// Trial returns what a launch of the NodeClass would ask for: offers of one type on
	// demand, one for each zone. It fails with ErrNoTypes if no type suits.
	Trial func(context.Context, *v1.EC2NodeClass) (fleet.Request, error)
	// ProfileRefused is told of an instance profile that EC2 does not know.
	ProfileRefused func(name string)
	// Classify says what an error of the cloud means, for its message.
	Classify func(error) failure.Verdict
}

// ErrNoTypes says that no instance type suits a NodeClass.
var ErrNoTypes = errors.New("no instance type is compatible with the EC2NodeClass")

// NewDryRun returns the check that tries a launch, step by step, without launching
// anything (AWS-088).
func NewDryRun(o DryRunOptions) Check {
	return func(ctx context.Context, nodeClass *v1.EC2NodeClass) (Verdict, error) {
		trial, err := o.Trial(ctx, nodeClass)
		switch {
		case errors.Is(err, ErrNoTypes):
			return Verdict{Reason: "NoCompatibleInstanceTypes", Message: err.Error()}, nil
		case err != nil:
			return Verdict{}, err
		}
		for _, step := range []func(context.Context, *v1.EC2NodeClass, fleet.Request) (Verdict, error){o.template, o.fleet, o.instances} {
			if verdict, err := step(ctx, nodeClass, trial); err != nil || verdict.Reason != "" {
				return verdict, err
			}
		}
		return Verdict{}, nil
	}
}

// template makes a real one.
func (o DryRunOptions) template(ctx context.Context, _ *v1.EC2NodeClass, trial fleet.Request) (Verdict, error) {
	lease, err := o.Templates.Acquire(ctx, trial.Templates[trial.Offers[0].Template])
	switch {
	case err == nil:
		lease.Release()
		return Verdict{}, nil
	case failure.IsUserDataTooLarge(err):
		return Verdict{
			Reason:  "UserDataSizeLimitExceeded",
			Message: "ec2:CreateLaunchTemplate rejected the rendered user data as too large: " + o.Classify(err).Message,
		}, nil
	}
	return o.refused("CreateLaunchTemplate", err)
}

// fleet asks for one machine in every zone of the status.
func (o DryRunOptions) fleet(ctx context.Context, _ *v1.EC2NodeClass, trial fleet.Request) (Verdict, error) {
	in := fleet.Plan(trial.Terms, trial.Offers, subnetByZone(trial.Terms.Subnets), 1)
	in.DryRun = aws.Bool(true)
	_, err := o.API.CreateFleet(ctx, in, once)
	return o.refused("CreateFleet", err)
}

// instances asks for one in each subnet, until one of them would do.
func (o DryRunOptions) instances(ctx context.Context, nodeClass *v1.EC2NodeClass, trial fleet.Request) (Verdict, error) {
	var first error
	for _, subnet := range trial.Terms.Subnets {
		_, err := o.API.RunInstances(ctx, tryInstance(trial, subnet.ID), once)
		if failure.IsDryRunPassed(err) {
			return Verdict{}, nil
		}
		if first == nil {
			first = err
		}
	}
	if first != nil && failure.IsProfileMissing(first) {
		o.ProfileRefused(nodeClass.Status.InstanceProfile)
		if nodeClass.Spec.InstanceProfile == nil {
			return Verdict{}, first // IAM takes its time to show a profile that is new
		}
		return Verdict{
			Reason: "InstanceProfileNotFound", Fleeting: true,
			Message: fmt.Sprintf("spec.instanceProfile: instance profile %q does not exist", *nodeClass.Spec.InstanceProfile),
		}, nil
	}
	return o.refused("RunInstances", first)
}

// refused is what the error of a dry run means: one that says that it would have
// passed is none. What would fail launches for good is told in the condition, and tried
// again all the same, as it may be mended elsewhere (improves on common practice).
func (o DryRunOptions) refused(operation string, err error) (Verdict, error) {
	if err == nil || failure.IsDryRunPassed(err) {
		return Verdict{}, nil
	}
	is := o.Classify(err)
	if failure.IsUnauthorized(err) {
		message := fmt.Sprintf("Controller isn't authorized to call ec2:%s: %s", operation, is.Message) // which names the permission (AWS-442)
		return Verdict{Reason: operation + "AuthCheckFailed", Message: message, Fleeting: !failure.IsPolicy(err)}, nil
	}
	failed := fmt.Errorf("trying ec2:%s: %w", operation, err)
	if _, ok := cloudprovider.AsCreateError(is.Err); !ok || is.TemplateGone() {
		return Verdict{}, failed // of the moment, as a template that EC2 does not show yet: it says nothing about the NodeClass
	}
	return Verdict{Reason: is.Reason, Message: fmt.Sprintf("ec2:%s: %s", operation, is.Message)}, failed
}

// once switches the retries of the SDK off: the next pass is the retry.
func once(o *ec2.Options) { o.Retryer = aws.NopRetryer{} }

func subnetByZone(subnets []v1.Subnet) map[string]string {
	out := map[string]string{}
	for _, s := range subnets {
		if _, taken := out[s.Zone]; !taken {
			out[s.Zone] = s.ID
		}
	}
	return out
}

// tryInstance is the request for one machine, with all that policies ask for: a
// template alone would not be tried against them.
func tryInstance(trial fleet.Request, subnet string) *ec2.RunInstancesInput {
	offer := trial.Offers[0]
	in := &ec2.RunInstancesInput{
		DryRun: aws.Bool(true), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String(offer.Template), Version: aws.String("$Latest")},
		InstanceType:   types.InstanceType(offer.Type), ImageId: aws.String(offer.ImageID),
	}
	for _, n := range trial.Templates[offer.Template].Interfaces {
		i := types.InstanceNetworkInterfaceSpecification{
			DeviceIndex: aws.Int32(n.Device), NetworkCardIndex: aws.Int32(n.Card),
			SubnetId: aws.String(subnet), Groups: n.SecurityGroups, AssociatePublicIpAddress: n.PublicIP,
		}
		if n.Type != "" {
			i.InterfaceType = aws.String(n.Type)
		}
		in.NetworkInterfaces = append(in.NetworkInterfaces, i)
	}
	for _, kind := range []types.ResourceType{types.ResourceTypeInstance, types.ResourceTypeVolume, types.ResourceTypeNetworkInterface} {
		in.TagSpecifications = append(in.TagSpecifications, types.TagSpecification{ResourceType: kind, Tags: launchtemplate.Listed(trial.Terms.Tags)})
	}
	return in
}
