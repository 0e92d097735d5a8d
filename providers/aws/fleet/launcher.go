// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"karpenter.sh/core/cloudprovider"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/core/cloudprovider/kit/health"
	"karpenter.sh/core/cloudprovider/kit/retry"
	v1 "karpenter.sh/providers/aws/apis/v1"
	"karpenter.sh/providers/aws/failure"
	"karpenter.sh/providers/aws/instance"
	"karpenter.sh/providers/aws/launchtemplate"
)

// API is the call of EC2 that is used.
type API interface {
	CreateFleet(context.Context, *ec2.CreateFleetInput, ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error)
}

// Templates make sure that launch templates exist; a *launchtemplate.Templates.
type Templates interface {
	Acquire(ctx context.Context, contents ...launchtemplate.Content) (*launchtemplate.Lease, error)
	Invalidate(names ...string)
}

// Subnets choose a subnet for each zone of a fleet, and count its addresses (AWS-131,
// AWS-132).
type Subnets interface {
	// Reserve chooses among the subnets, by zone, and takes the need from the one chosen.
	// A zone without one that has room is left out.
	Reserve(launch string, subnets []v1.Subnet, needs map[string]int64) map[string]string
	// Settle tells what was taken of which subnet; the others get back what was reserved.
	Settle(launch string, taken map[string]int64)
	// Release tells that nothing was launched.
	Release(launch string)
	// Exhausted tells that a subnet is full.
	Exhausted(subnet string)
}

// Health is told what cannot be had; a *health.Record.
type Health interface{ Mark(health.Mark) error }

// Reservations are told what launches do to them (AWS-293, AWS-295).
type Reservations interface {
	Launched(reservationID string)
	Refused(reservationID string)
}

// Options is what a Launcher is made of. The zero value of a field that has a default
// means the default.
type Options struct {
	API          API
	Templates    Templates
	Subnets      Subnets
	Health       Health
	Reservations Reservations
	// Quotas are nil if launches count on none.
	Quotas Quotas
	Table  *failure.Table
	// Surplus is given machines that nobody waits for. It ends them; what it cannot end
	// is left to garbage collection, because they carry no NodeClaim's name (CP-117).
	Surplus func(ctx context.Context, machines []instance.Instance)
	// Ended reports whether a machine of a late or repeated answer is being ended, or gone;
	// where that cannot be known, it is not. Nil means that none is.
	Ended func(ctx context.Context, machine instance.Instance) bool
	// Failed is told what goes wrong without a request failing by it; nil means nobody is.
	Failed func(error)

	// Clock times windows and pauses.
	Clock clock.WithTicker
	// Idle, MaxWait and MaxItems say when a window closes (CP-090): 35 ms, 1 s, 1,000.
	Idle, MaxWait time.Duration
	MaxItems      int
	// Timeout bounds a window from its end to its last answer; default
	// cloudprovider.DefaultLaunchTimeout.
	Timeout time.Duration
	// Calls is how many fleets are asked for at a time; default 100.
	Calls int
	// MaxOverrides is how many overrides a request has at most, the cheapest; default
	// 300, which is what EC2 takes.
	MaxOverrides int
	// Retry says how calls are repeated that were throttled, or whose answer is not known;
	// its Throttled and Clock are set here, and Calls are bounded by the time-out
	// unless set. Set its Random, so that many launchers do not come back together.
	Retry retry.Policy
	// Batches and Metrics are shared by the provider; nil means none.
	Batches *batch.Metrics
	Metrics *Metrics
}

// moreThanFit is more repeats than the longest pauses let into a launch of 5 minutes: the
// time ends them. It is there for a clock that does not pass, as those of tests.
const moreThanFit = 60

