// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider"
	kit "karpenter.sh/core/cloudprovider/kit/interruption"
)

const (
	// denied is how long EC2 is not asked after it refused to answer (AWS-390).
	denied     = 10 * time.Minute
	permission = "ec2:DescribeInstanceStatus"

	// describeTimeout bounds all pages of a query.
	describeTimeout = time.Minute
)

// StatusOptions are what the source works with; all are required.
type StatusOptions struct {
	API ec2.DescribeInstanceStatusAPIClient
	// NodeClaims are read from the cache: those with an instance make the cluster.
	NodeClaims client.Reader
	// Kinds of NodeClasses that the provider manages.
	Kinds   cloudprovider.NodeClassKinds
	Clock   clock.PassiveClock
	Metrics *Metrics
}

// Status polls the status of instances.
type Status struct {
	opts StatusOptions
	// seen and resume are used by Receive only, of which there is one at a time.
	seen   sightings
	resume time.Time
}

var _ kit.Source = (*Status)(nil)

// NewStatus returns the source. It makes no call.
func NewStatus(o StatusOptions) *Status { return &Status{opts: o, seen: sightings{}} }

// Name of the source.
func (*Status) Name() string { return "instance status" }

// Receive asks for what is wrong with instances, and hands out what counts (AWS-389):
// one message for each instance of the cluster. Beside an error it hands out what it
// found all the same.
func (s *Status) Receive(ctx context.Context) ([]kit.Message, error) {
	now := s.opts.Clock.Now()
	if now.Before(s.resume) {
		return nil, nil
	}
	cluster, err := s.cluster(ctx)
	if err != nil {
		return nil, err
	}
	if len(cluster) == 0 {
		clear(s.seen)
		return nil, nil
	}
	statuses, err := s.describe(ctx)
	if unauthorized(err) {
		s.resume = now.Add(denied)
		log.FromContext(ctx).Error(err, "instances whose checks fail are not replaced until the permission is granted",
			"permission", permission, "next-try", s.resume)
		return nil, nil
	}
	maps.DeleteFunc(statuses, func(id string, _ *types.InstanceStatus) bool { return !cluster[id] })
	return s.judge(statuses, err == nil, now), err
}

// cluster are the IDs of the instances that NodeClaims have.
func (s *Status) cluster(ctx context.Context) (map[string]bool, error) {
	var list v1.NodeClaimList
	if err := s.opts.NodeClaims.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodeclaims: %w", err)
	}
	ids := map[string]bool{}
	for i := range list.Items {
		if c := &list.Items[i]; s.opts.Kinds.Manages(c.Spec.NodeClassRef) {
			if id := machineID(c.Status.ProviderID); id != "" {
				ids[id] = true
			}
		}
	}
	return ids, nil
}

// describe merges the answers of the three queries, the last one winning. One that
// fails stops no other, unless it is not allowed.
func (s *Status) describe(ctx context.Context) (map[string]*types.InstanceStatus, error) {
	all := map[string]*types.InstanceStatus{}
	var errs []error
	for _, filter := range []types.Filter{
		filter("instance-status.status", string(types.SummaryStatusImpaired)),
		filter("system-status.status", string(types.SummaryStatusImpaired)),
		filter("event.code", eventCodes()...),
	} {
		err := s.query(ctx, filter, all)
		if unauthorized(err) {
			return nil, err
		}
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

func (s *Status) query(ctx context.Context, filter types.Filter, into map[string]*types.InstanceStatus) error {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	pages := ec2.NewDescribeInstanceStatusPaginator(s.opts.API, &ec2.DescribeInstanceStatusInput{Filters: []types.Filter{filter}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("describing the status of instances by %s: %w", *filter.Name, err)
		}
		for i := range page.InstanceStatuses {
			into[text(page.InstanceStatuses[i].InstanceId)] = &page.InstanceStatuses[i]
		}
	}
	return nil
}

// judge makes messages of statuses. Only a complete answer says that something is over.
func (s *Status) judge(statuses map[string]*types.InstanceStatus, complete bool, now time.Time) []kit.Message {
	var messages []kit.Message
	current := map[finding]bool{}
	for _, id := range slices.Sorted(maps.Keys(statuses)) {
		found := problems(statuses[id])
		m := kit.Message{ID: id}
		for _, category := range categories() {
			p, wrong := found[category]
			if !wrong {
				continue
			}
			f := finding{id, category}
			current[f] = true
			counts, news := s.seen.see(f, p, now)
			if news {
				s.opts.Metrics.unhealthy.WithLabelValues(string(category)).Inc()
			}
			if counts {
				m.Notices = append(m.Notices, notice(category.kind(), id))
			}
		}
		if len(m.Notices) > 0 {
			messages = append(messages, m)
		}
	}
	if complete {
		s.seen.keep(current)
	}
	return messages
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func unauthorized(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "UnauthorizedOperation"
}
