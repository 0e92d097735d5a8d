// SPDX-License-Identifier: Apache-2.0

package simtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"karpenter.sh/providers/aws/internal/simtest"
)

func subnets(t *testing.T, c aws.Config) int {
	t.Helper()
	out, err := ec2.NewFromConfig(c).DescribeSubnets(context.Background(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Subnets)
}

// AWS-423: the configuration alone leads to the account, and each test has its own.
func TestAccountsAreApart(t *testing.T) {
	t.Parallel()
	a := simtest.New(t)
	b := simtest.New(t, func(o *simtest.Options) { o.Cloud.Setup.Subnets = o.Cloud.Setup.Subnets[:1] })
	if got := [2]int{subnets(t, a.Config), subnets(t, b.Config)}; got != [2]int{3, 1} {
		t.Errorf("the accounts have %v subnets", got)
	}
	if got := a.Calls("ec2:DescribeSubnets"); got != 1 {
		t.Errorf("%d calls are in the journal, not 1", got)
	}
	region, err := a.IMDS().GetRegion(context.Background(), &imds.GetRegionInput{})
	if err != nil || region.Region != a.Setup.Region {
		t.Errorf("instance metadata tell region %v, %v", region, err)
	}
}

// AWS-423: what goes wrong does so until it is healed, and attempts are those asked for.
func TestFaults(t *testing.T) {
	t.Parallel()
	a := simtest.New(t, func(o *simtest.Options) { o.Attempts = 3 })
	api := ec2.NewFromConfig(a.Config)
	a.Fail("ec2:DescribeSubnets", "InternalError", "")
	if _, err := api.DescribeSubnets(context.Background(), &ec2.DescribeSubnetsInput{}); err == nil {
		t.Error("the call succeeded despite the fault")
	}
	if got := a.Calls("ec2:DescribeSubnets"); got != 3 {
		t.Errorf("the SDK tried %d times, not 3", got)
	}
	a.Heal()
	a.FailOnce("ec2:DescribeSubnets", "InternalError", "")
	if got := subnets(t, a.Config); got != 3 {
		t.Errorf("%d subnets after one failure", got)
	}
}

// AWS-423: the environment leads to the account as well.
func TestEnvironment(t *testing.T) {
	a := simtest.New(t)
	a.Setenv()
	c, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got := subnets(t, c); got != 3 {
		t.Errorf("%d subnets", got)
	}
}

// AWS-423: an answer takes its time by the account's clock.
func TestLatency(t *testing.T) {
	t.Parallel()
	a := simtest.New(t, func(o *simtest.Options) { o.Latency = time.Minute })
	done := make(chan int)
	go func() { done <- subnets(t, a.Config) }()
	for !a.Clock.HasWaiters() {
		select {
		case <-done:
			t.Fatal("the answer did not wait")
		case <-time.After(time.Millisecond):
		}
	}
	a.Step(time.Minute)
	if got := <-done; got != 3 {
		t.Errorf("%d subnets", got)
	}
}
