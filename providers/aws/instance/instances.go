// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/batch"
)

// API are the calls of EC2 that are used.
type API interface {
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
}

// Options is what Instances are made of. The zero value of a field that has a default
// means the default.
type Options struct {
	API API
	// Cluster is the name that machines are tagged with.
	Cluster string
	// Reservations is the gate ReservedCapacity.
	Reservations bool
	// Shifted reports whether traffic is shifted away from a zone, by its ID (AWS-368);
	// nil means from none.
	Shifted func(zoneID string) bool
	// Clock times windows, and how new machines are.
	Clock clock.WithTicker
	// Idle, MaxWait and MaxItems say when a window of calls by ID closes (CP-090): 100 ms,
	// 1 s, 500.
	Idle, MaxWait time.Duration
	MaxItems      int
	// Lag is how long EC2 may not show a machine that was launched; default 1 minute.
	Lag time.Duration
	// Batches and Metrics are shared by the provider; nil means none.
	Batches *batch.Metrics
	Metrics *Metrics
}

func (o Options) withDefaults() Options {
	positive := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	positive(&o.Idle, 100*time.Millisecond)
	positive(&o.MaxWait, time.Second)
	positive(&o.Lag, time.Minute)
	if o.MaxItems <= 0 {
		o.MaxItems = 500
	}
	if o.Shifted == nil {
		o.Shifted = func(string) bool { return false }
	}
	return o
}

// Instances are the machines of the cluster. It is safe for concurrent use. Close it.
type Instances struct {
	opts      Options
	describes *batch.Batcher[string, string, Instance]
	ends      *batch.Batcher[string, string, State]

	mu   sync.Mutex
	seen map[string]sighting
}

// sighting is a machine and when it was last told of.
type sighting struct {
	Instance
	at time.Time
}

// New returns Instances that remember none.
func New(opts Options) *Instances {
	opts = opts.withDefaults()
	s := &Instances{opts: opts, seen: map[string]sighting{}}
	window := func(name string) batch.Options {
		return batch.Options{
			Name: name, Idle: opts.Idle, MaxWait: opts.MaxWait, MaxItems: opts.MaxItems, Clock: opts.Clock, Metrics: opts.Batches,
		}
	}
	s.describes = batch.NewByID(window("describe_instances"), batch.ByID[string, string, Instance]{Call: s.describe, OneSpoils: oneSpoils})
	s.ends = batch.NewByID(window("terminate_instances"), batch.ByID[string, string, State]{Call: s.end, OneSpoils: oneSpoils})
	return s
}

// Close serves who waits and refuses others; when ctx ends first, calls are cancelled.
func (s *Instances) Close(ctx context.Context) error {
	return errors.Join(s.describes.Close(ctx), s.ends.Close(ctx))
}

// Launched tells of a machine that was just launched.
func (s *Instances) Launched(i Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[i.ID] = sighting{i, s.opts.Clock.Now()}
}

// Get returns a machine as it was last told of, else as it is now; one that is ending as
// it is now, since it may be gone. Gone is a NodeClaimNotFoundError (AWS-321, AWS-322).
func (s *Instances) Get(ctx context.Context, id string) (Instance, error) {
	if i, known := s.known(id); known && !i.State.Ending() {
		return i, nil
	}
	return s.Fresh(ctx, id)
}

// Fresh returns a machine as it is now; one in a zone that is shifted away as it was last
// told of (AWS-368). Gone is a NodeClaimNotFoundError. A machine that was launched a
// moment ago and is not shown is an error that passes (CP-027).
func (s *Instances) Fresh(ctx context.Context, id string) (Instance, error) {
	if i, known := s.known(id); known && s.opts.Shifted(i.ZoneID) {
		return i, nil
	}
	i, err := s.describes.Do(ctx, "", id)
	switch {
	case isGone(err):
		return Instance{}, s.gone(id, err)
	case err != nil:
		return Instance{}, fmt.Errorf("describing instance %s: %w", id, err)
	case i.State == StateTerminated:
		return Instance{}, s.gone(id, errTerminated)
	}
	s.remember(i)
	return i, nil
}

var (
	errTerminated = errors.New("it is terminated")
	errNew        = errors.New("it was launched a moment ago and is not shown yet")
)

// gone is the error of a machine that EC2 does not have.
func (s *Instances) gone(id string, cause error) error {
	cause = fmt.Errorf("instance %s: %w", id, cause)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, known := s.seen[id]
	if known && !errors.Is(cause, errTerminated) && s.opts.Clock.Since(i.LaunchTime) < s.opts.Lag {
		return fmt.Errorf("%w: %w", errNew, cause)
	}
	delete(s.seen, id)
	return cloudprovider.NewNodeClaimNotFoundError(cause)
}

func (s *Instances) known(id string) (Instance, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, known := s.seen[id]
	return i.Instance, known
}

func (s *Instances) remember(i Instance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[i.ID] = sighting{i, s.opts.Clock.Now()}
}
