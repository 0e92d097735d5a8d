// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"karpenter.sh/core/metrics"
)

// Category is what about an instance is unhealthy: the label of the metric.
type Category string

// The categories of AWS-389.
const (
	CategoryInstance Category = "InstanceStatus"
	CategorySystem   Category = "SystemStatus"
	CategoryEvent    Category = "EventStatus"
)

// categories are those there are, the graver first: once a NodeClaim is being deleted
// nothing hurries it.
func categories() []Category { return []Category{CategoryInstance, CategorySystem, CategoryEvent} }

func (c Category) kind() metrics.Reason {
	switch c {
	case CategoryInstance:
		return InstanceStatus
	case CategorySystem:
		return SystemStatus
	}
	return EventStatus
}

// tolerated is how long checks may fail (AWS-389): they do for moments.
const tolerated = 120 * time.Second

// eventCodes are those of events that end an instance or its pods (AWS-389).
func eventCodes() []string {
	return []string{"instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop"}
}

// problem is what a status says about a category.
type problem struct {
	// since is when the checks began to fail; zero if the status does not say.
	since time.Time
	// atOnce is a problem that needs no time to count.
	atOnce bool
}

// problems are what is wrong with an instance by its status, whether it counts already
// or not.
func problems(s *types.InstanceStatus) map[Category]problem {
	out := map[Category]problem{}
	for category, checks := range map[Category]*types.InstanceStatusSummary{CategoryInstance: s.InstanceStatus, CategorySystem: s.SystemStatus} {
		if checks != nil && checks.Status == types.SummaryStatusImpaired {
			out[category] = problem{since: impairedSince(checks)}
		}
	}
	if slices.ContainsFunc(s.Events, toCome) {
		out[CategoryEvent] = problem{atOnce: true}
	}
	return out
}

// impairedSince is when the first of the checks that fail began to.
func impairedSince(checks *types.InstanceStatusSummary) time.Time {
	var first time.Time
	for _, d := range checks.Details {
		if d.ImpairedSince != nil && (first.IsZero() || d.ImpairedSince.Before(first)) {
			first = *d.ImpairedSince
		}
	}
	return first
}

// toCome reports whether an event is one of AWS-389 and still before the instance: for
// up to a week EC2 tells of those that are over, which only their description shows.
func toCome(e types.InstanceStatusEvent) bool {
	description := strings.ToLower(strings.TrimSpace(text(e.Description)))
	return slices.Contains(eventCodes(), string(e.Code)) &&
		!strings.HasPrefix(description, "[completed]") && !strings.HasPrefix(description, "[canceled]")
}
