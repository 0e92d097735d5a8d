// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/batch"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
)

// pageSize is how many machines a page of a list holds.
const pageSize = 1000

// List returns all machines of the cluster that are not terminated; an error of one page
// is one of the list (AWS-321, CP-028). What is remembered becomes what is listed. Kept
// are machines told of since the list began, new ones that may not be shown yet, and those
// of zones that are shifted away.
func (s *Instances) List(ctx context.Context) ([]Instance, error) {
	began := s.opts.Clock.Now()
	pages := ec2.NewDescribeInstancesPaginator(s.opts.API, &ec2.DescribeInstancesInput{
		Filters: s.filters(), MaxResults: aws.Int32(pageSize),
	})
	var out []Instance
	seen := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the instances of cluster %s: %w", s.opts.Cluster, err)
		}
		for _, i := range instancesOf(page.Reservations, s.opts.Reservations) {
			if !seen[i.ID] && i.State != StateTerminated {
				seen[i.ID] = true
				out = append(out, i)
			}
		}
	}
	s.refresh(out, began)
	return out, nil
}

func (s *Instances) filters() []types.Filter {
	filter := func(name string, values ...string) types.Filter {
		return types.Filter{Name: aws.String(name), Values: values}
	}
	return []types.Filter{
		filter("tag-key", v1.TagNodePool), filter("tag-key", v1.TagNodeClass), filter("tag:"+v1.TagCluster, s.opts.Cluster),
		filter("instance-state-name", string(StatePending), string(StateRunning), string(StateStopping), string(StateStopped), string(StateShuttingDown)),
	}
}

func instancesOf(in []types.Reservation, reservations bool) []Instance {
	var out []Instance
	for _, r := range in {
		for _, i := range r.Instances {
			out = append(out, FromEC2(i, reservations))
		}
	}
	return out
}

// refresh makes a list that began at a time what is remembered.
func (s *Instances) refresh(listed []Instance, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := make(map[string]sighting, len(listed))
	for _, i := range listed {
		fresh[i.ID] = sighting{i, began}
	}
	for id, old := range s.seen {
		_, shown := fresh[id]
		later := old.at.After(began)
		hidden := !shown && (s.opts.Clock.Since(old.LaunchTime) < s.opts.Lag || s.opts.Shifted(old.ZoneID))
		if later || hidden {
			fresh[id] = old
		}
	}
	s.seen = fresh
}

// Terminate ends a machine. Nil means that it is ending; gone is a
// NodeClaimNotFoundError (AWS-324, CP-024). In a zone that is shifted away nothing is
// ended (AWS-368).
func (s *Instances) Terminate(ctx context.Context, id string) error {
	i, err := s.Fresh(ctx, id)
	switch {
	case err != nil:
		return err
	case s.opts.Shifted(i.ZoneID):
		return fmt.Errorf("terminating instance %s: traffic is shifted away from zone %s (%s)", id, i.Zone, i.ZoneID)
	case i.State.Ending():
		return nil
	}
	return s.terminate(ctx, i)
}

// TerminateKnown ends machines without asking about them first: surplus of launches. All
// are attempted; the errors are returned together. One that is gone is none.
func (s *Instances) TerminateKnown(ctx context.Context, machines []Instance) error {
	errs := make(chan error, len(machines))
	for _, i := range machines {
		go func() { errs <- s.terminate(ctx, i) }()
	}
	var all []error
	for range machines {
		all = append(all, cloudprovider.IgnoreNodeClaimNotFoundError(<-errs))
	}
	return errors.Join(all...)
}

func (s *Instances) terminate(ctx context.Context, i Instance) error {
	_, err := s.ends.Do(ctx, "", i.ID)
	switch {
	case err == nil:
		s.ending(i)
		return nil
	case failure.Code(err) == notFound:
		return s.gone(i.ID, err)
	case ctx.Err() == nil: // who gave up does not know of a failure
		s.opts.Metrics.failed(i)
	}
	return fmt.Errorf("terminating instance %s: %w", i.ID, err)
}

// ending remembers that a machine is shutting down.
func (s *Instances) ending(i Instance) {
	i.State = StateShuttingDown
	s.remember(i)
}

// Tag adds tags to a machine, replacing those of equal keys. Gone is a
// NodeClaimNotFoundError. A machine known to be in a zone that is shifted away is not
// tagged (AWS-368).
func (s *Instances) Tag(ctx context.Context, id string, tags map[string]string) error {
	if i, known := s.known(id); known && s.opts.Shifted(i.ZoneID) {
		return fmt.Errorf("tagging instance %s: traffic is shifted away from zone %s (%s)", id, i.Zone, i.ZoneID)
	}
	in := &ec2.CreateTagsInput{Resources: []string{id}}
	for _, key := range sortedKeys(tags) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	_, err := s.opts.API.CreateTags(ctx, in)
	switch {
	case failure.Code(err) == notFound:
		return s.gone(id, err)
	case err != nil:
		return fmt.Errorf("tagging instance %s: %w", id, err)
	}
	return nil
}

const notFound = "InvalidInstanceID.NotFound"

// describe tells of some machines. States are not filtered: one that is terminated is so
// told, and need not be asked for again.
func (s *Instances) describe(ctx context.Context, _ string, ids []string) (map[string]Instance, error) {
	answer := map[string]Instance{}
	pages := ec2.NewDescribeInstancesPaginator(s.opts.API, &ec2.DescribeInstancesInput{InstanceIds: ids})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return answer, err
		}
		for _, i := range instancesOf(page.Reservations, s.opts.Reservations) {
			answer[i.ID] = i
		}
	}
	return answer, nil
}

// oneSpoils are errors that one machine brings upon all that are asked about with it
// (CP-091).
func oneSpoils(err error) bool {
	switch failure.Code(err) {
	case notFound, "InvalidInstanceID.Malformed", "OperationNotPermitted", "IncorrectInstanceState", "UnsupportedOperation":
		return true
	}
	return false
}

// isGone reports whether EC2 says that a machine does not exist: by an error, or by
// leaving it out of an answer about nothing else.
func isGone(err error) bool {
	return failure.Code(err) == notFound || errors.Is(err, batch.ErrNoAnswer)
}
