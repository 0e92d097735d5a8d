// SPDX-License-Identifier: Apache-2.0

package iam_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	pricingtypes "github.com/aws/aws-sdk-go-v2/service/pricing/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/profile"
	"karpenter.sh/test/cloudsim/policy"
)

const (
	spot     = ec2types.DefaultTargetCapacityTypeSpot
	onDemand = ec2types.DefaultTargetCapacityTypeOnDemand
	image    = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"
)

// read makes each call that only reads, and returns their errors by name.
func (a *account) read() map[string]error {
	ctx, e, q := a.Context(), ec2.NewFromConfig(a.own), sqs.NewFromConfig(a.own)
	errs := map[string]error{}
	_, errs["DescribeCapacityReservations"] = e.DescribeCapacityReservations(ctx, &ec2.DescribeCapacityReservationsInput{})
	_, errs["DescribeImages"] = e.DescribeImages(ctx, &ec2.DescribeImagesInput{})
	_, errs["DescribeInstances"] = e.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
	_, errs["DescribeInstanceStatus"] = e.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{})
	_, errs["DescribeInstanceTypeOfferings"] = e.DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{})
	_, errs["DescribeInstanceTypes"] = e.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{})
	_, errs["DescribeLaunchTemplates"] = e.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	_, errs["DescribePlacementGroups"] = e.DescribePlacementGroups(ctx, &ec2.DescribePlacementGroupsInput{})
	_, errs["DescribeSecurityGroups"] = e.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
	_, errs["DescribeSpotPriceHistory"] = e.DescribeSpotPriceHistory(ctx, &ec2.DescribeSpotPriceHistoryInput{StartTime: aws.Time(a.Clock.Now())})
	_, errs["DescribeSubnets"] = e.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	_, errs["GetParameter"] = ssm.NewFromConfig(a.own).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(image)})
	_, errs["GetProducts"] = pricing.NewFromConfig(a.own).GetProducts(ctx, &pricing.GetProductsInput{
		ServiceCode: aws.String("AmazonEC2"), FormatVersion: aws.String("aws_v1"), Filters: []pricingtypes.Filter{{
			Field: aws.String("regionCode"), Type: pricingtypes.FilterTypeTermMatch, Value: aws.String("us-west-2"),
		}},
	})
	_, errs["ListServiceQuotas"] = servicequotas.NewFromConfig(a.own).ListServiceQuotas(ctx, &servicequotas.ListServiceQuotasInput{ServiceCode: aws.String("ec2")})
	_, errs["DescribeCluster"] = eks.NewFromConfig(a.own).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("c1")})
	_, errs["GetManagedResource"] = a.shifts("c1")
	url, err := q.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("c1")})
	errs["GetQueueUrl"] = err
	if err != nil {
		return errs
	}
	a.must(a.Cloud.Notify(a.launch(a.own, "notified", "", "c1", spot), "spot"))
	messages, err := q.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url.QueueUrl})
	errs["ReceiveMessage"] = err
	if err == nil {
		_, errs["DeleteMessage"] = q.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url.QueueUrl, ReceiptHandle: messages.Messages[0].ReceiptHandle})
	}
	return errs
}

func (a *account) shifts(cluster string) (*arczonalshift.GetManagedResourceOutput, error) {
	arn := "arn:aws:eks:us-west-2:111122223333:cluster/" + cluster
	return arczonalshift.NewFromConfig(a.own).GetManagedResource(a.Context(), &arczonalshift.GetManagedResourceInput{ResourceIdentifier: &arn})
}

