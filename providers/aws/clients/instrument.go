// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
)

// Instrument puts user agent, metrics and the keys of errors on a configuration. It is
// called once for each registerer.
func Instrument(cfg *aws.Config, o Options) error {
	m, err := newMeters(o.Registerer)
	if err != nil {
		return err
	}
	s := &observer{meters: m, clock: o.Clock}
	cfg.APIOptions = append(cfg.APIOptions, awsmiddleware.AddUserAgentKey("karpenter.sh-"+o.Version), s.add)
	return nil
}

// observer sees every call and every attempt of it.
type observer struct {
	meters *meters
	clock  clock.PassiveClock
}

// add puts the observer into the stack of an operation. Requests are seen last of the
// initialize step, where the operation is known and attempts are still to come; attempts
// first of the deserialize step, which each of them passes.
func (s *observer) add(stack *middleware.Stack) error {
	request := middleware.InitializeMiddlewareFunc("karpenter.sh/request", s.request)
	attempt := middleware.DeserializeMiddlewareFunc("karpenter.sh/attempt", s.attempt)
	return errors.Join(stack.Initialize.Add(request, middleware.After), stack.Deserialize.Add(attempt, middleware.Before))
}

func (s *observer) request(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	out middleware.InitializeOutput, metadata middleware.Metadata, err error,
) {
	start := s.clock.Now()
	out, metadata, err = next.HandleInitialize(ctx, in)
	status := statusOf(awsmiddleware.GetRawResponse(metadata), err)
	labels := labelsOf(ctx, status)
	s.meters.requests.With(labels).Inc()
	s.meters.requestDuration.With(labels).Observe(s.clock.Since(start).Seconds())
	attempts, _ := retry.GetAttemptResults(metadata)
	s.meters.retries.With(labels).Observe(float64(max(0, len(attempts.Results)-1)))
	return out, metadata, withKeys(ctx, err, status, metadata)
}

func (s *observer) attempt(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	start := s.clock.Now()
	out, metadata, err = next.HandleDeserialize(ctx, in)
	labels := labelsOf(ctx, statusOf(out.RawResponse, err))
	s.meters.attempts.With(labels).Inc()
	s.meters.attemptDuration.With(labels).Observe(s.clock.Since(start).Seconds())
	return out, metadata, err
}

func labelsOf(ctx context.Context, status int) prometheus.Labels {
	return prometheus.Labels{
		"service": awsmiddleware.GetServiceID(ctx), "action": awsmiddleware.GetOperationName(ctx), "status_code": strconv.Itoa(status),
	}
}

// statusOf is the HTTP status of an answer; 0 if none came.
func statusOf(response any, err error) int {
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &answered) {
		return answered.HTTPStatusCode()
	}
	if r, ok := response.(*smithyhttp.Response); ok && r != nil && r.Response != nil {
		return r.StatusCode
	}
	return 0
}
