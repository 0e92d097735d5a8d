// SPDX-License-Identifier: Apache-2.0

package scaling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/cloudprovider/kit/batch"
	"karpenter.sh/providers/clusterapi/capi"
	"karpenter.sh/providers/clusterapi/claim"
	"karpenter.sh/providers/clusterapi/inventory"
)

// Defaults of [Options] (CAPI-035, CAPI-039).
const (
	DefaultIdle     = 100 * time.Millisecond
	DefaultMaxWait  = time.Second
	DefaultPatience = 30 * time.Second
	DefaultTick     = time.Second
	DefaultLeast    = 100 * time.Millisecond
)

// attempts is how often a write is tried that ends in a conflict (CAPI-038).
const attempts = 5

// ErrNoMachine says that no Machine appeared in time; the next attempt finds it
// (CAPI-039).
var ErrNoMachine = errors.New("no Machine available for NodeClaim")

// Reasons why a deployment gives no more Machines.
const (
	// ReasonLimit: its replicas are at their limit (CAPI-037).
	ReasonLimit = "MaxSizeReached"
	// ReasonRunsAway: it has more Machines than replicas and a roll-out explain
	// (CAPI-120).
	ReasonRunsAway = "MachinesOutnumberReplicas"
	// ReasonGone: it does not exist.
	ReasonGone = "MachineDeploymentNotFound"
)

// Options is what a Scaler is made of. Durations that are zero have their defaults; all
// else but Changes and Metrics is required.
type Options struct {
	// Inventory reads deployments and what is theirs.
	Inventory *inventory.Reader
	// Management writes deployments and Machines. It reads nothing.
	Management client.Client
	// Workload writes NodeClaims.
	Workload client.Client
	// Clock times windows and waits.
	Clock clock.WithTicker
	// Refused is told that a deployment gave no Machine, and why.
	Refused func(deployment types.NamespacedName, reason string)
	// Changes returns a channel that is closed when a Machine has changed since the
	// call; nil: who waits looks with each tick only.
	Changes func() <-chan struct{}
	// Metrics of the windows.
	Metrics *batch.Metrics
	// Log takes what no caller is told.
	Log logr.Logger

	// Idle and MaxWait close a window in which callers are collected.
	Idle, MaxWait time.Duration
	// Patience is how long callers wait for a Machine.
	Patience time.Duration
	// Tick is how often they look at the latest, and Least is between two looks however
	// much changes: Machines of all deployments do, and a look goes through all there are.
	Tick, Least time.Duration
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, byDefault time.Duration) {
		if *d == 0 {
			*d = byDefault
		}
	}
	set(&o.Idle, DefaultIdle)
	set(&o.MaxWait, DefaultMaxWait)
	set(&o.Patience, DefaultPatience)
	set(&o.Tick, DefaultTick)
	set(&o.Least, DefaultLeast)
	if o.Changes == nil {
		o.Changes = func() <-chan struct{} { return nil }
	}
	return o
}

// Scaler scales deployments. It is safe for concurrent use. Close it.
type Scaler struct {
	opts     Options
	desks    desks
	writes   writes
	launches *batch.Batcher[types.NamespacedName, *v1.NodeClaim, *capi.Machine]
	releases *batch.Batcher[types.NamespacedName, types.NamespacedName, struct{}]
}

// New returns a Scaler that serves nobody yet.
func New(o Options) *Scaler {
	s := &Scaler{
		opts: o.withDefaults(), desks: desks{open: map[types.NamespacedName]*desk{}},
		writes: writes{clock: o.Clock, done: map[types.NamespacedName]Write{}},
	}
	windows := batch.Options{Idle: s.opts.Idle, MaxWait: s.opts.MaxWait, Clock: s.opts.Clock, Metrics: s.opts.Metrics}
	windows.Name, windows.Timeout = "claim_machines", s.opts.Patience+time.Minute
	s.launches = batch.NewPiecewise(windows, s.launch)
	windows.Name, windows.Timeout = "release_machines", time.Minute
	s.releases = batch.NewPiecewise(windows, s.release)
	return s
}

// Claim gives a Machine of a deployment to a NodeClaim: one that it has already, one that
// nobody has, or a new one. A deployment that may not grow, or is gone, is an
// InsufficientCapacityError; without a Machine in time it is ErrNoMachine. The NodeClaim
// is left as it is; its stored twin names the Machine.
func (s *Scaler) Claim(ctx context.Context, deployment types.NamespacedName, nodeClaim *v1.NodeClaim) (*capi.Machine, error) {
	machine, err := s.launches.Do(ctx, deployment, nodeClaim)
	if err != nil {
		return nil, fmt.Errorf("claiming a Machine of MachineDeployment %s: %w", deployment, err)
	}
	return machine, nil
}

// Release lets Cluster API delete a Machine and lowers the replicas of its deployment, if
// that has not happened already. A Machine that is gone is an error for which
// apierrors.IsNotFound is true.
func (s *Scaler) Release(ctx context.Context, deployment types.NamespacedName, machine *capi.Machine) error {
	if _, err := s.releases.Do(ctx, deployment, claim.NameOf(machine)); err != nil {
		return fmt.Errorf("releasing Machine %s of MachineDeployment %s: %w", claim.NameOf(machine), deployment, err)
	}
	return nil
}

// Waiting reports whether anybody waits for a Machine of a deployment.
func (s *Scaler) Waiting(deployment types.NamespacedName) bool { return s.desks.has(deployment) }

// Close refuses new callers and serves those collected so far, until the context ends.
func (s *Scaler) Close(ctx context.Context) error {
	return errors.Join(s.launches.Close(ctx), s.releases.Close(ctx))
}
