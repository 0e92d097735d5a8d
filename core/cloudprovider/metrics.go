// SPDX-License-Identifier: Apache-2.0

package cloudprovider

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	v1 "karpenter.sh/core/apis/v1"
	"karpenter.sh/core/metrics/families"
)

// Instrumentation is what the metrics layer needs.
type Instrumentation struct {
	// Registerer the metrics are registered with.
	Registerer prometheus.Registerer
	// Controller names the controller that a call is made for, from its context;
	// empty outside one. Nil means always empty.
	Controller func(context.Context) string
	// Clock times the calls.
	Clock clock.PassiveClock
}

// Instrument puts the metrics layer around a provider (CP-075, CP-076). It is an
// error to put it on twice.
func Instrument(provider CloudProvider, opts Instrumentation) (Layer, error) {
	if _, twice := capability[*instrumented](provider); twice {
		return nil, fmt.Errorf("provider %q has the metrics layer already", provider.Name())
	}
	if opts.Controller == nil {
		opts.Controller = func(context.Context) string { return "" }
	}
	r := families.New(opts.Registerer, families.Core()...)
	m := metrics{
		duration: r.Histogram("karpenter_cloudprovider_duration_seconds"),
		errors:   r.Counter("karpenter_cloudprovider_errors_total"),
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("putting the metrics layer around provider %q: %w", provider.Name(), err)
	}
	return &instrumented{CloudProvider: provider, opts: opts, metrics: m}, nil
}

type metrics struct {
	duration *prometheus.HistogramVec
	errors   *prometheus.CounterVec
}

// Values of the label "error" (CP-076).
const (
	labelOther                = ""
	labelInsufficientCapacity = "InsufficientCapacityError"
	labelNodeClassNotReady    = "NodeClassNotReadyError"
	labelNodeClaimNotFound    = "NodeClaimNotFoundError"
)

func errorLabel(err error) string {
	switch ClassOf(err) {
	case ClassInsufficientCapacity:
		return labelInsufficientCapacity
	case ClassNodeClassNotReady:
		return labelNodeClassNotReady
	case ClassNodeClaimNotFound:
		return labelNodeClaimNotFound
	}
	return labelOther
}

// possible are the errors that a method may fail with.
func possible(method string) []string {
	switch method {
	case "Create":
		return []string{labelOther, labelInsufficientCapacity, labelNodeClassNotReady, labelNodeClaimNotFound}
	case "IsDrifted":
		return []string{labelOther, labelNodeClaimNotFound}
	}
	return []string{labelOther}
}

// isAnswer reports whether an error is what was asked for: that a machine is gone
// ends every termination (OPS-148).
func isAnswer(method string, err error) bool {
	return (method == "Delete" || method == "Get") && ClassOf(err) == ClassNodeClaimNotFound
}

// ExpectCalls makes the counters of failed calls exist, at zero, for a controller
// that will call the provider: what an alert watches must be there before it
// grows (OPS-085). A provider without the metrics layer is left as it is.
func ExpectCalls(provider CloudProvider, controller string) {
	i, ok := capability[*instrumented](provider)
	if !ok {
		return
	}
	for _, method := range []string{"Create", "Delete", "Get", "List", "GetInstanceTypes", "IsDrifted"} {
		for _, label := range possible(method) {
			i.metrics.errors.WithLabelValues(controller, method, i.Name(), label)
		}
	}
}

// instrumented is the metrics layer.
type instrumented struct {
	CloudProvider
	opts    Instrumentation
	metrics metrics
}

// Unwrap implements Layer.
func (i *instrumented) Unwrap() CloudProvider { return i.CloudProvider }

func (i *instrumented) Create(ctx context.Context, nodeClaim *v1.NodeClaim) (*v1.NodeClaim, error) {
	return observed(ctx, i, "Create", func() (*v1.NodeClaim, error) { return i.CloudProvider.Create(ctx, nodeClaim) })
}

func (i *instrumented) Delete(ctx context.Context, nodeClaim *v1.NodeClaim) error {
	_, err := observed(ctx, i, "Delete", func() (struct{}, error) {
		return struct{}{}, i.CloudProvider.Delete(ctx, nodeClaim)
	})
	return err
}

func (i *instrumented) Get(ctx context.Context, providerID string) (*v1.NodeClaim, error) {
	return observed(ctx, i, "Get", func() (*v1.NodeClaim, error) { return i.CloudProvider.Get(ctx, providerID) })
}

func (i *instrumented) List(ctx context.Context) ([]*v1.NodeClaim, error) {
	return observed(ctx, i, "List", func() ([]*v1.NodeClaim, error) { return i.CloudProvider.List(ctx) })
}

func (i *instrumented) GetInstanceTypes(ctx context.Context, nodePool *v1.NodePool) ([]*InstanceType, error) {
	return observed(ctx, i, "GetInstanceTypes", func() ([]*InstanceType, error) {
		return i.CloudProvider.GetInstanceTypes(ctx, nodePool)
	})
}

func (i *instrumented) IsDrifted(ctx context.Context, nodeClaim *v1.NodeClaim) (DriftReason, error) {
	return observed(ctx, i, "IsDrifted", func() (DriftReason, error) { return i.CloudProvider.IsDrifted(ctx, nodeClaim) })
}

// errNilResult stands for a result without error that is nil, which would stall
// the NodeClaim until its launch timeout (CP-021).
var errNilResult = errors.New("provider returned neither a result nor an error")

func observed[T any](ctx context.Context, i *instrumented, method string, call func() (T, error)) (T, error) {
	controller, start := i.opts.Controller(ctx), i.opts.Clock.Now()
	result, err := call()
	if created, ok := any(result).(*v1.NodeClaim); ok && created == nil && err == nil {
		err = errNilResult
	}
	i.metrics.duration.WithLabelValues(controller, method, i.Name()).Observe(i.opts.Clock.Since(start).Seconds())
	if err != nil && !isAnswer(method, err) {
		i.metrics.errors.WithLabelValues(controller, method, i.Name(), errorLabel(err)).Inc()
	}
	return result, err
}
