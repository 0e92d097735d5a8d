// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/cache"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/internal/query"
)

// groupPage is the size of a page of DescribeSecurityGroups (AWS-420).
const groupPage = 500

// SecurityGroupAPI is what SecurityGroups call.
type SecurityGroupAPI interface {
	DescribeSecurityGroups(ctx context.Context, in *ec2.DescribeSecurityGroupsInput, opts ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
}

// SecurityGroupOptions is what SecurityGroups are made of.
type SecurityGroupOptions struct {
	// API is required.
	API SecurityGroupAPI
	// Clock is required.
	Clock clock.PassiveClock
	// Random and Metrics are those of cache.Options.
	Random  func() float64
	Metrics *cache.Metrics
}

// SecurityGroups list security groups. They are safe for concurrent use. Close them.
type SecurityGroups struct {
	opts  SecurityGroupOptions
	cache *cache.Cache[query.Key, []v1.SecurityGroup]
}

// NewSecurityGroups returns SecurityGroups that have read nothing yet.
func NewSecurityGroups(opts SecurityGroupOptions) *SecurityGroups {
	s := &SecurityGroups{opts: opts}
	s.cache = cache.New(cache.Options{
		Name: "security-groups", TTL: DefaultInterval, MaxAge: DefaultInterval,
		Clock: opts.Clock, Random: opts.Random, Metrics: opts.Metrics,
	}, cache.Source[query.Key, []v1.SecurityGroup]{Load: s.load})
	return s
}

// List returns the security groups that a NodeClass selects, by ID (AWS-082); empty
// if there are none. An error of the API is returned once the list at hand is older
// than a minute.
func (s *SecurityGroups) List(ctx context.Context, nodeClass *v1.EC2NodeClass) ([]v1.SecurityGroup, error) {
	key, err := query.KeyOf(nodeClass, nodeClass.Spec.SecurityGroupSelectorTerms)
	if err != nil {
		return nil, err
	}
	found, err := s.cache.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("listing the security groups of EC2NodeClass %s: %w", nodeClass.Name, err)
	}
	return slices.Clone(found), nil
}

// Close ends what is under way.
func (s *SecurityGroups) Close() { s.cache.Close() }

func (s *SecurityGroups) load(ctx context.Context, key query.Key) ([]v1.SecurityGroup, error) {
	terms, err := query.TermsOf[v1.SecurityGroupSelectorTerm](key)
	if err != nil {
		return nil, err
	}
	selections := make([]query.Selection, len(terms))
	for i, term := range terms {
		selections[i] = query.Selection{ID: term.ID, Name: term.Name, Tags: term.Tags}
	}
	found, err := query.Each(ctx, query.Selections(selections, query.Names{ID: "group-id", Name: "group-name"}), s.describe)
	if err != nil {
		return nil, fmt.Errorf("describing security groups: %w", err)
	}
	found = query.Unique(found, func(g types.SecurityGroup) string { return aws.ToString(g.GroupId) })
	out := make([]v1.SecurityGroup, len(found))
	for i, g := range found {
		out[i] = v1.SecurityGroup{ID: *g.GroupId, Name: aws.ToString(g.GroupName)}
	}
	return out, nil
}

func (s *SecurityGroups) describe(ctx context.Context, filters []types.Filter) ([]types.SecurityGroup, error) {
	pages := ec2.NewDescribeSecurityGroupsPaginator(s.opts.API, &ec2.DescribeSecurityGroupsInput{
		Filters: filters, MaxResults: aws.Int32(groupPage),
	})
	return query.Pages(ctx, pages, func(page *ec2.DescribeSecurityGroupsOutput) []types.SecurityGroup { return page.SecurityGroups })
}