// AWS-421: the policies are enough for all that the provider does, and grant nothing
// else.
func TestPoliciesAreEnough(t *testing.T) {
	a := newAccount(t)
	ctx, client := t.Context(), ec2.NewFromConfig(a.own)
	profiles := profile.New(profile.Options{
		API: awsiam.NewFromConfig(a.own), Scope: profile.Scope{Cluster: "c1", Region: "us-west-2"}, Clock: a.Clock,
	})
	t.Cleanup(profiles.Close)
	class := &v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "uid"}}
	class.Spec.Role = nodeRole
	name, err := profiles.Ensure(ctx, class)
	a.must(err)

	for call, err := range a.read() {
		if err != nil {
			t.Errorf("%s: %v", call, err)
		}
	}
	instance := a.launch(a.own, "karpenter.k8s.aws/1", name, "c1", onDemand)
	a.launch(a.own, "karpenter.k8s.aws/2", name, "c1", spot)
	for _, change := range []func(*ec2types.RequestLaunchTemplateData){
		func(d *ec2types.RequestLaunchTemplateData) {
			d.Placement = &ec2types.LaunchTemplatePlacementRequest{GroupId: aws.String(groupID)}
		},
		func(d *ec2types.RequestLaunchTemplateData) {
			d.CapacityReservationSpecification = &ec2types.LaunchTemplateCapacityReservationSpecificationRequest{
				CapacityReservationTarget: &ec2types.CapacityReservationTarget{CapacityReservationId: aws.String(reserve)},
			}
		},
	} {
		in := a.template("karpenter.k8s.aws/"+string(rune('3'+a.Calls("ec2:CreateLaunchTemplate"))), name, tagsOf("c1"), tagsOf("c1"))
		change(in.LaunchTemplateData)
		_, err := client.CreateLaunchTemplate(ctx, in)
		a.must(err)
		_, err = client.CreateFleet(ctx, a.fleet(*in.LaunchTemplateName, onDemand, tagsOf("c1")))
		a.must(err)
	}
	standalone := tagsOf("c1", "karpenter.sh/nodepool")
	standalone = append(standalone, ec2types.Tag{Key: aws.String("karpenter.sh/nodepool"), Value: aws.String("")})
	if _, err := client.RunInstances(ctx, a.dryRun("karpenter.k8s.aws/1", standalone)); code(err) != "" {
		t.Errorf("RunInstances: %v", err)
	}
	_, err = client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{instance}, Tags: []ec2types.Tag{
		{Key: aws.String("Name"), Value: aws.String("n")}, {Key: aws.String("karpenter.sh/nodeclaim"), Value: aws.String("n")},
		{Key: aws.String("eks:eks-cluster-name"), Value: aws.String("c1")},
	}})
	a.must(err)
	_, err = client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{instance}})
	a.must(err)
	_, err = client.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: aws.String("karpenter.k8s.aws/1")})
	a.must(err)
	legacy, _ := profile.Scope{Cluster: "c1", Region: "us-west-2"}.LegacyName("default")
	a.profile(a.all, legacy, "/", "c1", "us-west-2")
	a.must(profiles.CleanUp(ctx, class))

	for _, grant := range a.unused() {
		t.Errorf("nothing needs %s", grant)
	}
}

// unused are the grants that no call needed so far.
func (a *account) unused() []string {
	a.Helper()
	var documents []*policy.Document
	for _, text := range a.policies {
		d, err := policy.Parse(text)
		a.must(err)
		documents = append(documents, d)
	}
	var used []string
	for _, entry := range a.Requests("") {
		used = append(used, entry.Grants...)
	}
	return policy.Unused(documents, used)
}

// dryRun is the third check of AWS-088.
func (a *account) dryRun(template string, tags []ec2types.Tag) *ec2.RunInstancesInput {
	return &ec2.RunInstancesInput{
		DryRun: aws.Bool(true), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: "m5.large",
		LaunchTemplate:    &ec2types.LaunchTemplateSpecification{LaunchTemplateName: &template},
		TagSpecifications: specs(tags, ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeNetworkInterface),
	}
}

type call struct {
	reason, code string
	do           func() error
}

// readsBeyond are reads of what is not the cluster's.
func (a *account) readsBeyond(ctx context.Context) []call {
	const refused = "AccessDeniedException"
	return []call{
		{"another cluster", refused, func() error {
			_, err := eks.NewFromConfig(a.own).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("c2")})
			return err
		}},
		{"another cluster's queue", refused, func() error {
			_, err := sqs.NewFromConfig(a.own).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("c2")})
			return err
		}},
		{"another cluster's shifts", refused, func() error { _, err := a.shifts("c2"); return err }},
		{"a parameter of the user's", refused, func() error {
			_, err := ssm.NewFromConfig(a.own).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/mine")})
			return err
		}},
	}
}

