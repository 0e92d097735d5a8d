// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"karpenter.sh/providers/aws/internal/query"
)

// API is the call of Service Quotas that is used.
type API interface {
	servicequotas.ListServiceQuotasAPIClient
}

// EC2 are the calls of EC2 that are used.
type EC2 interface {
	ec2.DescribeInstancesAPIClient
	ec2.DescribeCapacityReservationsAPIClient
}

// Pages are as large as the services allow.
const (
	quotaPage       = 100
	instancePage    = 1000
	reservationPage = 1000
)

// source is what a reading asks.
type source struct {
	api          API
	ec2          EC2
	reservations bool
	sizes        sizes
	now          func() time.Time
}

// read reads the account. Usage is asked for after the quotas, and at the time that is
// returned: the reading is as old as that.
func (s source) read(ctx context.Context) (began time.Time, limits map[string]int64, shown []use, err error) {
	limits, account, err := s.limits(ctx)
	if err != nil {
		return began, nil, nil, err
	}
	began = s.now()
	if shown, err = s.used(ctx); err != nil || !s.reservations {
		return began, limits, shown, err
	}
	reserved, err := s.reserved(ctx, account)
	return began, limits, append(shown, reserved...), err
}

// limits are what the account may have of each limit, and the account's number.
func (s source) limits(ctx context.Context) (limits map[string]int64, account string, err error) {
	pages := servicequotas.NewListServiceQuotasPaginator(s.api, &servicequotas.ListServiceQuotasInput{
		ServiceCode: aws.String("ec2"), MaxResults: aws.Int32(quotaPage),
	})
	limits = map[string]int64{}
	_, err = query.Pages(ctx, pages, func(page *servicequotas.ListServiceQuotasOutput) []struct{} {
		for _, q := range page.Quotas {
			if name, ok := limitOf(aws.ToString(q.QuotaName)); ok && known(q) {
				limits[name] = int64(*q.Value)
				account = owner(q)
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing the service quotas of EC2: %w", err)
	}
	return limits, account, nil
}

func known(q types.ServiceQuota) bool { return q.ErrorReason == nil && q.Value != nil && *q.Value >= 0 }

// owner is the number of the account that a quota is of.
func owner(q types.ServiceQuota) string {
	parsed, err := arn.Parse(aws.ToString(q.QuotaArn))
	if err != nil {
		return ""
	}
	return parsed.AccountID
}

// used is what instances of the account use, whoever launched them. No more than that is
// kept of a page.
func (s source) used(ctx context.Context) ([]use, error) {
	pages := ec2.NewDescribeInstancesPaginator(s.ec2, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(instancePage),
		Filters: []ec2types.Filter{{
			Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "shutting-down", "stopping"},
		}},
	})
	used, err := query.Pages(ctx, pages, func(page *ec2.DescribeInstancesOutput) (out []use) {
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if u, counts := s.sizes.ofInstance(i); counts {
					out = append(out, u)
				}
			}
		}
		return out
	})
	if err != nil {
		return nil, fmt.Errorf("describing the instances that count on vCPU quotas: %w", err)
	}
	return used, nil
}

// reserved is what reservations of the account hold for nobody.
func (s source) reserved(ctx context.Context, account string) ([]use, error) {
	pages := ec2.NewDescribeCapacityReservationsPaginator(s.ec2, &ec2.DescribeCapacityReservationsInput{
		MaxResults: aws.Int32(reservationPage),
		Filters:    []ec2types.Filter{{Name: aws.String("state"), Values: []string{"active"}}},
	})
	reserved, err := query.Pages(ctx, pages, func(page *ec2.DescribeCapacityReservationsOutput) (out []use) {
		for _, r := range page.CapacityReservations {
			if u, counts := s.sizes.ofReservation(r, account); counts {
				out = append(out, u)
			}
		}
		return out
	})
	if err != nil {
		return nil, fmt.Errorf("describing the reservations that count on vCPU quotas: %w", err)
	}
	return reserved, nil
}