func (o Options) withDefaults() Options {
	positive := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	count := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	positive(&o.Idle, 35*time.Millisecond)
	positive(&o.MaxWait, time.Second)
	positive(&o.Timeout, cloudprovider.DefaultLaunchTimeout)
	count(&o.MaxItems, 1000)
	count(&o.Calls, 100)
	count(&o.MaxOverrides, 300)
	count(&o.Retry.Calls, moreThanFit)
	o.Retry.Clock = o.Clock
	if o.Surplus == nil {
		o.Surplus = func(context.Context, []instance.Instance) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	return o
}

// Launcher launches machines. It is safe for concurrent use. Close it.
type Launcher struct {
	opts    Options
	batcher *batch.Batcher[string, Request, instance.Instance]
	tokens  *tokens
	given   *given
	slots   chan struct{} // one for each call under way
	asked   atomic.Int64  // names what fleets take from subnets
	fates   *fates
	holds   *holds
	born    time.Time

	base    context.Context // of work that no call waits for
	abandon context.CancelFunc
	work    sync.WaitGroup
}

// New returns a launcher.
func New(opts Options) *Launcher {
	opts = opts.withDefaults()
	l := &Launcher{
		opts: opts, tokens: newTokens(), slots: make(chan struct{}, opts.Calls), given: newGiven(opts.Clock),
		fates: newFates(), holds: newHolds(opts.Clock), born: opts.Clock.Now(),
	}
	l.base, l.abandon = context.WithCancel(context.Background())
	l.batcher = batch.NewPiecewise(batch.Options{
		Name: "create_fleet", Idle: opts.Idle, MaxWait: opts.MaxWait, MaxItems: opts.MaxItems, MaxConcurrent: opts.Calls,
		Timeout: opts.Timeout, Clock: opts.Clock, Metrics: opts.Batches,
	}, l.serve)
	return l
}

var (
	errNoOffers   = errors.New("no offering of the launch has a subnet in its zone")
	errNoTemplate = errors.New("an offer names a launch template that the request does not have")
)

// Launch launches a machine. A NodeClaim that was given one by this process not long ago
// is given the same again (CP-022), and so is one that asks twice at once. The wait ends
// with ctx; what is launched then is surplus. The error is one of the contract, or passes
// by itself.
func (l *Launcher) Launch(ctx context.Context, r Request) (instance.Instance, error) {
	key, err := r.Terms.key()
	if err != nil {
		return instance.Instance{}, err
	}
	if len(r.Offers) == 0 {
		return instance.Instance{}, cloudprovider.NewInsufficientCapacityError(errNoOffers)
	}
	for _, name := range templates(r.Offers) {
		if _, there := r.Templates[name]; !there {
			return instance.Instance{}, fmt.Errorf("launch template %s: %w", name, errNoTemplate)
		}
	}
	return l.given.once(ctx, r.UID, func() (instance.Instance, error) {
		return l.withinQuota(r, func(r Request) (instance.Instance, error) { return l.batcher.Do(ctx, key, r) })
	})
}

// name is a new one for what a fleet takes from subnets.
func (l *Launcher) name(first Request) string {
	return string(first.UID) + "/" + strconv.FormatInt(l.asked.Add(1), 10)
}

// Forget tells that a machine is being ended, so that it is given to nobody again.
func (l *Launcher) Forget(instanceID string) {
	l.fates.away(instanceID)
	l.given.forget(instanceID)
}

// Claimant is the UID of the NodeClaim that a machine was given to not long ago; empty if
// that is not known.
func (l *Launcher) Claimant(instanceID string) types.UID { return l.given.claimant(instanceID) }

// UnderWay reports whether a launch is under way that a machine may come of which was born
// at a time.
func (l *Launcher) UnderWay(born time.Time) bool { return l.given.underWay(born) }

// Close serves who waits, ends what is surplus, and refuses others; when ctx ends first,
// calls are cancelled.
func (l *Launcher) Close(ctx context.Context) error {
	err := l.batcher.Close(ctx)
	defer context.AfterFunc(ctx, l.abandon)()
	l.work.Wait()
	l.abandon()
	return err
}

// repeatable are errors after which the same request is made again, with the same token:
// it was throttled, or nobody knows what came of it (AWS-431, KIT-073).
func repeatable(err error) bool {
	return failure.IsThrottled(err) || unknown(err)
}

// unknown reports whether a failed call may have launched something.
// That the SDK has tried again until it gave up says nothing of what the tries did.
func unknown(err error) bool {
	return failure.Code(err) == "" || failure.IsServerFault(err) && !failure.IsThrottleCode(err)
}