// AWS-421: the same without the tags, on what is another cluster's or a human's, or
// beyond what is needed, is refused.
func TestPoliciesAreNoMore(t *testing.T) {
	a := newAccount(t)
	ctx, client, i := t.Context(), ec2.NewFromConfig(a.own), awsiam.NewFromConfig(a.own)
	a.profile(a.own, "c1_1", ownRoot, "c1", "us-west-2")
	a.profile(a.all, "c2_1", otherRoot, "c2", "us-west-2")
	a.profile(a.all, "c1_2", ownRoot, "", "")
	a.profile(a.all, "c1_3", "/karpenter/us-east-1/c1/uid/", "c1", "us-east-1")
	a.profile(a.all, "Admin", "/", "c1", "us-west-2") // tagged by somebody who may
	_, err := awsiam.NewFromConfig(a.all).CreateInstanceProfile(ctx, newProfile("c1_4", ownRoot, "c1", "us-west-2"))
	a.must(err)
	mine, theirs := a.launch(a.own, "own", "c1_1", "c1", onDemand), a.launch(a.all, "foreign", "", "c2", onDemand)
	_, err = ec2.NewFromConfig(a.all).CreateLaunchTemplate(ctx, a.template("bare", "", nil, nil))
	a.must(err)
	_, err = ec2.NewFromConfig(a.own).CreateLaunchTemplate(ctx, a.template("bare-machines", "", tagsOf("c1"), nil))
	a.must(err)
	const denied = "UnauthorizedOperation"
	fleet := func(template string, capacity ec2types.DefaultTargetCapacityType, tags []ec2types.Tag) func() error {
		return func() error { _, err := client.CreateFleet(ctx, a.fleet(template, capacity, tags)); return err }
	}
	template := func(own []ec2types.Tag) func() error {
		return func() error {
			_, err := client.CreateLaunchTemplate(ctx, a.template("new", "", own, tagsOf("c1")))
			return err
		}
	}
	tag := func(id string, tags ...string) func() error {
		return func() error {
			in := &ec2.CreateTagsInput{Resources: []string{id}}
			for n := 0; n < len(tags); n += 2 {
				in.Tags = append(in.Tags, ec2types.Tag{Key: &tags[n], Value: &tags[n+1]})
			}
			_, err := client.CreateTags(ctx, in)
			return err
		}
	}
	calls := []call{
		{"a fleet with the tags", "", fleet("own", onDemand, tagsOf("c1"))},
		{"a fleet without tags", denied, fleet("own", onDemand, nil)},
		{"a fleet with another cluster's tags", denied, fleet("own", onDemand, tagsOf("c2"))},
		{"a fleet from another cluster's template", denied, fleet("foreign", onDemand, tagsOf("c1"))},
		{"a fleet from a human's template", denied, fleet("bare", onDemand, tagsOf("c1"))},
		{"a fleet whose interfaces have no tags", denied, fleet("bare-machines", onDemand, tagsOf("c1"))},
		{"a template without tags", denied, template(nil)},
		{"a template with another cluster's tags", denied, template(tagsOf("c2"))},
		{"its own instance may be named", "", tag(mine, "Name", "n", "karpenter.sh/nodeclaim", "n", "eks:eks-cluster-name", "c1")},
		{"but not tagged at will", denied, tag(mine, "Name", "n", "team", "b")},
		{"nor given to another cluster", denied, tag(mine, "eks:eks-cluster-name", "c2")},
		{"another's instance may not be named", denied, tag(theirs, "Name", "n")},
		{"nor terminated", denied, func() error {
			_, err := client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{theirs}})
			return err
		}},
	}
	for _, missing := range []string{"kubernetes.io/cluster/c1", "karpenter.sh/nodepool", "eks:eks-cluster-name"} {
		calls = append(calls,
			call{"a fleet without " + missing, denied, fleet("own", onDemand, tagsOf("c1", missing))},
			call{"a template without " + missing, denied, template(tagsOf("c1", missing))},
			call{"a dry run without " + missing, denied, func() error {
				_, err := client.RunInstances(ctx, a.dryRun("own", tagsOf("c1", missing)))
				return err
			}},
		)
	}
	for _, name := range []string{"foreign", "bare"} {
		calls = append(calls, call{"deleting template " + name, denied, func() error {
			_, err := client.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: &name})
			return err
		}})
	}
	const refused = "AccessDenied"
	for reason, in := range map[string]*awsiam.CreateInstanceProfileInput{
		"a profile without tags":                 newProfile("c1_9", ownRoot, "", ""),
		"a profile with another cluster's tags":  newProfile("c1_9", ownRoot, "c2", "us-west-2"),
		"a profile with another region's tag":    newProfile("c1_9", ownRoot, "c1", "us-east-1"),
		"a profile in another cluster's path":    newProfile("c1_9", otherRoot, "c1", "us-west-2"),
		"a profile in no path":                   newProfile("c1_9", "/", "c1", "us-west-2"),
		"a profile in the path of a longer name": newProfile("c1_9", "/karpenter/us-west-2/c12/uid/", "c1", "us-west-2"),
	} {
		calls = append(calls, call{reason, refused, func() error { _, err := i.CreateInstanceProfile(ctx, in); return err }})
	}
	calls = append(calls, call{"another role in its own profile", refused, func() error {
		_, err := i.AddRoleToInstanceProfile(ctx, &awsiam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("c1_4"), RoleName: aws.String("Administrator")})
		return err
	}})
	for _, name := range []string{"c2_1", "c1_2", "c1_3", "Admin"} {
		calls = append(calls, call{"emptying profile " + name, refused, func() error {
			_, err := i.RemoveRoleFromInstanceProfile(ctx, &awsiam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: &name, RoleName: aws.String(nodeRole)})
			return err
		}}, call{"filling profile " + name, refused, func() error {
			_, err := i.AddRoleToInstanceProfile(ctx, &awsiam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: aws.String(nodeRole)})
			return err
		}}, call{"deleting profile " + name, refused, func() error {
			_, err := i.DeleteInstanceProfile(ctx, &awsiam.DeleteInstanceProfileInput{InstanceProfileName: &name})
			return err
		}})
	}
	for _, tc := range append(calls, a.readsBeyond(ctx)...) {
		t.Run(tc.reason, func(t *testing.T) {
			if err := tc.do(); code(err) != tc.code {
				t.Errorf("got %v, want %q", err, tc.code)
			}
		})
	}
}
