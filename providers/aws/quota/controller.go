// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"context"
	"time"

	"github.com/awslabs/operatorpkg/reconciler"
	"github.com/awslabs/operatorpkg/singleton"
	"github.com/go-logr/logr"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"karpenter.sh/core/reconcile/concurrency"
	"karpenter.sh/providers/aws/failure"
)

// ControllerName is the controller's name in logs and metrics.
const ControllerName = "providers.quota"

// How long it is until the next reading (AWS-448).
const (
	every      = 3 * time.Minute
	everyTight = 30 * time.Second
	afterError = time.Minute
	mostErrors = 30 * time.Minute
	afterDeny  = time.Hour
	// jitter is the share of a wait that chance takes off.
	jitter = 0.2
)

// Options is what a Reader is made of. All are required.
type Options struct {
	Account *Account
	API     API
	EC2     EC2
	// Reservations says whether capacity reservations may be read (AWS-433).
	Reservations bool
	// VCPUs is how many vCPUs a machine of a type has; false if nobody knows the type.
	VCPUs func(instanceType string) (int64, bool)
	// Random is from 0 up to 1.
	Random func() float64
	Clock  clock.PassiveClock
	Log    logr.Logger
}

// Reader keeps an account up to date. Its readings do not overlap.
type Reader struct {
	opts   Options
	source source
	// told is what was said last of a reading that failed; empty after one that did not.
	told string
	// failures in a row.
	failures int
}

// NewReader returns the controller providers.quota.
func NewReader(o Options) *Reader {
	return &Reader{opts: o, source: source{api: o.API, ec2: o.EC2, reservations: o.Reservations, sizes: o.VCPUs, now: o.Clock.Now}}
}

// Register adds the controller to a manager.
func (r *Reader) Register(_ context.Context, m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named(ControllerName).
		WatchesRawSource(singleton.Source()).
		WithOptions(concurrency.Loop(every)).
		Complete(singleton.AsReconciler(r))
}

// Reconcile reads the account. It never fails: what cannot be read limits nothing, and is
// told once.
func (r *Reader) Reconcile(ctx context.Context) (reconciler.Result, error) {
	err := r.read(ctx)
	if ctx.Err() != nil {
		return reconciler.Result{}, nil //nolint:nilerr // the process ends; the failure is that of the end
	}
	r.tell(err)
	return reconciler.Result{RequeueAfter: r.wait(err)}, nil
}

func (r *Reader) read(ctx context.Context) error {
	began, limits, shown, err := r.source.read(ctx)
	if err != nil {
		return err
	}
	return r.opts.Account.read(began, limits, shown)
}

// tell logs a failure once, until there is another or none.
func (r *Reader) tell(err error) {
	text := ""
	switch missing, denied := failure.PermissionMissing(err); {
	case denied:
		if text = missing.String(); text != r.told {
			r.opts.Log.Info("planning without the vCPU quotas of the account, permission missing: "+text, "next attempt in", afterDeny.String())
		}
	case err != nil:
		if text = failure.Code(err); text == "" {
			text = "no answer"
		}
		if text != r.told {
			r.opts.Log.Error(err, "planning without the vCPU quotas of the account, as they cannot be read")
		}
	case r.told != "":
		r.opts.Log.Info("planning with the vCPU quotas of the account")
	}
	r.told = text
}

// wait is how long it is until the next reading.
func (r *Reader) wait(err error) time.Duration {
	wait := every
	switch {
	case failure.IsUnauthorized(err):
		wait = afterDeny
	case err != nil:
		wait = min(afterError<<min(r.failures, 10), mostErrors)
		r.failures++
	case r.opts.Account.tight():
		wait = everyTight
	}
	if err == nil {
		r.failures = 0
	}
	return wait - time.Duration(jitter*r.opts.Random()*float64(wait))
}
