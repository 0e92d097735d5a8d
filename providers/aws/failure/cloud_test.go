// SPDX-License-Identifier: Apache-2.0

package failure_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/internal/simtest"
	cloudaws "karpenter.sh/test/cloudsim/aws"
	"karpenter.sh/test/cloudsim/world"
)

// AWS-293, AWS-300, AWS-441: what the cloud lacks by itself, without any fault rule.
func TestTheCloudsOwnFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, capacity string
		set            func(*launcher)
		row            string
		marks          []string
	}{
		{"no stock", "on-demand", func(l *launcher) { l.account.Cloud.Stock().Set(world.Pool{}, 0) }, "no-instances", []string{onDemand}},
		{"no spot stock", "spot", func(l *launcher) { l.account.Cloud.Stock().Set(world.Pool{Capacity: "spot"}, 0) }, "no-instances", []string{spot}},
		{
			"vCPU quota", "on-demand", func(l *launcher) { l.account.Cloud.Quotas().Set(cloudaws.QuotaOnDemand, 3) }, "vcpu-quota",
			[]string{onDemand, "capacityType=on-demand family=standard minVCPUs=4"},
		},
		{
			"spot quota", "spot", func(l *launcher) { l.account.Cloud.Quotas().Set(cloudaws.QuotaSpot, 3) }, "spot-quota",
			[]string{spot, "capacityType=spot family=standard minVCPUs=4"},
		},
		{"no addresses", "on-demand", func(l *launcher) {
			if err := l.account.Cloud.BlockAddresses(l.account.Setup.Subnets[0].ID, 0); err != nil {
				l.Fatal(err)
			}
		}, failure.RowSubnetFull, []string{"network=<subnet>"}},
		{"profile", "on-demand", func(l *launcher) { l.profile = "nobody" }, "profile-parameter", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLauncher(t, table(t))
			c.set(l)
			v := l.usual(c.capacity)
			want := slices.Clone(c.marks)
			for i := range want {
				want[i] = strings.ReplaceAll(want[i], "<subnet>", l.account.Setup.Subnets[0].ID)
			}
			if got := marks(v); v.Row != c.row || !slices.Equal(got, want) {
				t.Errorf("row %q marks %q", v.Row, got)
			}
		})
	}
}

// AWS-293, AWS-445: a full spread group is marked in its zone for all types, and nothing of what
// is launched without it.
func TestSpreadGroup(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, table(t), func(o *simtest.Options) {
		o.Cloud.Setup.PlacementGroups = []cloudaws.PlacementGroup{{ID: "pg-0f", Name: "g", Strategy: "spread"}}
	})
	l.group = "pg-0f"
	l.account.Within(nil, "InsufficientInstanceCapacity", "over the limit of instances in this spread placement group")
	v := l.usual("on-demand")
	if got := marks(v); v.Row != failure.RowSpreadLimit || !slices.Equal(got, []string{"zone=us-west-2a place=pg-0f"}) {
		t.Errorf("row %q marks %q", v.Row, got)
	}
}

// AWS-292, AWS-300: templates that are gone, and user data that are too long.
func TestTemplates(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, table(t))
	if v := l.launch("lt-0123456789abcdef0", "on-demand"); !v.TemplateGone() {
		t.Errorf("row %q: %v", v.Row, v.Err)
	}
	_, err := l.template(base64.StdEncoding.EncodeToString(make([]byte, 16385)))
	if !failure.IsUserDataTooLarge(err) {
		t.Errorf("%v is not about user data", err)
	}
	if got := l.table.Classify(failure.Of(err)).Reason; got != "UserDataSizeLimitExceeded" {
		t.Errorf("the reason is %s", got)
	}
}

// AWS-302, AWS-442: a missing permission is told by action and resource.
func TestPermissionMissing(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, table(t), func(o *simtest.Options) {
		o.Cloud.Setup.Identities = []cloudaws.Identity{{AccessKey: "AKIACONTROLLER", Role: "controller", Policies: []json.RawMessage{[]byte(
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:CreateLaunchTemplate", "Resource": "*"}]}`)}}}
	})
	v := l.usual("on-demand")
	e, ok := cloudprovider.AsCreateError(v.Err)
	if !ok || e.Reason != "Unauthorized" || !strings.Contains(e.Message, "permission missing: ec2:CreateFleet on arn:aws:ec2:us-west-2:") {
		t.Errorf("%v: %+v", v.Err, e)
	}
	_, err := l.api.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if p, ok := failure.PermissionMissing(err); !ok || p.String() != "ec2:DescribeSubnets on *" {
		t.Errorf("%v is told as %q", err, p)
	}
}

// AWS-431: the SDK gives up for want of its own tokens: nothing is marked, and nobody
// takes it for a failed launch.
func TestRetryQuota(t *testing.T) {
	t.Parallel()
	l := newLauncher(t, table(t))
	l.account.Config.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.RateLimiter = ratelimit.NewTokenRateLimit(1) })
	}
	l.api = ec2.NewFromConfig(l.account.Config)
	l.account.Fail("ec2:CreateFleet", "InternalError", "")
	v := l.usual("on-demand")
	if v.Row != "retries-exhausted" || !v.Throttled || len(v.Marks) > 0 || cloudprovider.ClassOf(v.Err) != plain {
		t.Errorf("row %q, marks %q: %v", v.Row, marks(v), v.Err)
	}
	var quota ratelimit.QuotaExceededError
	if !failure.IsThrottled(v.Err) || !errors.As(v.Err, &quota) {
		t.Errorf("%v is not taken for throttling", v.Err)
	}
}
