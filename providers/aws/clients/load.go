// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
)

// Timeout is how long one attempt of a call may take, its answer included (AWS-002).
const Timeout = 4 * time.Minute

// Options is what all clients have in common.
type Options struct {
	// Version of the binary, for the user agent.
	Version string
	// Registerer takes the metrics of the SDK.
	Registerer prometheus.Registerer
	// Clock measures the calls.
	Clock clock.PassiveClock
}

// Load returns the configuration of the default chain: environment, files, roles of the
// pod or the instance (AWS-002). Without a region there, instance metadata tell it. The
// SDK's endpoint variables are honoured (AWS-006).
func Load(ctx context.Context, o Options) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(Timeout)))
	if err != nil {
		return aws.Config{}, fmt.Errorf("loading the configuration of the AWS SDK: %w", err)
	}
	if cfg.Region == "" {
		if cfg.Region, err = regionOf(ctx, imds.NewFromConfig(cfg)); err != nil {
			return aws.Config{}, err
		}
	}
	err = Instrument(&cfg, o)
	return cfg, err
}

// metadata is the part of instance metadata that is read.
type metadata interface {
	GetRegion(context.Context, *imds.GetRegionInput, ...func(*imds.Options)) (*imds.GetRegionOutput, error)
}

func regionOf(ctx context.Context, m metadata) (string, error) {
	out, err := m.GetRegion(ctx, &imds.GetRegionInput{})
	if err != nil {
		return "", fmt.Errorf("no region is configured (AWS_REGION), and asking instance metadata for it: %w", err)
	}
	return out.Region, nil
}
