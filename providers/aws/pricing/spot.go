// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider/kit/price"
)

// Spot is what of EC2 is called.
type Spot interface {
	DescribeSpotPriceHistory(context.Context, *ec2.DescribeSpotPriceHistoryInput, ...func(*ec2.Options)) (*ec2.DescribeSpotPriceHistoryOutput, error)
}

// refreshSpot reads the spot prices of this moment (AWS-232).
func (p *Prices) refreshSpot(ctx context.Context) error {
	pages := ec2.NewDescribeSpotPriceHistoryPaginator(p.opts.Spot, &ec2.DescribeSpotPriceHistoryInput{
		StartTime: aws.Time(p.opts.Clock.Now()), MaxResults: aws.Int32(1000),
		ProductDescriptions: []string{"Linux/UNIX", "Linux/UNIX (Amazon VPC)"},
	})
	latest := history{prices: map[price.Spot]float64{}, at: map[price.Spot]time.Time{}}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("describing the history of spot prices: %w", err)
		}
		for _, record := range page.SpotPriceHistory {
			latest.add(record)
		}
	}
	_, err := p.book.Update(price.Update{Spot: latest.prices})
	return err
}

// history is the latest price of each pool.
type history struct {
	prices map[price.Spot]float64
	at     map[price.Spot]time.Time
}

// add keeps the later record of a pool, of two at once the higher: products can differ.
// What cannot be read is skipped.
func (h *history) add(record types.SpotPrice) {
	pool := price.Spot{InstanceType: string(record.InstanceType), Zone: aws.ToString(record.AvailabilityZone)}
	hourly, err := strconv.ParseFloat(aws.ToString(record.SpotPrice), 64)
	if err != nil || pool.InstanceType == "" || pool.Zone == "" {
		return
	}
	at, known := aws.ToTime(record.Timestamp), h.at[pool]
	if at.Before(known) || at.Equal(known) && hourly <= h.prices[pool] {
		return
	}
	h.prices[pool], h.at[pool] = hourly, at
}
