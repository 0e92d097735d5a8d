// SPDX-License-Identifier: Apache-2.0

package network

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/cache"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/query"
)

// DefaultInterval is how long lists are kept unless told otherwise (AWS-001, AWS-130).
const DefaultInterval = time.Minute

// subnetPage is the size of a page of DescribeSubnets (AWS-420).
const subnetPage = 500

// SubnetAPI is what Subnets call.
type SubnetAPI interface {
	DescribeSubnets(ctx context.Context, in *ec2.DescribeSubnetsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
}

// SubnetOptions is what Subnets are made of.
type SubnetOptions struct {
	// API is required.
	API SubnetAPI
	// Addresses take the reading that each answer is; required.
	Addresses *Addresses
	// Clock is required.
	Clock clock.PassiveClock
	// Interval is how long a list is kept; 0 means DefaultInterval.
	Interval time.Duration
	// Random and Metrics are those of cache.Options.
	Random  func() float64
	Metrics *cache.Metrics
}

// Subnets list subnets. They are safe for concurrent use. Close them.
type Subnets struct {
	opts  SubnetOptions
	cache *cache.Cache[query.Key, []v1.Subnet]
}

// NewSubnets returns Subnets that have read nothing yet.
func NewSubnets(opts SubnetOptions) *Subnets {
	opts.Interval = cmp.Or(opts.Interval, DefaultInterval)
	s := &Subnets{opts: opts}
	s.cache = cache.New(cache.Options{
		Name: "subnets", TTL: opts.Interval, MaxAge: opts.Interval,
		Clock: opts.Clock, Random: opts.Random, Metrics: opts.Metrics,
	}, cache.Source[query.Key, []v1.Subnet]{Load: s.load})
	return s
}

// List returns the subnets that a NodeClass selects, by ID (AWS-082); empty if there
// are none. An error of the API is returned once the list at hand is older than the
// interval.
func (s *Subnets) List(ctx context.Context, nodeClass *v1.EC2NodeClass) ([]v1.Subnet, error) {
	key, err := query.KeyOf(nodeClass, nodeClass.Spec.SubnetSelectorTerms)
	if err != nil {
		return nil, err
	}
	found, err := s.cache.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("listing the subnets of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	return slices.Clone(found), nil
}

// Close ends what is under way.
func (s *Subnets) Close() { s.cache.Close() }

func (s *Subnets) load(ctx context.Context, key query.Key) ([]v1.Subnet, error) {
	terms, err := query.TermsOf[v1.SubnetSelectorTerm](key)
	if err != nil {
		return nil, err
	}
	selections := make([]query.Selection, len(terms))
	for i, term := range terms {
		selections[i] = query.Selection{ID: term.ID, Tags: term.Tags}
	}
	began := s.opts.Clock.Now()
	found, err := query.Each(ctx, query.Selections(selections, query.Names{ID: "subnet-id"}), s.describe)
	if err != nil {
		return nil, fmt.Errorf("describing subnets: %w", err)
	}
	found = query.Unique(found, func(subnet types.Subnet) string { return aws.ToString(subnet.SubnetId) })
	if err := s.opts.Addresses.read(began, found); err != nil {
		return nil, err
	}
	return inOrder(found), nil
}

func (s *Subnets) describe(ctx context.Context, filters []types.Filter) ([]types.Subnet, error) {
	pages := ec2.NewDescribeSubnetsPaginator(s.opts.API, &ec2.DescribeSubnetsInput{
		Filters: filters, MaxResults: aws.Int32(subnetPage),
	})
	return query.Pages(ctx, pages, func(page *ec2.DescribeSubnetsOutput) []types.Subnet { return page.Subnets })
}

// inOrder is the list of the status. A subnet without a zone cannot be launched into.
func inOrder(found []types.Subnet) []v1.Subnet {
	found = slices.DeleteFunc(slices.Clone(found), func(s types.Subnet) bool { return aws.ToString(s.AvailabilityZone) == "" })
	// Not by free addresses: the status would change with every machine, and all who
	// watch it would look again. A launch has its own count (AWS-132).
	slices.SortFunc(found, func(a, b types.Subnet) int { return cmp.Compare(*a.SubnetId, *b.SubnetId) })
	out := make([]v1.Subnet, len(found))
	for i, s := range found {
		out[i] = v1.Subnet{ID: *s.SubnetId, Zone: *s.AvailabilityZone, ZoneID: aws.ToString(s.AvailabilityZoneId)}
	}
	return out
}

// free is the number of free addresses that the cloud tells.
func free(s types.Subnet) int64 { return max(int64(aws.ToInt32(s.AvailableIpAddressCount)), 0) }
