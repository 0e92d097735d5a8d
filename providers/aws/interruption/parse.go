// SPDX-License-Identifier: Apache-2.0

package interruption

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"karpenter.sh/core/metrics"
)

// Event is what a message of the queue says.
type Event struct {
	// Kind is NoOp for what is of no interest.
	Kind metrics.Reason
	// Instances are the IDs of those that it is about.
	Instances []string
	// Time is when EventBridge was told; zero if the message does not say.
	Time time.Time
}

// envelope is what all events of EventBridge have.
type envelope struct {
	Version    string          `json:"version"`
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Time       string          `json:"time"`
	Detail     json.RawMessage `json:"detail"`
}

// detail are the fields of all selected events together.
type detail struct {
	InstanceID        string `json:"instance-id"`
	State             string `json:"state"`
	Service           string `json:"service"`
	EventTypeCategory string `json:"eventTypeCategory"`
	StatusCode        string `json:"statusCode"`
	AffectedEntities  []struct {
		EntityValue string `json:"entityValue"`
		Status      string `json:"status"`
	} `json:"affectedEntities"`
}

var errNoInstance = errors.New("detail.instance-id: it is missing")

// Parse reads the body of a message (AWS-387). An error is that of a body that is no
// event of EventBridge, or of a selected one without what it must have.
func Parse(body string) (Event, error) {
	if strings.TrimSpace(body) == "" {
		return Event{Kind: NoOp}, nil
	}
	var e envelope
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return Event{}, fmt.Errorf("parsing an event: %w", err)
	}
	event := Event{Kind: NoOp}
	if at, err := time.Parse(time.RFC3339, e.Time); err == nil { // without it only a metric lacks
		event.Time = at
	}
	read := e.reader()
	if read == nil {
		return event, nil
	}
	var d detail
	if len(e.Detail) > 0 {
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			return Event{}, fmt.Errorf("parsing the detail of %q: %w", e.DetailType, err)
		}
	}
	if event.Kind, event.Instances = read(d); event.Kind != NoOp && event.Kind != ScheduledChange && d.InstanceID == "" {
		return Event{}, fmt.Errorf("parsing the detail of %q: %w", e.DetailType, errNoInstance)
	}
	return event, nil
}

// reader is the row of AWS-387 that an event falls under; nil: none.
func (e envelope) reader() func(detail) (metrics.Reason, []string) {
	if e.Version != "0" {
		return nil
	}
	switch [2]string{e.Source, e.DetailType} {
	case [2]string{"aws.ec2", "EC2 Spot Instance Interruption Warning"}:
		return one(SpotInterrupted)
	case [2]string{"aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"}:
		return one(CapacityReservationInterrupted)
	case [2]string{"aws.ec2", "EC2 Instance Rebalance Recommendation"}:
		return one(RebalanceRecommendation)
	case [2]string{"aws.ec2", "EC2 Instance State-change Notification"}:
		return stateChange
	case [2]string{"aws.health", "AWS Health Event"}:
		return healthEvent
	}
	return nil
}

func one(kind metrics.Reason) func(detail) (metrics.Reason, []string) {
	return func(d detail) (metrics.Reason, []string) { return kind, []string{d.InstanceID} }
}

func stateChange(d detail) (metrics.Reason, []string) {
	switch strings.ToLower(d.State) {
	case "stopping", "stopped":
		return InstanceStopped, []string{d.InstanceID}
	case "shutting-down", "terminated":
		return InstanceTerminated, []string{d.InstanceID}
	}
	return NoOp, nil
}

// healthEvent reads what is scheduled. An event that is closed will not happen any
// more, and an entity that is resolved has nothing before it.
func healthEvent(d detail) (metrics.Reason, []string) {
	if !strings.EqualFold(d.Service, "EC2") || !strings.EqualFold(d.EventTypeCategory, "scheduledChange") ||
		strings.EqualFold(d.StatusCode, "closed") {
		return NoOp, nil
	}
	var instances []string
	for _, entity := range d.AffectedEntities {
		if entity.EntityValue != "" && !strings.EqualFold(entity.Status, "RESOLVED") {
			instances = append(instances, entity.EntityValue)
		}
	}
	return ScheduledChange, instances
}
