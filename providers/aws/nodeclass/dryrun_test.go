// SPDX-License-Identifier: Apache-2.0

package nodeclass_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"karpenter.sh/core/cloudprovider/kit/retry"
	"karpenter.sh/core/engine/label"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/fleet"
	"karpenter.sh/providers/aws/internal/simtest"
	"karpenter.sh/providers/aws/launchtemplate"
	"karpenter.sh/providers/aws/nodeclass"
)

// dryRun is a check against the simulated cloud.
type dryRun struct {
	*testing.T
	*simtest.Account
	check nodeclass.Check
	trial fleet.Request
	none  error
}

func newDryRun(t *testing.T) *dryRun {
	t.Helper()
	a := simtest.New(t, func(o *simtest.Options) { o.Attempts = 3 })
	api := ec2.NewFromConfig(a.Config)
	table, err := failure.New()
	if err != nil {
		t.Fatal(err)
	}
	templates := launchtemplate.New(launchtemplate.Options{
		API: api, Cluster: simtest.Cluster, Clock: clock.RealClock{}, Window: time.Millisecond,
		Retry: retry.Policy{First: time.Millisecond, Most: time.Millisecond},
	})
	t.Cleanup(templates.Close)
	d := &dryRun{T: t, Account: a}
	d.trial = d.request()
	d.check = nodeclass.NewDryRun(nodeclass.DryRunOptions{
		API: api, Templates: templates,
		Trial:          func(context.Context, *v1.EC2NodeClass) (fleet.Request, error) { return d.trial, d.none },
		Classify:       func(err error) failure.Verdict { return table.Classify(failure.Of(err)) },
		ProfileRefused: func(string) {},
	})
	return d
}

