// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
	"karpenter.sh/providers/aws/signals"
)

// meters are the metrics of the SDK (AWS-401). A status code of 0 means that no answer
// came.
type meters struct {
	requests, attempts                        *prometheus.CounterVec
	requestDuration, attemptDuration, retries *prometheus.HistogramVec
}

func newMeters(registerer prometheus.Registerer) (*meters, error) {
	r := families.New(registerer, signals.Families())
	m := &meters{
		requests:        r.Counter("aws_sdk_go_request_total"),
		attempts:        r.Counter("aws_sdk_go_request_attempt_total"),
		requestDuration: r.Histogram("aws_sdk_go_request_duration_seconds"),
		attemptDuration: r.Histogram("aws_sdk_go_request_attempt_duration_seconds"),
		retries:         r.Histogram("aws_sdk_go_request_retry_count"),
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return m, nil
}
