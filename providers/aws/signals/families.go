// SPDX-License-Identifier: Apache-2.0

package signals

import (
	"github.com/prometheus/client_golang/prometheus"

	"karpenter.sh/core/metrics/families"
)

// Families lists what the provider shows, without what the core and the kit show.
func Families() families.Group {
	return families.Group{Title: "Provider AWS", Families: append(calls(), []families.Family{
		// AWS-293, CP-080
		{Name: "karpenter_cloudprovider_instance_launch_failures_total", Type: families.Counter, Stage: families.Beta,
			Labels: []string{"zone", "zone_id", "capacity_type", "reason"},
			Help:   "Offerings that could not be launched, by zone, zone ID, capacity type and reason."},
		// AWS-324, CP-080
		{Name: "karpenter_cloudprovider_instance_termination_failures_total", Type: families.Counter, Stage: families.Beta,
			Labels: []string{"zone", "zone_id"},
			Help:   "Instances that could not be terminated, by zone and zone ID."},
		{Name: "karpenter_interruption_received_messages_total", Type: families.Counter, Stage: families.Stable, Always: true,
			Labels: []string{"message_type"},
			Help:   "Messages received from the interruption queue, by kind."},
		{Name: "karpenter_interruption_deleted_messages_total", Type: families.Counter, Stage: families.Stable, Always: true,
			Help: "Messages deleted from the interruption queue."},
		{Name: "karpenter_interruption_message_queue_duration_seconds", Type: families.Histogram, Stage: families.Stable, Always: true,
			Buckets: families.Durations(),
			Help:    "Time from an event until its message is handled."},
		{Name: "karpenter_interruption_instance_status_unhealthy_total", Type: families.Counter, Stage: families.Beta, Always: true,
			Labels: []string{"category"},
			Help:   "Instances of the cluster that became unhealthy by their status, by category."},
		{Name: "karpenter_ec2nodeclasses_userdata_bytes", Type: families.Gauge, Stage: families.Alpha,
			Labels: []string{"nodeclass"},
			Help:   "Size of the user data that machines of an EC2NodeClass were last given, in bytes."},
	}...)}
}

// calls are those of the SDK. A status code of 0 means that no answer came.
func calls() []families.Family {
	of := func(kind families.Type, name, help string, buckets []float64) families.Family {
		return families.Family{
			Name: "aws_sdk_go_" + name, Type: kind, Labels: []string{"service", "action", "status_code"}, Buckets: buckets,
			Stage: families.Beta, Help: help,
		}
	}
	return []families.Family{
		of(families.Counter, "request_total", "Calls of AWS, whatever the number of attempts.", nil),
		of(families.Counter, "request_attempt_total", "Attempts at calls of AWS.", nil),
		of(families.Histogram, "request_duration_seconds", "How long calls of AWS took, retries included.", families.Durations()),
		of(families.Histogram, "request_attempt_duration_seconds", "How long attempts at calls of AWS took.", families.Durations()),
		of(families.Histogram, "request_retry_count", "How often calls of AWS were tried again.", prometheus.LinearBuckets(0, 1, 5)),
	}
}
