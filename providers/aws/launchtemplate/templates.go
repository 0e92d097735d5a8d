// SPDX-License-Identifier: Apache-2.0

package launchtemplate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/cloudprovider/kit/retry"
	"karpenter.sh/providers/aws/failure"
)

// API are the calls of EC2 that are used.
type API interface {
	CreateLaunchTemplate(context.Context, *ec2.CreateLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error)
	DeleteLaunchTemplate(context.Context, *ec2.DeleteLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateOutput, error)
	DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error)
}

// DefaultTTL is how long a template lives that nobody uses.
const DefaultTTL = time.Minute

// Options is what Templates are made of. The zero value of a field that has a default
// means the default.
type Options struct {
	API API
	// Cluster is the name that templates are tagged with.
	Cluster string
	// Clock times expiry and look-ups.
	Clock clock.WithTicker
	// TTL is how long a template is kept that nobody uses; DefaultTTL.
	TTL time.Duration
	// Timeout bounds looking up and creating one template; default 1 minute.
	Timeout time.Duration
	// Window is how long a look-up waits for others to share a call with; default
	// 20 ms.
	Window time.Duration
	// Retry says how throttled calls are repeated; its Throttled and Clock are set
	// here.
	Retry retry.Policy
	// Failed is told what goes wrong in the background; nil means nobody is.
	Failed func(error)
	// Created is told of each template that was created (AWS-169); nil means nobody is.
	Created func(Content)
}

func (o Options) withDefaults() Options {
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.Window <= 0 {
		o.Window = 20 * time.Millisecond
	}
	o.Retry.Throttled, o.Retry.Clock = failure.IsThrottled, o.Clock
	if o.Created == nil {
		o.Created = func(Content) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	return o
}

// Templates are those that are known to exist. It is safe for concurrent use. Close it.
type Templates struct {
	opts    Options
	lookups *batch.Batcher[string, string, int]
	base    context.Context
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu      sync.Mutex
	entries map[string]*entry
	closed  bool
}

// entry is what is known of one template. While busy is not nil, a call about it is
// under way, which closes busy and sets err when it fails.
type entry struct {
	busy    chan struct{}
	err     error
	leases  int
	expires time.Time
	// failed counts deletions that failed in a row.
	failed int
}

// ErrClosed is what an acquisition fails with after Close.
var ErrClosed = errors.New("launch templates are closed")

// New returns Templates that know none.
func New(opts Options) *Templates {
	opts = opts.withDefaults()
	base, stop := context.WithCancel(context.Background())
	t := &Templates{opts: opts, base: base, stop: stop, entries: map[string]*entry{}}
	t.lookups = batch.NewByID(batch.Options{
		Name: "describe_launch_templates", Idle: opts.Window, MaxWait: 10 * opts.Window, MaxItems: namesPerCall,
		Timeout: opts.Timeout, Clock: opts.Clock,
	}, batch.ByID[string, string, int]{Call: t.count})
	return t
}

// Close ends calls under way and waits for them. Leases can still be released.
func (t *Templates) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.stop()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_ = t.lookups.Close(gone) // that calls were cancelled is what was wanted
	t.work.Wait()
}
