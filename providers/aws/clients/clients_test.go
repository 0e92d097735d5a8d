// SPDX-License-Identifier: Apache-2.0

package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/awslabs/operatorpkg/serrors"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"karpenter.sh/providers/aws/clients"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/internal/simtest"
)

func instrumented(t *testing.T, a *simtest.Account) (*clients.Clients, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewRegistry()
	cfg := a.Config.Copy()
	if err := clients.Instrument(&cfg, clients.Options{Version: "1.2.3", Registerer: registry, Clock: a.Clock}); err != nil {
		t.Fatal(err)
	}
	return clients.New(cfg), registry
}

// AWS-401, AWS-447: calls and attempts are counted apart, by service, action and status.
func TestMetrics(t *testing.T) {
	t.Parallel()
	a := simtest.New(t, func(o *simtest.Options) { o.Attempts = 3 })
	c, registry := instrumented(t, a)
	describe := func() error {
		_, err := c.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
		return err
	}
	a.FailOnce("ec2:DescribeSubnets", "InternalError", "")
	if err := describe(); err != nil {
		t.Fatal(err)
	}
	a.Fail("ec2:DescribeSubnets", "UnauthorizedOperation", "")
	if err := describe(); err == nil {
		t.Fatal("the call succeeded despite the fault")
	}
	err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP aws_sdk_go_request_total Calls of AWS, whatever the number of attempts.
# TYPE aws_sdk_go_request_total counter
aws_sdk_go_request_total{action="DescribeSubnets",service="EC2",status_code="200"} 1
aws_sdk_go_request_total{action="DescribeSubnets",service="EC2",status_code="400"} 1
# HELP aws_sdk_go_request_attempt_total Attempts at calls of AWS.
# TYPE aws_sdk_go_request_attempt_total counter
aws_sdk_go_request_attempt_total{action="DescribeSubnets",service="EC2",status_code="200"} 1
aws_sdk_go_request_attempt_total{action="DescribeSubnets",service="EC2",status_code="400"} 1
aws_sdk_go_request_attempt_total{action="DescribeSubnets",service="EC2",status_code="500"} 1
# HELP aws_sdk_go_request_retry_count How often calls of AWS were tried again.
# TYPE aws_sdk_go_request_retry_count histogram
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="200",le="0"} 0
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="200",le="1"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="200",le="2"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="200",le="3"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="200",le="4"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="200",le="+Inf"} 1
aws_sdk_go_request_retry_count_sum{action="DescribeSubnets",service="EC2",status_code="200"} 1
aws_sdk_go_request_retry_count_count{action="DescribeSubnets",service="EC2",status_code="200"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="400",le="0"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="400",le="1"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="400",le="2"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="400",le="3"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="400",le="4"} 1
aws_sdk_go_request_retry_count_bucket{action="DescribeSubnets",service="EC2",status_code="400",le="+Inf"} 1
aws_sdk_go_request_retry_count_sum{action="DescribeSubnets",service="EC2",status_code="400"} 0
aws_sdk_go_request_retry_count_count{action="DescribeSubnets",service="EC2",status_code="400"} 1
`), "aws_sdk_go_request_total", "aws_sdk_go_request_attempt_total", "aws_sdk_go_request_retry_count")
	if err != nil {
		t.Error(err)
	}
	for name, want := range map[string]int{"aws_sdk_go_request_duration_seconds": 2, "aws_sdk_go_request_attempt_duration_seconds": 3} {
		if got, err := testutil.GatherAndCount(registry, name); err != nil || got != want {
			t.Errorf("%s has %d series, %v", name, got, err)
		}
	}
	cfg := aws.Config{}
	if err := clients.Instrument(&cfg, clients.Options{Registerer: registry, Clock: a.Clock}); err == nil {
		t.Error("registering twice is no error")
	}
}

// AWS-401, AWS-447: a call without answer has status 0, and is tried again like others.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	a := simtest.New(t, func(o *simtest.Options) { o.Attempts = 3 })
	c, registry := instrumented(t, a)
	a.Fault(`[{"call": "ec2:DescribeSubnets", "lost": true}]`)
	_, err := c.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if want := []any{"aws-operation-name", "DescribeSubnets", "aws-service-name", "EC2"}; !cmp.Equal(serrors.UnwrapValues(err), want) {
		t.Errorf("AWS-007: %v is logged with %v", err, serrors.UnwrapValues(err))
	}
	const want = `
# HELP aws_sdk_go_request_total Calls of AWS, whatever the number of attempts.
# TYPE aws_sdk_go_request_total counter
aws_sdk_go_request_total{action="DescribeSubnets",service="EC2",status_code="0"} 1
# HELP aws_sdk_go_request_attempt_total Attempts at calls of AWS.
# TYPE aws_sdk_go_request_attempt_total counter
aws_sdk_go_request_attempt_total{action="DescribeSubnets",service="EC2",status_code="0"} 3
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "aws_sdk_go_request_total", "aws_sdk_go_request_attempt_total"); err != nil {
		t.Error(err)
	}
	if calls, retries := observed(t, registry, "aws_sdk_go_request_retry_count"); calls != 1 || retries != 2 {
		t.Errorf("%d calls with %v retries are observed", calls, retries)
	}
}

// AWS-447: each call has its number of retries observed, 0 too. What the SDK refuses to
// send is no call.
func TestRetriesOfEachCall(t *testing.T) {
	t.Parallel()
	c, registry := instrumented(t, simtest.New(t))
	if _, err := c.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.EC2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{}); err == nil {
		t.Fatal("a call without what it must name succeeds")
	}
	if calls, retries := observed(t, registry, "aws_sdk_go_request_retry_count"); calls != 1 || retries != 0 {
		t.Errorf("%d calls with %v retries are observed", calls, retries)
	}
}