// request is what a launch would ask for: m5.large in each zone.
func (d *dryRun) request() fleet.Request {
	d.Helper()
	image := d.Setup.Parameters["/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"]
	content := launchtemplate.Content{
		ImageID: image, Placement: launchtemplate.Placement{Tenancy: v1.TenancyDefault},
		Interfaces: []launchtemplate.Interface{{SecurityGroups: []string{d.Setup.SecurityGroups[0].ID}}},
		Tags:       v1.Tags(&v1.EC2NodeClass{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, simtest.Cluster, ""),
		Market:     launchtemplate.Market{Preference: "none"},
	}
	name, err := content.Name()
	if err != nil {
		d.Fatal(err)
	}
	r := fleet.Request{
		Templates: map[string]launchtemplate.Content{name: content},
		Terms:     fleet.Terms{NodeClass: "default", CapacityType: label.OnDemand, Tags: content.Tags, Tenancy: v1.TenancyDefault},
	}
	for _, s := range d.Setup.Subnets {
		r.Terms.Subnets = append(r.Terms.Subnets, v1.Subnet{ID: s.ID, Zone: s.Zone})
		r.Offers = append(r.Offers, fleet.Offer{Type: "m5.large", Zone: s.Zone, ImageID: image, Template: name, Price: 0.1})
	}
	return r
}

func rule(call, code, message string) string {
	return fmt.Sprintf(`[{"call": "ec2:%s", "error": {"code": %q, "message": %q}}]`, call, code, message)
}

// AWS-088: the table.
func TestDryRun(t *testing.T) {
	t.Parallel()
	const denied = "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/c is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/node because no identity-based policy allows the iam:PassRole action"
	const said = "User is not authorized to perform this operation because no identity-based policy allows it"
	given := known(func(c *v1.EC2NodeClass) { c.Spec.Role, c.Spec.InstanceProfile = "", ptr.To("mine") })
	for _, tc := range []struct {
		name      string
		rules     string
		nodeClass *v1.EC2NodeClass
		reason    string
		message   []string
		fleeting  bool
		fails     bool
		calls     string // of CreateLaunchTemplate, CreateFleet, RunInstances
	}{
		{"all pass", "", nil, "", nil, false, false, "1 1 1"},
		{"unauthorized in 1", rule("CreateLaunchTemplate", "UnauthorizedOperation", "no"), nil, "CreateLaunchTemplateAuthCheckFailed",
			[]string{"Controller isn't authorized to call ec2:CreateLaunchTemplate: " + said}, false, false, "1 0 0"},
		{"unauthorized in 2", rule("CreateFleet", "UnauthorizedOperation", "no"), nil, "CreateFleetAuthCheckFailed",
			[]string{"Controller isn't authorized to call ec2:CreateFleet: " + said}, false, false, "1 1 0"},
		{"unauthorized in 3", rule("RunInstances", "UnauthorizedOperation", "no"), nil, "RunInstancesAuthCheckFailed",
			[]string{"Controller isn't authorized to call ec2:RunInstances: " + said}, false, false, "1 1 3"},
		{"AWS-442: what is missing", rule("RunInstances", "UnauthorizedOperation", denied), nil, "RunInstancesAuthCheckFailed",
			[]string{"Controller isn't authorized to call ec2:RunInstances: " + said, "permission missing: iam:PassRole on arn:aws:iam::1:role/node"}, false, false, "1 1 3"},
		{"user data too large", rule("CreateLaunchTemplate", "InvalidUserData.Malformed", "User data is limited to 16384 bytes"), nil, "UserDataSizeLimitExceeded",
			[]string{"ec2:CreateLaunchTemplate rejected the rendered user data as too large: Rendered user data exceeds the EC2 user data size limit"}, false, false, "1 0 0"},
		{"throttled in 2, without retries of the SDK", rule("CreateFleet", "RequestLimitExceeded", ""), nil, "", nil, false, true, "1 1 0"},
		{"a server fault in 2", rule("CreateFleet", "InternalError", ""), nil, "", nil, false, true, "1 1 0"},
		{"a server fault in 3", rule("RunInstances", "InternalError", ""), nil, "", nil, false, true, "1 1 3"},
		{"credentials that are being replaced", rule("CreateFleet", "AuthFailure", "x"), nil, "CreateFleetAuthCheckFailed", []string{said}, true, false, "1 1 0"},
		{"a mistake that is known in 1", rule("CreateLaunchTemplate", "InvalidAMIID.NotFound", "x"), nil, "AMINotFound",
			[]string{"ec2:CreateLaunchTemplate: AMI used for instance launch either does not exist"}, false, true, "1 0 0"},
		{"a mistake that is known in 2", rule("CreateFleet", "InvalidParameter", "Security group sg-1 and subnet subnet-1 belong to different networks."), nil,
			"SecurityGroupSubnetVPCMismatch", []string{"ec2:CreateFleet: Security groups and subnets must be in the same VPC."}, false, true, "1 1 0"},
		{"another error in 2", rule("CreateFleet", "InvalidParameterValue", "no such volume type"), nil, "LaunchFailed",
			[]string{"ec2:CreateFleet: ", "no such volume type"}, false, true, "1 1 0"},
		{"another error in 3", rule("RunInstances", "InvalidKMSKey.InvalidState", "the key is disabled"), nil, "LaunchFailed",
			[]string{"ec2:RunInstances: ", "the key is disabled"}, false, true, "1 1 3"},
		{"a template that EC2 does not show yet", rule("CreateFleet", "InvalidLaunchTemplateName.NotFoundException", "x"), nil, "", nil, false, true, "1 1 0"},
		{"no capacity", rule("RunInstances", "InsufficientInstanceCapacity", "x"), nil, "", nil, false, true, "1 1 3"},
		{"one subnet of three will do", `[{"call": "ec2:RunInstances", "times": 2, "error": {"code": "UnauthorizedOperation"}}]`, nil, "", nil, false, false, "1 1 3"},
		{"the error of the first subnet counts", `[{"call": "ec2:RunInstances", "times": 1, "error": {"code": "UnauthorizedOperation"}}, {"call": "ec2:RunInstances", "error": {"code": "InternalError"}}]`,
			nil, "RunInstancesAuthCheckFailed", nil, false, false, "1 1 3"},
		{"no profile of the user", rule("RunInstances", "InvalidParameterValue", "Value (mine) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"),
			given, "InstanceProfileNotFound", []string{`spec.instanceProfile: instance profile "mine" does not exist`}, true, false, "1 1 3"},
		{"no profile of ours yet", rule("RunInstances", "InvalidParameterValue", "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"),
			nil, "", nil, false, true, "1 1 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := newDryRun(t)
			if tc.rules != "" {
				d.Fault(tc.rules)
			}
			if tc.nodeClass == nil {
				tc.nodeClass = known()
			}
			got, err := d.check(t.Context(), tc.nodeClass)
			if got.Reason != tc.reason || got.Fleeting != tc.fleeting || (err != nil) != tc.fails {
				t.Errorf("got %+v, %v", got, err)
			}
			for _, want := range tc.message {
				if strings.Count(got.Message, want) != 1 {
					t.Errorf("message %q, want %q once", got.Message, want)
				}
			}
			if calls := fmt.Sprint(d.Calls("ec2:CreateLaunchTemplate"), d.Calls("ec2:CreateFleet"), d.Calls("ec2:RunInstances")); calls != tc.calls {
				t.Errorf("calls %s, want %s", calls, tc.calls)
			}
		})
	}
	t.Run("AWS-089: no type", func(t *testing.T) {
		t.Parallel()
		d := newDryRun(t)
		d.none = fmt.Errorf("trying: %w", nodeclass.ErrNoTypes)
		if got, err := d.check(t.Context(), known()); err != nil || got.Reason != "NoCompatibleInstanceTypes" || got.Message == "" {
			t.Errorf("got %+v, %v", got, err)
		}
		if d.none = errDown; true {
			if got, err := d.check(t.Context(), known()); err == nil || got.Reason != "" {
				t.Errorf("got %+v, %v", got, err)
			}
		}
	})
}

// AWS-088, AWS-421: dry runs launch nothing, and ask with tags, groups and interfaces, so
// that policies judge what a launch would.
func TestDryRunRequests(t *testing.T) {
	t.Parallel()
	d := newDryRun(t)
	if verdict, err := d.check(t.Context(), known()); err != nil || verdict.Reason != "" {
		t.Fatal(verdict, err)
	}
	out, err := ec2.NewFromConfig(d.Config).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	if err != nil || len(out.Reservations) > 0 {
		t.Errorf("launched: %+v, %v", out, err)
	}
	for call, want := range map[string][]string{
		"ec2:CreateFleet": {
			"DryRun:true", "Type:instant", "karpenter.sh/nodepool", "kubernetes.io/cluster/c1", d.Setup.Subnets[0].ID, d.Setup.Subnets[1].ID, d.Setup.Subnets[2].ID,
			"ResourceType:instance", "ResourceType:volume", "ResourceType:fleet",
		},
		"ec2:RunInstances": {
			"DryRun:true", "MinCount:1", "MaxCount:1", "karpenter.sh/nodepool", d.Setup.Subnets[0].ID, d.Setup.SecurityGroups[0].ID, "m5.large",
			"ResourceType:instance", "ResourceType:volume", "ResourceType:network-interface",
		},
	} {
		text := fmt.Sprint(d.Requests(call)[0].Input)
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %s: %s", call, part, text)
			}
		}
	}
}
