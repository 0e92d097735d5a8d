// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/arczonalshift"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"
)

// Clients are the clients of all services, one each. They share connections, and the
// SDK's quota of retries per service.
type Clients struct {
	EC2           *ec2.Client
	EKS           *eks.Client
	IAM           *iam.Client
	SSM           *ssm.Client
	Pricing       *pricing.Client
	ServiceQuotas *servicequotas.Client
	SQS           *sqs.Client
	ZonalShift    *arczonalshift.Client
}

// New makes the clients for a configuration.
func New(cfg aws.Config) *Clients {
	return &Clients{
		EC2:           ec2.NewFromConfig(cfg),
		EKS:           eks.NewFromConfig(cfg),
		IAM:           iam.NewFromConfig(cfg),
		SSM:           ssm.NewFromConfig(cfg),
		Pricing:       pricing.NewFromConfig(cfg, func(o *pricing.Options) { o.Region = PriceRegion(cfg.Region) }),
		ServiceQuotas: servicequotas.NewFromConfig(cfg),
		SQS:           sqs.NewFromConfig(cfg),
		ZonalShift:    arczonalshift.NewFromConfig(cfg),
	}
}

// PriceRegion is where the price list of a region can be asked for; few regions have the
// service (AWS-006).
func PriceRegion(region string) string {
	switch {
	case strings.HasPrefix(region, "ap-"):
		return "ap-south-1"
	case strings.HasPrefix(region, "cn-"):
		return "cn-northwest-1"
	case strings.HasPrefix(region, "eu-"):
		return "eu-central-1"
	}
	return "us-east-1"
}

// Prober is what Probe asks.
type Prober interface {
	DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error)
}

// Probe asks EC2 for a dry run, which must pass: credentials, region, network and the
// permission to describe types are right (AWS-002 (3)).
func Probe(ctx context.Context, api Prober) error {
	_, err := api.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{DryRun: aws.Bool(true)})
	var answer smithy.APIError
	if errors.As(err, &answer) && answer.ErrorCode() == "DryRunOperation" {
		return nil
	}
	if err == nil {
		err = errors.New("a dry run was carried out")
	}
	return fmt.Errorf("checking that EC2 can be called: %w", err)
}