// observed are the number and the sum of a histogram's observations, whatever their
// labels.
func observed(t *testing.T, registry *prometheus.Registry, name string) (count uint64, sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				count, sum = count+m.GetHistogram().GetSampleCount(), sum+m.GetHistogram().GetSampleSum()
			}
		}
	}
	return count, sum
}

// AWS-007: an error is logged with its keys, whoever wrapped it, and says what it said.
func TestKeysOfErrors(t *testing.T) {
	t.Parallel()
	a := simtest.New(t)
	c, _ := instrumented(t, a)
	a.Fail("ec2:DescribeSubnets", "UnauthorizedOperation", "no")
	_, err := c.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if !failure.IsUnauthorized(err) || strings.Contains(err.Error(), "aws-") {
		t.Errorf("the error has become: %v", err)
	}
	got := serrors.UnwrapValues(fmt.Errorf("describing subnets: %w", err))
	var id string
	for i := 0; i+1 < len(got); i += 2 {
		if got[i] == "aws-request-id" {
			id, _ = got[i+1].(string)
		}
	}
	want := []any{
		"aws-error-code", "UnauthorizedOperation", "aws-operation-name", "DescribeSubnets",
		"aws-request-id", id, "aws-service-name", "EC2", "aws-status-code", 400,
	}
	if id == "" || !cmp.Equal(got, want) {
		t.Errorf("it is logged with %v", got)
	}
}

// AWS-002: the user agent names the build.
func TestUserAgent(t *testing.T) {
	t.Parallel()
	var agent atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(server.Close)
	a := simtest.New(t)
	a.Config.BaseEndpoint = &server.URL
	c, _ := instrumented(t, a)
	if err := clients.Probe(t.Context(), c.EC2); err == nil {
		t.Error("an answer that says nothing passes the probe")
	}
	if got, _ := agent.Load().(string); !strings.Contains(got, " karpenter.sh-1.2.3") {
		t.Errorf("the user agent is %q", got)
	}
}

// AWS-002 (3): the probe passes exactly if the dry run does.
func TestProbe(t *testing.T) {
	t.Parallel()
	a := simtest.New(t)
	c, _ := instrumented(t, a)
	if err := clients.Probe(t.Context(), c.EC2); err != nil {
		t.Error(err)
	}
	a.Fail("ec2:DescribeInstanceTypes", "UnauthorizedOperation", "")
	if err := clients.Probe(t.Context(), c.EC2); !failure.IsUnauthorized(err) {
		t.Errorf("without permission: %v", err)
	}
	if err := clients.Probe(t.Context(), carriesOut{}); err == nil {
		t.Error("a dry run that is carried out passes")
	}
}

type carriesOut struct{}

func (carriesOut) DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	return &ec2.DescribeInstanceTypesOutput{}, nil
}

// AWS-002 (1), (2), AWS-006: the default chain and its endpoints; the region of instance
// metadata if none is configured.
func TestLoad(t *testing.T) {
	for _, c := range []struct{ name, region, want string }{
		{"configured", "eu-west-1", "eu-west-1"}, {"from instance metadata", "", "us-west-2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := simtest.New(t)
			a.Setenv()
			t.Setenv("AWS_REGION", c.region)
			t.Setenv("AWS_DEFAULT_REGION", "")
			t.Setenv("AWS_CONFIG_FILE", "/nowhere")
			cfg, err := clients.Load(t.Context(), clients.Options{Version: "1.2.3", Registerer: prometheus.NewRegistry(), Clock: a.Clock})
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Region != c.want {
				t.Errorf("the region is %q", cfg.Region)
			}
			if h, ok := cfg.HTTPClient.(*awshttp.BuildableClient); !ok || h.GetTimeout() != 4*time.Minute {
				t.Errorf("the HTTP client is %+v", cfg.HTTPClient)
			}
			if err := clients.Probe(t.Context(), clients.New(cfg).EC2); err != nil {
				t.Error(err)
			}
		})
	}
}

// AWS-002 (2): no region anywhere is an error that says where it was looked for.
func TestNoRegion(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	a := simtest.New(t)
	a.Setenv()
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	_, err := clients.Load(t.Context(), clients.Options{Registerer: prometheus.NewRegistry(), Clock: a.Clock})
	if err == nil || !strings.Contains(err.Error(), "AWS_REGION") || errors.Unwrap(err) == nil {
		t.Errorf("the error is %v", err)
	}
}

// AWS-006: where prices are asked for.
func TestPriceRegion(t *testing.T) {
	t.Parallel()
	a := simtest.New(t)
	for region, want := range map[string]string{
		"ap-northeast-1": "ap-south-1", "cn-north-1": "cn-northwest-1", "eu-west-1": "eu-central-1",
		"us-west-2": "us-east-1", "sa-east-1": "us-east-1", "af-south-1": "us-east-1",
	} {
		cfg := a.Config.Copy()
		cfg.Region = region
		c := clients.New(cfg)
		if got := c.Pricing.Options().Region; got != want || clients.PriceRegion(region) != want {
			t.Errorf("prices of %s are asked for in %s", region, got)
		}
		if got := c.EC2.Options().Region; got != region {
			t.Errorf("EC2 of %s is called in %s", region, got)
		}
	}
}
