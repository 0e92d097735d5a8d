// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics"
)

// meters are the metrics of the SDK (AWS-401). A status code of 0 means that no answer
// came.
type meters struct {
	requests, attempts                        *prometheus.CounterVec
	requestDuration, attemptDuration, retries *prometheus.HistogramVec
}

func newMeters(registerer prometheus.Registerer) (*meters, error) {
	labels := []string{"service", "action", "status_code"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aws_sdk_go_" + name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "aws_sdk_go_" + name, Help: help, Buckets: buckets}, labels)
	}
	m := &meters{
		requests:        counter("request_total", "Calls of AWS, whatever the number of attempts."),
		attempts:        counter("request_attempt_total", "Attempts at calls of AWS."),
		requestDuration: histogram("request_duration_seconds", "How long calls of AWS took, retries included.", metrics.DurationBuckets()),
		attemptDuration: histogram("request_attempt_duration_seconds", "How long attempts at calls of AWS took.", metrics.DurationBuckets()),
		retries:         histogram("request_retry_count", "How often calls of AWS were tried again.", prometheus.LinearBuckets(0, 1, 5)),
	}
	for _, c := range []prometheus.Collector{m.requests, m.attempts, m.requestDuration, m.attemptDuration, m.retries} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering the metrics of the AWS SDK: %w", err)
		}
	}
	return m, nil
}
